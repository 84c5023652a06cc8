package batch

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"bulkinvite/client"
)

// What the ledger remembers of the API's list.
const (
	rememberSeen    = "list_seen"          // it was readable once
	rememberEnds404 = "list_ends_with_404" // an empty page of it is 404
)

// A listManner is what is known of the API's list as such, whatever the
// interview.
type listManner struct {
	seen    atomic.Bool                  // it was readable, in this run or an earlier one
	other   atomic.Bool                  // an answer for it did not say that there is none
	missing atomic.Pointer[client.Error] // the last answer that said so
	none    atomic.Bool                  // it is taken not to exist: nobody asks for it any more

	ends404 atomic.Bool  // an empty page is 404
	limit   atomic.Int64 // the largest page size, if it is smaller than listLimit
}

// recall reads what earlier runs remembered.
func (m *listManner) recall(ctx context.Context, ledger Ledger) error {
	for name, known := range map[string]*atomic.Bool{rememberSeen: &m.seen, rememberEnds404: &m.ends404} {
		value, err := ledger.Recall(ctx, name)
		if err != nil {
			return err
		}
		known.Store(value != "")
	}
	return nil
}

// answered takes notice of an answer for the list. What says only that there is
// too much to do may be of something in between, and tells nothing.
func (m *listManner) answered(err error) {
	var apiErr *client.Error
	switch {
	case saysNoList(err) && errors.As(err, &apiErr):
		m.missing.Store(apiErr)
	case errors.As(err, &apiErr) && (apiErr.StatusCode == 0 || isThrottled(err) || isBusy(err)):
	default:
		m.other.Store(true)
	}
}

// pageSize is how many entries a page has, as far as is known.
func (m *listManner) pageSize() int {
	if known := int(m.limit.Load()); known > 0 {
		return known
	}
	return listLimit
}

// mayNotExist reports whether everything that is known says that there is no
// list.
func (m *listManner) mayNotExist() bool {
	return m.wasNeverThere() && !m.other.Load()
}

// wasNeverThere reports whether some answer said that there is no list, and none
// has ever shown one.
func (m *listManner) wasNeverThere() bool { return m.missing.Load() != nil && !m.seen.Load() }

// why returns why a list that may not exist is not read.
func (m *listManner) why() *client.Error {
	if m.isNone() {
		return errNoList
	}
	return m.missing.Load()
}

// isNone reports whether there is taken to be no list.
func (m *listManner) isNone() bool { return m.none.Load() && !m.seen.Load() }

// saysNoList reports whether an answer is one that an API without a list gives:
// that there is no such path, or, as gateways say of one, that it is forbidden.
// Once a list was readable it means something else.
func saysNoList(err error) bool {
	var apiErr *client.Error
	if !errors.As(err, &apiErr) || apiErr.Envelope {
		return false
	}
	switch apiErr.StatusCode {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	case http.StatusForbidden:
		return apiErr.Fate != client.Unknown // else it was cut off, and may have been the API's own
	}
	return false
}

// errNoList is why a list that does not exist is not read.
var errNoList = &client.Error{Err: errors.New("the API has no list of invitations, or denies it to this key")}

// A listVerdict says what follows from reading an interview's list before its
// first chunk.
type listVerdict int

const (
	listUnreadable listVerdict = iota // try again, and in the end send nobody
	listKnown                         // its people go
	noList                            // there is none: its people go
	listClosed                        // it is refused, but the interview is not: its people go
	inviteOne                         // one invitation decides
)

// judgeList tells what an error of the first list of an interview means, or
// none. here says that somebody of the interview was accepted in this run,
// anywhere that somebody was at all, and nowhere that all answers for any list
// say that there is none.
func judgeList(err error, here, anywhere, nowhere bool) listVerdict {
	switch {
	case err == nil:
		return listKnown
	case nowhere && saysNoList(err) && anywhere:
		return noList
	case nowhere && saysNoList(err), isDenied(err) && !here:
		return inviteOne
	case isRefusal(err) && !saysNoList(err) && here:
		return listClosed
	case isRefusal(err) && !saysNoList(err):
		return inviteOne
	}
	return listUnreadable
}

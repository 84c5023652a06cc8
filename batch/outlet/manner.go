package outlet

import (
	"errors"
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
	Seen    atomic.Bool                  // it was readable, in this run or an earlier one
	other   atomic.Bool                  // an answer for it did not say that there is none
	missing atomic.Pointer[client.Error] // the last answer that said so
	None    atomic.Bool                  // it is taken not to exist: nobody asks for it any more

	ends404 atomic.Bool  // an empty page is 404
	limit   atomic.Int64 // the largest page size, if it is smaller than PageLimit
}

// Facts returns what is remembered from run to run, by the names that
// Hooks.Learn gets. Each becomes true once and stays so.
func (m *listManner) Facts() map[string]*atomic.Bool {
	return map[string]*atomic.Bool{rememberSeen: &m.Seen, rememberEnds404: &m.ends404}
}

// answered takes notice of an answer for the list. What says only that there is
// too much to do may be of something in between, and tells nothing.
func (m *listManner) answered(err error) {
	var apiErr *client.Error
	switch {
	case client.SaysNoList(err) && errors.As(err, &apiErr):
		m.missing.Store(apiErr)
	case errors.As(err, &apiErr) && (apiErr.StatusCode == 0 || client.IsThrottled(err) || client.IsBusy(err)):
	default:
		m.other.Store(true)
	}
}

// PageSize is how many entries a page has, as far as is known.
func (m *listManner) PageSize() int {
	if known := int(m.limit.Load()); known > 0 {
		return known
	}
	return PageLimit
}

// MayNotExist reports whether everything that is known says that there is no
// list.
func (m *listManner) MayNotExist() bool {
	return m.WasNeverThere() && !m.other.Load()
}

// WasNeverThere reports whether some answer said that there is no list, and none
// has ever shown one.
func (m *listManner) WasNeverThere() bool { return m.missing.Load() != nil && !m.Seen.Load() }

// Why returns why a list that may not exist is not read.
func (m *listManner) Why() *client.Error {
	if m.IsNone() {
		return ErrNoList
	}
	return m.missing.Load()
}

// IsNone reports whether there is taken to be no list.
func (m *listManner) IsNone() bool { return m.None.Load() && !m.Seen.Load() }

// ErrNoList is why a list that does not exist is not read.
var ErrNoList = &client.Error{Err: errors.New("the API has no list of invitations, or denies it to this key")}

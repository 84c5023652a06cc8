package outlet

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// An Endpoint says what a request was for.
type Endpoint int

// What a request can be for.
const (
	Invite Endpoint = iota
	list
	Link
	Remnant // people whose request may fail by their own doing: others are accepted all the while
	Poison  // somebody alone whom it was too busy for again and again, while others were accepted
	several // people of whom one may be what makes it fail
)

// downAfter is how many unusable answers in a row mean that the API is down.
const downAfter = 5

// patience is how often the API may tell us to wait, without a good answer in
// between, however long each time is.
const patience = 3

// health is what the last answers say of the API. Invitations and the list are
// counted apart: one may work while the other does not.
type health struct {
	mu        sync.Mutex
	bad       [Link + 1]int // unusable answers in a row
	since     time.Time     // the first of the unusable answers, while there is no good one
	noRow     bool          // of one of them at least no row among others may be to blame
	what, why string        // what the last of them means, and what it was, in words
	throttled time.Time     // the first 429 since the last other answer
	waits     int           // since then: how often we were told to wait
	told      time.Time     // until when, the last time
	down      bool
	unprobed  bool          // nobody finds out any more whether the list works again
	listUp    chan struct{} // closed when the list works again; nil while it does
	WentDown  chan struct{} // has an element once the API went down

	outageFrom, outageTo time.Time // the last outage, so far
	certain              bool      // no row among others may be to blame for it

	accepted time.Time // when the last request went that was accepted
}

// observe takes notice of an answer, whatever it was for.
func (o *Outlet) observe(ep Endpoint, went time.Time, err error) {
	var apiErr *client.Error
	if err != nil && !errors.As(err, &apiErr) {
		apiErr = &client.Error{Err: err}
	}
	o.traffic.answered(apiErr)
	if apiErr != nil {
		o.obey(apiErr)
	}
	counts, certain, slows := ep != Remnant && ep != Poison, ep != several, ep != Poison
	if ep > Link {
		ep = Invite
	}
	switch {
	case apiErr == nil || apiErr.Fate == client.Refused || apiErr.Cause == client.TooLarge:
		o.Health.good(ep)
		o.hears()
	case apiErr.Cause == client.Throttled:
		o.throttled(went)
		o.log.Warn().Dur("retry_after", apiErr.RetryAfter).Msg("the API asks us to slow down")
		lasted, waits := o.Health.throttledFor(apiErr.RetryAfter)
		if lasted >= o.opts.GiveUpAfter && waits >= patience {
			o.hooks.End(batch.APIDown, fmt.Sprintf("the API answered nothing but 429 for %v", lasted.Round(time.Second)))
		}
	case apiErr.Cause == client.Quota && ep != Link, apiErr.Cause == client.NoSuchPath && ep == Invite:
		o.hooks.End(denied(apiErr))
	case ep == list && client.SaysNoList(apiErr) && o.Lists.WasNeverThere(): // no sign of how the API is
	case client.IsDenied(apiErr): // of what was asked for, or of the key: those who asked find that out
	default:
		// A 503 may be a throttle's, as that of a proxy. Once the API counts as
		// down the pauses between the probes are slow enough.
		if apiErr.Cause == client.Busy && slows && !o.Health.IsDown() {
			o.throttled(went)
		}
		what, why := "the API is down", batch.MaskText(apiErr.Error())
		if ep == list && client.SaysNoList(apiErr) {
			what = "the API's list of invitations was there before and is not there now"
		}
		if counts && o.Health.unusable(ep, certain, what, why) {
			o.log.Warn().Msg(what + ", only probing: " + why)
		}
	}
}

// throttled slows down, and lets those who share the rate know.
func (o *Outlet) throttled(went time.Time) {
	o.pacer.throttled(went)
	o.pacer.shared.throttled(went)
}

// denied says in words why the API refuses us, and what to do.
func denied(err *client.Error) (batch.End, string) {
	switch err.Cause {
	case client.Quota:
		return batch.QuotaUsedUp, "the API's quota is used up (" + err.Error() + ")"
	case client.NoSuchPath:
		return batch.WrongPath, "the base URL leads to no API (" + err.Error() + "), check --base-url"
	}
	return batch.KeyRefused, KeyRefusal(err.Error())
}

func (h *health) good(ep Endpoint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.throttled = time.Time{}
	h.bad[ep] = 0
	switch {
	case ep == Invite:
		h.since = time.Time{}
		if h.down {
			h.down, h.outageTo = false, time.Now()
		}
		h.listWorks()
	case ep == list:
		h.listWorks()
		if !h.down {
			h.since = time.Time{}
		}
	}
}

// listWorks lets those go on who wait for the list.
func (h *health) listWorks() {
	h.bad[list] = 0
	if h.listUp != nil {
		close(h.listUp)
		h.listUp = nil
	}
}

// unusable counts an answer that tells nothing, or none at all, and reports
// whether the API now counts as down and did not before. certain says that no row
// among others may be to blame, what in words what the answer means, and why what
// it was.
func (h *health) unusable(ep Endpoint, certain bool, what, why string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.what, h.why = what, why
	h.throttled = time.Time{}
	if h.since.IsZero() {
		h.since, h.noRow = time.Now(), false
	}
	h.noRow = h.noRow || certain
	h.certain = h.certain || h.down && certain
	h.bad[ep]++
	if h.bad[ep] < downAfter {
		return false
	}
	if ep == list && h.listUp == nil && !h.unprobed {
		h.listUp = make(chan struct{})
	}
	if h.down {
		return false
	}
	h.down = true
	h.outageFrom, h.outageTo, h.certain = h.since, time.Now(), h.noRow
	select {
	case h.WentDown <- struct{}{}:
	default:
	}
	return true
}

// OnlyListWasDown ends being down if invitations were not the reason, and the
// list has not gone down again meanwhile.
func (h *health) OnlyListWasDown() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.bad[Invite] < downAfter && h.listUp == nil {
		h.down = false
	}
	return !h.down
}

// throttledFor returns how long the API has said nothing but 429, and how often
// it told us to wait in that time. Those who were on their way together are
// told one wait.
func (h *health) throttledFor(retryAfter time.Duration) (lasted time.Duration, waits int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if h.throttled.IsZero() {
		h.throttled, h.waits = now, 0
	}
	if now.After(h.told) {
		h.waits++
		h.told = now.Add(retryAfter)
	}
	return now.Sub(h.throttled), h.waits
}

// Excuse begins the time anew after which the API is given up: it has invited
// somebody after all, or nobody could be tried.
func (h *health) Excuse() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.since.IsZero() {
		h.since = time.Now()
	}
}

// EndProbing says that nobody probes from now on, and nobody is to wait for it.
func (h *health) EndProbing() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unprobed = true
	h.listWorks()
}

// accept notes that a request which went at a time was accepted.
func (h *health) accept(went time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if went.After(h.accepted) {
		h.accepted = went
	}
}

// AcceptedSince reports whether a request was accepted that went after a time.
func (h *health) AcceptedSince(at time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.accepted.After(at)
}

// InOutage reports whether an answer came while the API was down, or was one of
// those that showed it. Requests for several people alone show none: a row may be
// to blame in each of them.
func (h *health) InOutage(at time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.certain && !h.outageFrom.IsZero() && !at.Before(h.outageFrom) && (h.down || !at.After(h.outageTo))
}

func (h *health) IsDown() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.down
}

// InvitesNobody reports whether the API is down for invitations, and not for its
// list alone.
func (h *health) InvitesNobody() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.down && h.bad[Invite] >= downAfter
}

// BadFor returns how long there was no good answer to an invitation.
func (h *health) BadFor() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.since.IsZero() {
		return 0
	}
	return time.Since(h.since)
}

// LastBad says in words what the last unusable answer means, and what it was. Of a
// name that cannot be looked up and a proxy that is in the way only the latter
// tells that the API may well be up.
func (h *health) LastBad() (what, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.what, h.why
}

// waitList waits while the list does not work.
func (h *health) waitList(ctx context.Context) error {
	h.mu.Lock()
	up := h.listUp
	h.mu.Unlock()
	if up == nil {
		return nil
	}
	select {
	case <-up:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// KeyRefusal says in words that the key is refused, and what to do.
func KeyRefusal(answer string) string {
	return "the API refused the key (" + answer + "), check the API key"
}

package batch

import (
	"sync"
	"time"
)

// A HeldBack counts the people whose invitation was re-sent too short a time
// ago to be sent once more.
type HeldBack struct {
	People int
	Until  time.Time // when the last of them can be re-sent
}

func (h *HeldBack) add(until time.Time) {
	h.People++
	if until.After(h.Until) {
		h.Until = until
	}
}

// heldBacks are those of a run, as its goroutines come upon them.
type heldBacks struct {
	mu  sync.Mutex
	all HeldBack
}

func (h *heldBacks) add(until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.all.add(until)
}

// HeldBack returns who is in the results without having been re-sent, although
// their rows ask for it.
func (e *Engine) HeldBack() HeldBack {
	e.heldBacks.mu.Lock()
	defer e.heldBacks.mu.Unlock()
	return e.heldBacks.all
}

// resendAgain says in words when an invitation that was sent again at a time can
// be once more.
func (e *Engine) resendAgain(at time.Time) string {
	return "it can be re-sent after " + at.Add(e.opts.ResendAfter).UTC().Format(time.RFC3339)
}

package batch

import "time"

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

// HeldBack returns, after Run, who is in the results without having been re-sent,
// although their rows ask for it.
func (e *Engine) HeldBack() HeldBack { return e.run.heldBack }

// resendAgain says in words when an invitation that was sent again at a time can
// be once more.
func (o *Options) resendAgain(at time.Time) string {
	return "it can be re-sent after " + at.Add(o.ResendAfter).UTC().Format(time.RFC3339)
}

package batch

import "time"

// A HeldBack counts the people whose invitation was re-sent too short a time
// ago to be sent once more.
type HeldBack struct {
	People int
	Until  time.Time // when the last of them can be re-sent
}

// Add counts somebody who can be re-sent from a moment on.
func (h *HeldBack) Add(until time.Time) {
	h.People++
	if until.After(h.Until) {
		h.Until = until
	}
}

// ResendAgain says in words when an invitation that was sent again at a time can
// be once more.
func (o *Options) ResendAgain(at time.Time) string {
	return "it can be re-sent after " + at.Add(o.ResendAfter).UTC().Format(time.RFC3339)
}

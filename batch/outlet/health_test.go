package outlet

import "testing"

// Whoever waits for the list is let go by the prober: it must not end while
// somebody does, though the list worked a moment ago.
func TestProberGoesOnWhileTheListIsDown(t *testing.T) {
	h := health{WentDown: make(chan struct{}, 1)}
	fail := func() {
		for range downAfter {
			h.unusable(list, true, "down", "500")
		}
	}
	fail()
	h.good(list) // the prober's own
	fail()       // those that were under way
	if h.OnlyListWasDown() {
		t.Error("nobody probes any more, and the list is down")
	}
	h.good(list)
	if !h.OnlyListWasDown() {
		t.Error("the list works again, and invitations were not the reason")
	}
}

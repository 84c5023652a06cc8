package batch_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// That an answer has the link of somebody who was invited before was never
// tried with the API. If it never has, the outputs do not wait for thousands of
// futile requests.
func TestLinksThatNeverCome(t *testing.T) {
	inWorld(t, sandbox.Config{Faults: map[sandbox.Fault]float64{sandbox.After502: 1}}, func(w *world) {
		in := rows(people(600, 0)...)
		var asked atomic.Int64
		w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
			if q.CandidateID == "" {
				return nil, false, nil
			}
			asked.Add(1)
			return nil, true, nil
		}
		r := w.withinADay(in)
		w.counts(r, map[string]int{"confirmed": 600})
		if n := asked.Load(); n > 200 {
			t.Errorf("%d requests for links", n)
		}
		if all := strings.Join(r.warnings, "; "); !strings.Contains(all, "in a row without one") {
			t.Errorf("warnings %q", all)
		}
	})
}

package engine_test

import (
	"testing"

	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// A list that has shown somebody exists, be it that the rest of it could not be
// read. That it is gone in the next run, also with the gateway's message alone, is
// an outage: whom it showed is not invited again.
func TestListThatWasSeenIsGone(t *testing.T) {
	for _, way := range []string{"404-html", "404-json", "405", "501"} {
		inWorld(t, sandbox.Config{PageSize: 10}, func(w *world) {
			in := rows(people(60, 0)...)
			w.elsewhere(in[:30])
			w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) { return nil, q.Page == 2, err500 }
			w.counts(w.withinADay(in), map[string]int{"already_invited": 20, "not_sent": 40})
			w.hook.list = nil
			gone, err := sandbox.NoList(way)
			w.must(err)
			w.must(w.api.SetRules([]sandbox.Rule{gone}))
			if r := w.withinADay(in); r.posts > 0 {
				t.Errorf("%s: %d requests to invite: %v", way, r.posts, r.count())
			}
			w.must(w.api.SetRules(nil))
			w.run(in)
			w.onceEach(in)
		})
	}
}

// Where a list shows people under addresses of its own, somebody in doubt may
// stand there as one whom nobody asked for, also if the answers name everybody
// as they were asked for.
func TestListShowsOtherAddresses(t *testing.T) {
	inWorld(t, sandbox.Config{ListAddresses: sandbox.Alias}, func(w *world) {
		w.run(rows(people(20, 0)...))
		in := rows(people(40, 0)...)
		w.crash = 1 // the answer is not settled
		w.run(in)
		w.crash = 0
		for range 3 {
			w.counts(w.withinADay(in), map[string]int{"already_invited": 20, "uncertain": 20})
		}
		w.onceEach(in)
	})
}

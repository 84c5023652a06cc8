package engine_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// An asking is what a test does with requests for links, and counts of them.
type asking struct {
	asked atomic.Int64
	whose func(id string) bool // those whose link does not come; nil: everybody's
	takes time.Duration
	err   error // nil: a good answer without a link
}

// links lets the answers to all invitations be lost and those to requests for
// links be as asking says.
func linksAre(t *testing.T, a *asking, f func(w *world)) {
	t.Helper()
	inWorld(t, sandbox.Config{Faults: map[sandbox.Fault]float64{sandbox.After502: 1}}, func(w *world) {
		w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
			if q.CandidateID == "" {
				return nil, false, nil
			}
			a.asked.Add(1)
			time.Sleep(a.takes)
			if a.whose == nil || a.whose(q.CandidateID) {
				return nil, true, a.err
			}
			for p := range w.api.Sessions() {
				if id, url := w.api.Link(p); id == q.CandidateID {
					return []client.Invitation{{CandidateID: id, CandidateEmail: p.Email, InviteURL: url}}, true, nil
				}
			}
			return nil, true, nil
		}
		f(w)
	})
}

// sometimes is an API that answers 500 to some requests.
func sometimes(invite func(client.InviteRequest) ([]client.Invitation, bool, error), fails func() bool) func(client.InviteRequest) ([]client.Invitation, bool, error) {
	return func(q client.InviteRequest) ([]client.Invitation, bool, error) {
		if fails() {
			return nil, true, err500
		}
		return invite(q)
	}
}

var (
	err404   = &client.Error{Fate: client.Refused, StatusCode: 404, Envelope: true, Message: "no such candidate"}
	err403   = &client.Error{Fate: client.NotSent, Cause: client.BadKey, StatusCode: 403, Message: "Forbidden"}
	errSlow  = &client.Error{Err: fmt.Errorf("timed out")}
	err429   = &client.Error{Fate: client.NotSent, Cause: client.Throttled, StatusCode: 429, Message: "Too Many Requests"}
	err503   = &client.Error{Cause: client.Busy, StatusCode: 503}
	errQuota = &client.Error{Fate: client.Denied, Cause: client.Quota, StatusCode: 429, Message: "Limit Exceeded"}
)

// That an answer has the link of somebody who was invited before was never
// tried with the API. If it never has, whatever comes in its place, the run ends
// after a few requests, and as it would have without them.
func TestLinksThatNeverCome(t *testing.T) {
	for name, tc := range map[string]struct {
		*asking
		most int64
		says string
	}{
		"without a link": {asking: &asking{}, most: 10, says: "10 times in a row without one"},
		"500":            {asking: &asking{err: err500}, most: 10, says: "10 times in a row without one"},
		"refused":        {asking: &asking{err: err404}, most: 10, says: "10 times in a row without one"},
		"403":            {asking: &asking{err: err403}, most: 10, says: "10 times in a row without one"},
		"503":            {asking: &asking{err: err503}, most: 10, says: "10 times in a row without one"},
		"quota":          {asking: &asking{err: errQuota}, most: 1, says: "Limit Exceeded"},
		"throttled":      {asking: &asking{err: err429}, most: 60, says: "for 5m0s"},
		"slow":           {asking: &asking{err: errSlow, takes: 40 * time.Second}, most: 10, says: "for 5m0s"},
	} {
		linksAre(t, tc.asking, func(w *world) {
			in := rows(people(600, 0)...)
			var begun time.Time
			w.sent = func(*engine.Engine) { begun = time.Now() }
			r := w.withinADay(in)
			w.counts(r, map[string]int{"confirmed": 600})
			if n := tc.asked.Load(); n > tc.most || n == 0 {
				t.Errorf("%s: %d requests for links", name, n)
			}
			if took := time.Since(begun); took > 7*time.Minute { // the settle time, give-up-after and a time-out
				t.Errorf("%s: the links took %v", name, took)
			}
			if all := strings.Join(r.warnings, "; "); !strings.Contains(all, tc.says) || r.end != batch.Finished {
				t.Errorf("%s: the run ended %d, warnings %q", name, r.end, r.warnings)
			}
		})
	}
}

// One person whose link does not come, the first above all, does not stand for
// the others.
func TestLinkOfOnePersonNeverComes(t *testing.T) {
	for name, err := range map[string]error{"500": err500, "refused": err404, "403": err403, "without a link": nil} {
		var id atomic.Value
		a := &asking{err: err, whose: func(asked string) bool { id.CompareAndSwap(nil, asked); return id.Load() == asked }}
		linksAre(t, a, func(w *world) {
			r := w.withinADay(rows(people(200, 0)...))
			var lack int
			for _, o := range r.outcomes {
				if o.InviteURL == "" {
					lack++
				}
			}
			if lack != 1 {
				t.Errorf("%s: %d people lack their link (%v)", name, lack, r.warnings)
			}
		})
	}
}

// Slow links are fetched all the same, however long all of them take.
func TestSlowLinks(t *testing.T) {
	linksAre(t, &asking{takes: 30 * time.Second, whose: func(string) bool { return false }}, func(w *world) {
		w.opts.Concurrency, w.opts.GiveUpAfter = 4, time.Minute
		in := rows(people(100, 0)...)
		w.links(in, w.withinADay(in), batch.StatusConfirmed)
	})
}

// What ends the links does not end the run otherwise than it has ended: told to
// wait for a day, or out of time.
func TestEndOfTheLinksIsNotTheRuns(t *testing.T) {
	day := &client.Error{Cause: client.Busy, StatusCode: 503, RetryAfter: 24 * time.Hour}
	for _, ep := range []string{"link", "list", "deadline"} {
		err := day
		if ep == "deadline" {
			err = err500
		}
		linksAre(t, &asking{err: err, takes: time.Second}, func(w *world) {
			begun := time.Now()
			if ep == "deadline" {
				w.opts.Deadline = 10 * time.Minute
			}
			var sent time.Time
			var others atomic.Int64
			w.sent = func(e *engine.Engine) {
				sent = time.Now()
				if !e.WantsLinks() {
					t.Error("no links are wanted")
				}
				if ep == "deadline" {
					time.Sleep(time.Until(begun.Add(10*time.Minute - 5*time.Second)))
				}
				if ep == "list" {
					w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) { return nil, true, nil }
					w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) {
						others.Add(1)
						return nil, true, day
					}
				}
			}
			r := w.withinADay(rows(people(50, 0)...))
			w.counts(r, map[string]int{"confirmed": 50})
			want := map[string]string{"link": "24h0m0s", "list": "24h0m0s", "deadline": "deadline of 10m0s"}[ep]
			if all := strings.Join(r.warnings, "; "); r.end != batch.Finished || !strings.Contains(all, want) || others.Load() > 1 {
				t.Errorf("%s: the run ended %d %q, warnings %q", ep, r.end, r.reason, r.warnings)
			}
			if took := time.Since(sent); took > 10*time.Minute {
				t.Errorf("%s: the links took %v", ep, took)
			}
		})
	}
}

// Before the first link is asked for everything else is known.
func TestOutcomesBeforeTheLinks(t *testing.T) {
	linksAre(t, &asking{whose: func(string) bool { return false }}, func(w *world) {
		in := rows(people(50, 0)...)
		w.sent = func(e *engine.Engine) {
			for i := range in {
				if o, err := e.Outcome(&in[i]); err != nil || o.Status != batch.StatusConfirmed || o.CandidateID == "" {
					t.Fatalf("row %d before the links: %+v, %v", i, o, err)
				}
			}
			if end, _ := e.End(); end != batch.Finished {
				t.Errorf("the run ended %d", end)
			}
		}
		w.links(in, w.run(in), batch.StatusConfirmed)
	})
}

// After a run that has given the links up the next one asks for one, and for the
// others only if it comes.
func TestLinksAreTriedAgainWithOne(t *testing.T) {
	for name, tc := range map[string]*asking{"500": {err: err500}, "refused": {err: err404}, "slow": {err: errSlow, takes: 40 * time.Second}} {
		linksAre(t, tc, func(w *world) {
			in := rows(people(50, 0)...)
			ask := func(works bool, want int64) result {
				t.Helper()
				tc.whose = func(string) bool { return !works }
				before := tc.asked.Load()
				r := w.withinADay(in)
				if n := tc.asked.Load() - before; n > want || n == 0 {
					t.Errorf("%s: %d requests for links; want %d", name, n, want)
				}
				return r
			}
			ask(false, 10)
			for range 2 {
				r := ask(false, 1)
				if all := strings.Join(r.warnings, "; "); !strings.Contains(all, "as in an earlier run") {
					t.Errorf("%s: warnings %q", name, r.warnings)
				}
			}
			var asked atomic.Int64
			w.hook.invite = sometimes(w.hook.invite, func() bool { return asked.Add(1)%7 == 0 }) // no reason to end once they come
			w.links(in, ask(true, 60), batch.StatusAlreadyInvited)
			more := rows(people(70, 1)...)
			in = more
			tc.err = err500
			if ask(false, 10); tc.asked.Load() < 10 {
				t.Errorf("%s: the links that came are forgotten", name)
			}
		})
	}
}

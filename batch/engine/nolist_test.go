package engine_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// noList is a sandbox without a list.
func noList(t *testing.T, way string) sandbox.Config {
	t.Helper()
	rule, err := sandbox.NoList(way)
	if err != nil {
		t.Fatal(err)
	}
	return sandbox.Config{Rules: []sandbox.Rule{rule}}
}

// An API that has nothing but what the contract names has no list. Its people go
// all the same, a warning says what is not known, and who is in doubt stays so.
func TestNoListAtAll(t *testing.T) {
	for _, way := range sandbox.NoListWays() {
		t.Run(way, func(t *testing.T) {
			inWorld(t, noList(t, way), func(w *world) {
				in := rows(spread(300, 3)...)
				r := w.withinADay(in)
				w.counts(r, map[string]int{"invited": 300})
				w.onceEach(in)
				if len(r.warnings) != 1 || !strings.Contains(r.warnings[0], "--assume") {
					t.Errorf("warnings %q", r.warnings)
				}
				if r.took > time.Minute {
					t.Errorf("it took %v", r.took)
				}
			})
		})
	}
}

func TestNoListAndAnAnswerLost(t *testing.T) {
	for _, way := range sandbox.NoListWays() {
		t.Run(way, func(t *testing.T) {
			cfg := noList(t, way)
			cfg.PostScript = map[int]sandbox.Fault{1: sandbox.After500, 3: sandbox.After502}
			inWorld(t, cfg, func(w *world) {
				in := rows(people(202, 0)...) // two alone, and four requests of 50, whichever comes third
				r := w.withinADay(in)
				w.counts(r, map[string]int{"invited": 151, "uncertain": 51})
				w.onceEach(in)
				for _, o := range r.outcomes {
					if o.Code == batch.CodeUncertain && !strings.Contains(o.Error, "--assume") {
						t.Fatalf("%+v names no way out", o)
					}
				}
				// The next night there is nobody to invite, and nothing to wait for.
				r = w.withinADay(in)
				w.counts(r, map[string]int{"already_invited": 151, "uncertain": 51})
				if r.end != batch.Finished || r.took > 10*time.Second || len(r.warnings) > 0 {
					t.Errorf("the second run took %v and ended %d: %s, %v", r.took, r.end, r.reason, r.warnings)
				}
			})
		})
	}
}

// A list that was there once is not one that does not exist.
func TestListThatWasThereIsAnOutage(t *testing.T) {
	for _, way := range sandbox.NoListWays() {
		t.Run(way, func(t *testing.T) {
			inWorld(t, sandbox.Config{}, func(w *world) {
				w.run(rows(people(10, 0)...))
				in := rows(people(100, 1)...)
				w.elsewhere(in[50:])
				said := map[string]*client.Error{
					"404-html":      {StatusCode: 404},
					"404-json":      {StatusCode: 404}, // a bare one is a refusal, which an invitation decides
					"405":           {StatusCode: 405},
					"501":           {StatusCode: 501},
					"403-missing":   {Fate: client.Denied, Cause: client.NoSuchPath, StatusCode: 403, Message: "Missing Authentication Token"},
					"403-forbidden": forbidden,
				}[way]
				w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) { return nil, true, said }
				r := w.withinADay(in)
				if c := r.count(); c["invited"] > 1 || c["not_sent"] < 99 {
					t.Errorf("%v; the run ended %d: %s, %v", c, r.end, r.reason, r.warnings)
				}
				w.nobodyTwice()
			})
		})
	}
}

// A key that has been refused ends the run after a handful of requests, be it
// that the list was there before.
func TestKeyThatIsRefusedFromSomeDayOn(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.run(rows(people(10, 9)...))
		w.deny(func(string) bool { return true })
		w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) { return nil, true, forbidden }
		r := w.withinADay(rows(spread(400, 4)...))
		if r.end != batch.KeyRefused || r.progress.Requests >= 10 {
			t.Errorf("the run ended %d (%s) after %d requests", r.end, r.reason, r.progress.Requests)
		}
		w.counts(r, map[string]int{"not_sent": 400})
	})
}

// Where no list can show that the API is up again, an invitation does.
func TestOutageWithoutAList(t *testing.T) {
	inWorld(t, noList(t, "404-html"), func(w *world) {
		begun := time.Now()
		w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
			at := time.Since(begun)
			return nil, at > 5*time.Second && at < 45*time.Second, err500
		}
		w.opts.ChunkSize, w.opts.Concurrency = 10, 4
		r := w.withinADay(rows(people(2000, 0)...))
		if c := r.count(); r.end != batch.Finished || c["invited"]+c["uncertain"] != 2000 || c["uncertain"] > 150 {
			t.Errorf("%v; the run ended %d: %s, %v", c, r.end, r.reason, r.warnings)
		}
	})
}

// Where some answers say that there is no list and others only refuse what was
// asked, nobody can be asked about a refused request either: its people are
// uncertain, and the run comes to its end.
func TestNoListAndSomeOfItsAnswersRefuse(t *testing.T) {
	refusal := &client.Error{Fate: client.Refused, Envelope: true, StatusCode: 400, Message: "limit too large"}
	for name, refuses := range map[string]func(n int, q client.ListRequest) bool{
		"the first answer":    func(n int, _ client.ListRequest) bool { return n == 1 },
		"every fifth":         func(n int, _ client.ListRequest) bool { return n%5 == 0 },
		"with a page size":    func(_ int, q client.ListRequest) bool { return q.Limit > 0 },
		"all but the seventh": func(n int, _ client.ListRequest) bool { return n != 7 },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{}, func(w *world) {
				var lists atomic.Int64
				w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) {
					if refuses(int(lists.Add(1)), q) {
						return nil, true, refusal
					}
					return nil, true, &client.Error{StatusCode: 405}
				}
				var refused sync.Map
				w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
					_, before := refused.LoadOrStore(q.InterviewID, true)
					return nil, !before && len(q.Candidates) > 1, refusal
				}
				w.opts.NoPreflight = true
				r := w.withinADay(rows(spread(600, 20)...))
				w.nobodyTwice()
				if r.end != batch.Finished || r.took > 5*time.Minute || r.count()["uncertain"] != 600 {
					t.Errorf("%v; the run ended %d (%s) after %v and %d requests", r.count(), r.end, r.reason, r.took, r.progress.Requests)
				}
				if o := r.outcomes[0]; !strings.Contains(o.Error, "--assume") {
					t.Errorf("%+v names no way out", o)
				}
			})
		})
	}
}

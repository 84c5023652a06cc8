package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// dotted are people whose addresses an API may keep in another form.
func dotted(n, interview int) []batch.Candidate {
	var list []batch.Candidate
	for i := range n {
		list = append(list, candidate(fmt.Sprintf("ann.lee%d+job@gmail.com", i), interview))
	}
	return list
}

// Whoever the API keeps under another form of their address is found in a look:
// by the loose form, one to one.
func TestLookFindsPeopleByTheLooseForm(t *testing.T) {
	cfg := sandbox.Config{ListAddresses: sandbox.Gmail, PostScript: map[int]sandbox.Fault{1: sandbox.After500}}
	inWorld(t, cfg, func(w *world) {
		in := rows(dotted(20, 0)...)
		r := w.withinADay(in)
		w.counts(r, map[string]int{"confirmed": 20})
		w.nobodyTwice()
		if r.outcomes[0].CandidateID == "" || r.outcomes[0].InviteURL == "" {
			t.Errorf("%+v", r.outcomes[0])
		}
	})
}

// Of two people whom the API keeps under one address, and shows once, nobody
// knows which one is invited.
func TestLookShowsOneEntryForTwo(t *testing.T) {
	cfg := sandbox.Config{ListAddresses: sandbox.Gmail}
	inWorld(t, cfg, func(w *world) {
		in := rows(candidate("annlee+a@gmail.com", 0), candidate("annlee+b@gmail.com", 0), candidate("bob@example.com", 0))
		var sent atomic.Bool
		w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
			if !sent.CompareAndSwap(false, true) {
				return nil, false, nil
			}
			w.elsewhere(in[:1])
			return nil, true, err500
		}
		r := w.withinADay(in)
		w.counts(r, map[string]int{"uncertain": 2, "invited": 1})
		w.nobodyTwice()
	})
}

// The preflight finds people under another form of their address; of those who
// share an entry nobody is found, and nobody is sent.
func TestPreflightFindsPeopleByTheLooseForm(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.elsewhere(rows(candidate("annlee@gmail.com", 0), candidate("bobray@gmail.com", 0), candidate("jobs+ann@example.com", 0)))
		in := rows(candidate("ann.lee@googlemail.com", 0), candidate("bob.ray+1@gmail.com", 0), candidate("bobray+2@gmail.com", 0),
			candidate("jobs+bob@example.com", 0), candidate("new@example.com", 0))
		r := w.withinADay(in)
		w.counts(r, map[string]int{"already_invited": 1, "uncertain": 2, "invited": 2})
		if got := r.outcomes[3].Status; got != batch.StatusInvited {
			t.Errorf("jobs+bob is %q", got)
		}
		if n := len(w.api.Sessions()); n != 5 {
			t.Errorf("%d people have sessions", n)
		}
	})
}

// Work goes on behind a 504: whoever appears in the list begins the settle time
// of the others of their request anew.
func TestWorkGoesOnBehindA504(t *testing.T) {
	for _, order := range []bool{false, true} {
		t.Run(fmt.Sprint("newest first ", order), func(t *testing.T) {
			cfg := sandbox.Config{PerPerson: 150 * time.Millisecond, GatewayTimeout: 29 * time.Second, NewestFirst: order}
			inWorld(t, cfg, func(w *world) {
				w.opts.ChunkSize, w.opts.Links = 1000, batch.LinksNone
				in := rows(append(people(1000, 0), people(60, 1)...)...)
				w.counts(w.withinADay(in), map[string]int{"confirmed": 1000, "invited": 60})
				w.onceEach(in)
			})
		})
	}
}

// A list is given four settle times where nothing shows how soon it shows
// somebody, and one where something does.
func TestHowLongAListIsGiven(t *testing.T) {
	settle := 35 * time.Second
	var elsewhere []batch.Candidate
	for i := range 150 {
		elsewhere = append(elsewhere, people(2, i+1)...)
	}
	for name, c := range map[string]struct {
		list        []batch.Candidate
		least, most time.Duration
	}{
		"nobody else":         {list: people(50, 0), least: 8 * settle, most: 10 * settle},
		"others are accepted": {list: people(100, 0), least: 2 * settle, most: 4 * settle},
		"elsewhere":           {list: append(people(50, 0), elsewhere...), least: 2 * settle, most: 4 * settle},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{}, func(w *world) {
				var again atomic.Int64
				begun := time.Now()
				w.opts.Concurrency = 1
				w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
					if !slices.ContainsFunc(q.Candidates, func(c client.Candidate) bool { return c.Email == "p0@example.com" && q.InterviewID == interviewID(0) }) {
						return nil, false, nil
					}
					if again.Load() == 0 {
						again.Store(1)
						return nil, true, err500
					}
					again.CompareAndSwap(1, int64(time.Since(begun)))
					return nil, false, nil
				}
				w.counts(w.withinADay(rows(c.list...)), map[string]int{"invited": len(c.list)})
				if took := time.Duration(again.Load()); took < c.least || took > c.most {
					t.Errorf("sent again after %v, want %v to %v", took, c.least, c.most)
				}
			})
		})
	}
}

// The list has to show whom the ledger knows, and not only the rows of this
// input.
func TestListLacksPeopleOfAnotherInput(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.run(rows(named("other", 10, 0)...))
		time.Sleep(time.Minute)
		in := rows(people(50, 0)...)
		w.elsewhere(in)
		w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) { return nil, true, nil }
		r := w.withinADay(in)
		w.counts(r, map[string]int{"not_sent": 50})
		if why := r.outcomes[0].Error; !strings.Contains(why, "--no-preflight") || !strings.Contains(why, "--assume") {
			t.Errorf("%q", why)
		}
	})
}

// One candidate who was deleted in the dashboard is written off, if two runs
// before have missed the same and others of the request are there.
func TestDeletedInTheDashboard(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.run(rows(people(60, 0)...))
		time.Sleep(time.Hour)
		deleted := []string{"p3@example.com"}
		w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) {
			entries, err := w.hook.API.Invites(w.Context(), q)
			return slices.DeleteFunc(entries, func(e client.Entry) bool { return slices.Contains(deleted, e.CandidateEmail) }), true, err
		}
		in := rows(named("new", 5, 0)...)
		for night := range 2 {
			if c := w.withinADay(in).count(); c["not_sent"] != 5 {
				t.Fatalf("night %d: %v", night, c)
			}
		}
		r := w.withinADay(in)
		w.counts(r, map[string]int{"invited": 5})
		if len(r.warnings) != 1 {
			t.Errorf("warnings %q", r.warnings)
		}
		// Too many are not written off, however often they are missing.
		deleted = append(deleted, "p5@example.com", "p6@example.com")
		in = rows(named("late", 5, 0)...)
		for range 4 {
			w.counts(w.withinADay(in), map[string]int{"not_sent": 5})
		}
	})
}

// Entries that appear after the preflight and are nobody's may be those of
// people in doubt, under an address of the API's own; those from before are not.
func TestStrangersInTheList(t *testing.T) {
	for _, meanwhile := range []bool{false, true} {
		t.Run(fmt.Sprint("meanwhile ", meanwhile), func(t *testing.T) {
			inWorld(t, sandbox.Config{}, func(w *world) {
				w.elsewhere(rows(named("before", 120, 0)...))
				var n atomic.Int32
				w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
					if n.Add(1) > 1 {
						return nil, false, nil
					}
					if meanwhile {
						w.elsewhere(rows(candidate("alias77@relay.example", 0)))
					}
					return nil, true, err500
				}
				w.opts.ChunkSize = 20
				r := w.withinADay(rows(people(60, 0)...))
				if meanwhile {
					w.counts(r, map[string]int{"invited": 40, "uncertain": 20})
				} else {
					w.counts(r, map[string]int{"invited": 60})
				}
			})
		})
	}
}

// A killed run's people go in the next one, whoever else is in the list.
func TestStrangersInTheListOfAKilledRun(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.elsewhere(rows(named("before", 120, 0)...))
		in := rows(people(50, 0)...)
		w.crash = 1
		w.api.SetDown(true, false)
		w.run(in)
		w.api.SetDown(false, false)
		w.crash = 0
		w.counts(w.withinADay(in), map[string]int{"invited": 50})
	})
}

// Entries without an address may be anybody's: the list is not believed while
// there are any.
func TestEntriesWithoutAnAddress(t *testing.T) {
	cfg := sandbox.Config{ListShape: sandbox.ListShape{NullsFor: 90 * time.Second}, PostScript: map[int]sandbox.Fault{1: sandbox.After500}}
	inWorld(t, cfg, func(w *world) {
		in := rows(people(100, 0)...)
		w.opts.Links = batch.LinksNone
		w.counts(w.withinADay(in), map[string]int{"invited": 50, "confirmed": 50})
		w.onceEach(in)
	})
}

// One look serves all that is refused of an interview, and one is enough as soon
// as the list is known to show people.
func TestRefusedRowsTakeFewRequests(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.opts.Rate = 50
		list := spread(10_000, 5)
		for i := range list {
			if i%100 == 37 {
				list[i].Email = fmt.Sprintf("poison%d@example.com", i)
			}
		}
		in := rows(list...)
		r := w.withinADay(in)
		w.counts(r, map[string]int{"invited": 9_900, "refused": 100})
		if r.progress.Requests > 3000 {
			t.Errorf("%d requests, %d of them invitations, in %v", r.progress.Requests, r.posts, r.took)
		}
		w.nobodyTwice()
	})
}

// After a run that invited somebody its lists are read once more: another machine
// may have sent at the same time.
func TestSomebodyElseSendsAtTheSameTime(t *testing.T) {
	for name, c := range map[string]struct {
		ours, theirs string
		cfg          sandbox.Config
		want         int
	}{
		"the same address":             {ours: "bob@example.com", theirs: "bob@example.com", cfg: sandbox.Config{}, want: 1},
		"another form of it":           {ours: "bob.ray@gmail.com", theirs: "bobray@gmail.com", cfg: sandbox.Config{}, want: 1},
		"kept in one form":             {ours: "bob.ray@gmail.com", theirs: "bob.ray+x@gmail.com", cfg: sandbox.Config{ListAddresses: sandbox.Gmail}, want: 1},
		"somebody else":                {ours: "bob@example.com", theirs: "ray@example.com", cfg: sandbox.Config{}, want: 0},
		"somebody else, kept so":       {ours: "bob.ray@gmail.com", theirs: "ray.bob@gmail.com", cfg: sandbox.Config{ListAddresses: sandbox.Gmail}, want: 0},
		"somebody else of one mailbox": {ours: "jobs+bob@example.com", theirs: "jobs+ann@example.com", cfg: sandbox.Config{}, want: 0},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, c.cfg, func(w *world) {
				w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
					w.elsewhere(rows(candidate(c.theirs, 0)))
					return nil, false, nil
				}
				r := w.run(rows(candidate(c.ours, 0)))
				w.counts(r, map[string]int{"invited": 1})
				if r.twice != c.want || len(r.warnings) != c.want {
					t.Errorf("%d people twice; warnings %q", r.twice, r.warnings)
				}
			})
		})
	}
}

// Where it would take too many requests, audit is left to tell.
func TestLastLookTakesFewRequests(t *testing.T) {
	for interviews, missed := range map[int]bool{5: false, 50: true} {
		inWorld(t, sandbox.Config{}, func(w *world) {
			r := w.run(rows(spread(100, interviews)...))
			if r.missed != missed || r.progress.Requests > 3*interviews+engine.MaxLastLook {
				t.Errorf("%d interviews: missed %v in %d requests", interviews, r.missed, r.progress.Requests)
			}
		})
	}
}

// A list that no preflight has read may be as long as the API's memory.
func TestLastLookLeavesALongList(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.elsewhere(rows(spread(5_000, 1)...))
		w.opts.NoPreflight = true
		r := w.run(rows(candidate("bob@example.com", 0)))
		w.counts(r, map[string]int{"invited": 1})
		if !r.missed || r.progress.Requests > 1+engine.MaxLastLook+1 {
			t.Errorf("missed %v in %d requests", r.missed, r.progress.Requests)
		}
	})
}

package engine_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client/sandbox"
)

func TestCleanAPI(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		in := rows(spread(1000, 7)...)
		r := w.run(in)
		w.onceEach(in)
		w.links(in, r, batch.StatusInvited)
		if want := 7 * 3; r.posts != want {
			w.Errorf("%d requests for 7 interviews with 143 people or less, want %d", r.posts, want)
		}
	})
}

func TestSameFileTwice(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		in := rows(spread(500, 3)...)
		w.run(in)
		r := w.run(in)
		w.onceEach(in)
		w.links(in, r, batch.StatusAlreadyInvited)
		if r.posts != 0 {
			w.Errorf("the second run sent %d requests", r.posts)
		}
	})
}

// everyFault is every fault of the sandbox, each with probability p.
func everyFault(p float64) map[sandbox.Fault]float64 {
	faults := map[sandbox.Fault]float64{}
	for _, f := range sandbox.Faults() {
		faults[f.Fault] = p
	}
	return faults
}

func TestEveryFaultAtOnce(t *testing.T) {
	cfg := sandbox.Config{Faults: everyFault(0.03), Seed: 1, ListLag: 10 * time.Second, Latency: 200 * time.Millisecond}
	inWorld(t, cfg, func(w *world) {
		in := rows(spread(3000, 6)...)
		r := w.run(in)
		w.onceEach(in)
		w.links(in, r, batch.StatusInvited, batch.StatusConfirmed)
	})
}

func TestWrongKey(t *testing.T) {
	inWorld(t, sandbox.Config{Key: "right"}, func(w *world) {
		in := rows(spread(300, 3)...)
		r := w.run(in)
		w.counts(r, map[string]int{"not_sent": 300})
		if r.end != batch.KeyRefused || r.posts > 4 {
			w.Errorf("end %d after %d requests", r.end, r.posts)
		}
		w.key = "right"
		w.run(in)
		w.onceEach(in)
	})
}

func TestInvitedElsewhere(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		in := rows(spread(400, 2)...)
		w.elsewhere(in[:200])
		w.opts.Links = batch.LinksAll
		r := w.run(in)
		w.onceEach(in)
		w.links(in, r, batch.StatusAlreadyInvited, batch.StatusInvited)
		w.counts(r, map[string]int{"already_invited": 200, "invited": 200})
	})
}

func TestPoisonSilentAndDuplicates(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		list := people(200, 0)
		list[30].Email = "poison1@example.com"
		list[77].Email = "poison2@example.com"
		list[120].Email = "silent@example.com"
		list = append(list, candidate("P5@EXAMPLE.com", 0))
		in := rows(list...)
		r := w.run(in)
		w.counts(r, map[string]int{"invited": 197, "refused": 2, "no_invitation": 1, "duplicate": 1})
		if r.outcomes[30].Code != batch.CodeRefused || r.outcomes[120].Code != batch.CodeNoInvitation {
			w.Errorf("the wrong rows failed: %+v, %+v", r.outcomes[30], r.outcomes[120])
		}
		if r.outcomes[200].InviteURL != r.outcomes[5].InviteURL {
			w.Errorf("a duplicate has another link: %+v, %+v", r.outcomes[200], r.outcomes[5])
		}
		for person, n := range w.api.Sessions() {
			if n > 1 {
				w.Errorf("%v was invited %d times", person, n)
			}
		}
		list[30].Email, list[77].Email, list[120].Email = "mended1@example.com", "mended2@example.com", "mended3@example.com"
		in = rows(list...)
		w.counts(w.run(in), map[string]int{"invited": 3, "already_invited": 197, "duplicate": 1})
		w.onceEach(in)
	})
}

func TestDeletedInterview(t *testing.T) {
	inWorld(t, sandbox.Config{Deleted: []string{interviewID(1)}}, func(w *world) {
		in := rows(append(people(1000, 1), people(100, 2)...)...)
		r := w.run(in)
		w.counts(r, map[string]int{"invited": 100, "refused": 10, "interview_refused": 990})
		if iv := w.api.Books().Interviews[interviewID(1)]; iv.Posts+iv.Lists >= 100 {
			w.Errorf("%d requests for a deleted interview", iv.Posts+iv.Lists)
		}
	})
}

func TestFirstChunkIsPoison(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		list := people(120, 0)
		list[0].Email = "poison@example.com"
		w.opts.ChunkSize = 1
		w.counts(w.run(rows(list...)), map[string]int{"invited": 119, "refused": 1})
	})
}

func TestPartialRefusals(t *testing.T) {
	inWorld(t, sandbox.Config{PartialRefusals: true}, func(w *world) {
		list := people(300, 0)
		for i := 25; i < 300; i += 60 {
			list[i].Email = "poison" + list[i].Email
		}
		in := rows(list...)
		r := w.run(in)
		for person, n := range w.api.Sessions() {
			if n != 1 {
				w.Errorf("%v was invited %d times", person, n)
			}
		}
		w.Logf("%v in %v", r.count(), r.took)
		if c := r.count(); c["invited"]+c["confirmed"] != 295 || c["refused"] != 5 {
			w.Errorf("outcomes %v", c)
		}
	})
}

func TestStrangeLists(t *testing.T) {
	for name, cfg := range map[string]sandbox.Config{
		"from 0, oldest first": {PageSize: 10, ListLag: 30 * time.Second},
		"from 1, newest first": {PageSize: 10, ListLag: 30 * time.Second, FirstPage: 1, NewestFirst: true},
		"page 0 as page 1":     {PageSize: 10, FirstPage: 1, PageZero: sandbox.PageZeroSame},
		"page 0 empty":         {PageSize: 10, FirstPage: 1, PageZero: sandbox.PageZeroEmpty, NewestFirst: true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg.Faults = map[sandbox.Fault]float64{sandbox.AfterDrop: 0.2, sandbox.BeforeDrop: 0.2}
			inWorld(t, cfg, func(w *world) {
				in := rows(people(600, 0)...)
				w.elsewhere(in[:100])
				time.Sleep(time.Hour)
				w.run(in)
				w.onceEach(in)
			})
		})
	}
}

func TestAPIDown(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		in := rows(spread(500, 3)...)
		w.api.SetDown(true, false)
		r := w.run(in)
		// Most often it is the way there that is down, which only the error tells.
		why := "the API is down: no accepted invitation for 5m0s (the API answered 50"
		if r.end != batch.APIDown || !strings.HasPrefix(r.reason, why) {
			w.Errorf("the run ended %d: %s", r.end, r.reason)
		}
		for _, o := range r.outcomes { // whose requests were sent is open
			if o.Code == batch.CodeNotSent && !strings.HasPrefix(o.Error, why) {
				w.Errorf("somebody was not sent: %s", o.Error)
			}
		}
		if r.count()["not_sent"] == 0 {
			w.Errorf("%v", r.count())
		}
		if r.took > 6*time.Minute || r.posts > 40 {
			w.Errorf("gave up after %v and %d requests", r.took, r.posts)
		}
		w.Logf("%v after %v and %d posts: %s", r.count(), r.took, r.posts, r.outcomes[0].Error)
		w.api.SetDown(false, false)
		w.run(in)
		w.onceEach(in)
	})
}

func TestAPIBack(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		in := rows(spread(500, 3)...)
		w.api.SetDown(true, true)
		time.AfterFunc(3*time.Minute, func() { w.api.SetDown(false, false) })
		r := w.run(in)
		w.onceEach(in)
		w.links(in, r, batch.StatusInvited)
	})
}

func TestThrottled(t *testing.T) {
	inWorld(t, sandbox.Config{RateLimit: 4}, func(w *world) {
		w.opts.Rate, w.opts.ChunkSize = 20, 5
		in := rows(people(4000, 0)...)
		r := w.run(in)
		w.onceEach(in)
		b := w.api.Books()
		total := b.Posts + b.Lists
		if share := float64(b.Statuses[429]) / float64(total); share >= 0.25 {
			w.Errorf("%.0f %% of %d requests were answered 429", 100*share, total)
		}
		through := float64(total-b.Statuses[429]) / r.took.Seconds()
		if through < 0.75*4 {
			w.Errorf("%.2f requests per second of the 4 that are allowed", through)
		}
		t.Logf("%.2f/s, %d of %d throttled", through, b.Statuses[429], total)
	})
}

func TestRateIsKeptAndUsed(t *testing.T) {
	inWorld(t, sandbox.Config{Latency: 300 * time.Millisecond}, func(w *world) {
		w.opts.Rate, w.opts.ChunkSize = 20, 1
		in := rows(people(2000, 0)...)
		w.run(in)
		b := w.api.Books()
		if b.BusiestSecond > 21 || b.MeanRate < 19.6 {
			w.Errorf("busiest second %d, mean %.2f/s", b.BusiestSecond, b.MeanRate)
		}
	})
}

// As many requests are under way as are allowed, although more chunks are with
// the ledger meanwhile.
func TestConcurrencyIsKeptAndUsed(t *testing.T) {
	inWorld(t, sandbox.Config{Latency: time.Second}, func(w *world) {
		var underWay, most atomic.Int64
		w.server.Handler = http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			now := underWay.Add(1)
			defer underWay.Add(-1)
			for before := most.Load(); now > before && !most.CompareAndSwap(before, now); before = most.Load() {
			}
			w.api.ServeHTTP(rw, r)
		})
		w.opts.Concurrency, w.opts.Rate, w.opts.ChunkSize = 3, 1000, 1
		in := rows(spread(100, 5)...)
		w.counts(w.run(in), map[string]int{"invited": 100})
		w.onceEach(in)
		if most.Load() != 3 {
			w.Errorf("%d requests were under way at once, want 3", most.Load())
		}
	})
}

package engine_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

func TestCrashesUnderFaults(t *testing.T) {
	cfg := sandbox.Config{Faults: everyFault(0.02), Seed: 7, ListLag: 10 * time.Second, Latency: 100 * time.Millisecond}
	inWorld(t, cfg, func(w *world) {
		in := rows(spread(1500, 5)...)
		chance := rand.New(rand.NewPCG(7, 7))
		for range 20 {
			w.crash = 1 + chance.IntN(6)
			w.run(in)
		}
		w.crash = 0
		r := w.run(in)
		w.onceEach(in)
		w.links(in, r, batch.StatusInvited, batch.StatusConfirmed, batch.StatusAlreadyInvited)
	})
}

// Whatever a run that breaks off says of a row is true: nobody who may have
// been invited is called not_sent.
func TestBreakingOffIsHonest(t *testing.T) {
	for crash := 1; crash < 24; crash++ {
		inWorld(t, sandbox.Config{Latency: time.Second, Faults: everyFault(0.03), Seed: uint64(crash)}, func(w *world) {
			in := rows(spread(600, 3)...)
			w.crash = crash
			w.honest(in, w.run(in))
		})
	}
}

func TestStopBeforeTheFirstRequest(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		ctx, stop := context.WithCancel(w.Context())
		stop()
		if r := w.runUnder(ctx, rows(people(3, 0)...)); r.end != batch.Stopped || r.posts != 0 {
			w.Errorf("ended %d after %d requests", r.end, r.posts)
		}
	})
}

func TestStopInTheMiddle(t *testing.T) {
	inWorld(t, sandbox.Config{Latency: 3 * time.Second}, func(w *world) {
		in := rows(spread(1000, 2)...)
		ctx, stop := context.WithTimeout(w.Context(), 8*time.Second)
		defer stop()
		r := w.runUnder(ctx, in)
		if r.end != batch.Stopped || r.took > 12*time.Second {
			w.Errorf("ended %d after %v", r.end, r.took)
		}
		c := r.count()
		if c["invited"] == 0 || c["not_sent"] == 0 || c["invited"]+c["not_sent"] != 1000 {
			w.Errorf("outcomes %v", c)
		}
		w.run(in)
		w.onceEach(in)
	})
}

// A stop does not wait for what is in doubt, and says so.
func TestStopWhileConfirming(t *testing.T) {
	inWorld(t, sandbox.Config{PostScript: map[int]sandbox.Fault{1: sandbox.After500, 2: sandbox.BeforeDrop}}, func(w *world) {
		in := rows(people(100, 0)...)
		ctx, stop := context.WithTimeout(w.Context(), 20*time.Second)
		defer stop()
		w.counts(w.runUnder(ctx, in), map[string]int{"uncertain": 100})
		w.counts(w.run(in), map[string]int{"confirmed": 50, "invited": 50})
		w.onceEach(in)
	})
}

func TestDeadline(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		in := rows(people(1000, 0)...)
		w.opts.Deadline, w.opts.ChunkSize = 10*time.Second, 1
		r := w.run(in)
		if r.end != batch.DeadlineOver || r.took > 11*time.Second {
			w.Errorf("ended %d after %v", r.end, r.took)
		}
		if o := r.outcomes[999]; o.Code != batch.CodeNotSent || !strings.Contains(o.Error, "deadline") {
			w.Errorf("the last row: %+v", o)
		}
	})
}

func TestQuota(t *testing.T) {
	inWorld(t, sandbox.Config{Quota: 3}, func(w *world) {
		in := rows(people(300, 0)...)
		r := w.run(in)
		if r.end != batch.QuotaUsedUp {
			w.Errorf("ended %d", r.end)
		}
		w.counts(r, map[string]int{"invited": 150, "not_sent": 150})
	})
}

func TestLimitAdvances(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		in := rows(people(100, 0)...)
		w.opts.Limit = 5
		w.counts(w.run(in), map[string]int{"invited": 5, "not_sent": 95})
		w.counts(w.run(in), map[string]int{"invited": 5, "already_invited": 5, "not_sent": 90})
		w.elsewhere(in[10:15])
		w.counts(w.run(in), map[string]int{"invited": 5, "already_invited": 15, "not_sent": 80})
	})
}

// Whoever is invited already is reported so even if the run ends at once.
func TestEarlyEndStillTellsWhoIsInvited(t *testing.T) {
	inWorld(t, sandbox.Config{Key: "key"}, func(w *world) {
		in := rows(people(60, 0)...)
		w.run(in[:30])
		w.key = "wrong"
		w.counts(w.run(in), map[string]int{"already_invited": 30, "not_sent": 30})
	})
}

func TestUnreadableListSendsNobody(t *testing.T) {
	inWorld(t, sandbox.Config{Faults: map[sandbox.Fault]float64{sandbox.List500: 1}}, func(w *world) {
		in := rows(people(60, 0)...)
		r := w.run(in)
		w.counts(r, map[string]int{"not_sent": 60})
		if r.posts != 0 {
			w.Errorf("%d invitations were sent although the list could not be read", r.posts)
		}
		w.opts.NoPreflight = true
		w.counts(w.run(in), map[string]int{"invited": 60})
	})
}

// Somebody who was claimed counts under the limit, even if nothing was sent to
// them in the end.
func TestLimitCountsPeopleOfARefusedInterview(t *testing.T) {
	cfg := sandbox.Config{Deleted: []string{interviewID(0)}, PostScript: map[int]sandbox.Fault{}}
	for post := 1; post <= 11; post++ {
		cfg.PostScript[post] = sandbox.Before429
	}
	inWorld(t, cfg, func(w *world) {
		w.opts.Limit = 11
		in := rows(append(people(11, 0), people(5, 1)...)...)
		w.counts(w.run(in), map[string]int{"refused": 10, "interview_refused": 1, "not_sent": 5})
	})
}

// A ledger that breaks under the prober, while the list is down, leaves nobody
// waiting for the list to be up again: nobody would find that out any more.
func TestLedgerBreaksUnderTheProber(t *testing.T) {
	for crash := 1; crash <= 8; crash++ {
		inWorld(t, sandbox.Config{}, func(w *world) {
			w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) { return nil, q.Page == 0, err500 }
			w.crash, w.mayDie = crash, true
			w.opts.Concurrency, w.opts.Rate = 3, 50
			in := rows(spread(40, 40)...)
			w.honest(in, w.withinADay(in))
		})
	}
}

// A run that breaks off does not wait for the end of a Retry-After, nor sends
// anything then.
func TestLedgerBreaksDuringARetryAfter(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
			time.Sleep(3 * time.Second)
			return nil, true, &client.Error{Fate: client.NotSent, Cause: client.Throttled, StatusCode: 429, RetryAfter: 10 * time.Hour}
		}
		w.opts.NoPreflight, w.opts.ChunkSize, w.opts.Rate = true, 1, 0.5
		w.crash = 3 // the claims of those who wait behind the first
		in := rows(spread(40, 40)...)
		r := w.withinADay(in)
		w.honest(in, r)
	})
}

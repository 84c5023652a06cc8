package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/batch/ledger/ledgertest"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// A teammate is one of several runs at once, each on a machine of its own, over one
// ledger. What happens to it happens between two of its steps.
type teammate struct {
	*ledgertest.MemoryRun
	api      batch.API
	memory   *ledgertest.Memory
	before   map[step]func(n int) // called at a step, with how often it was reached
	mu       sync.Mutex
	reached  map[step]int
	stuck    chan struct{} // full while the machine is frozen
	dead     bool
	mayBreak bool // the run may break off

	outcomes []batch.Outcome
	end      batch.End
	reason   string
	err      error
}

const (
	beforeLeave step = "before it asks whether it may send"
	afterLeave  step = "it may send"
	afterAnswer step = "an answer has come, and is not written"
)

// freeze stops the machine for a time: it does nothing, and nothing is heard of it.
func (m *teammate) freeze(d time.Duration) {
	m.stuck <- struct{}{}
	defer func() { <-m.stuck }()
	m.Mute(true)
	time.Sleep(d)
	m.Mute(false)
}

// die is kill -9.
func (m *teammate) die() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = true
	m.End(false)
}

// reach notes that the machine is at a step.
func (m *teammate) reach(at step) error {
	m.mu.Lock()
	m.reached[at]++
	n, f := m.reached[at], m.before[at]
	m.mu.Unlock()
	if f != nil {
		f(n)
	}
	m.stuck <- struct{}{} // it waits until the machine goes on
	<-m.stuck
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return errDied
	}
	return nil
}

func (m *teammate) Lookup(ctx context.Context, keys []batch.Key) ([]batch.Record, error) {
	if err := m.reach("look up"); err != nil {
		return nil, err
	}
	return m.MemoryRun.Lookup(ctx, keys)
}

func (m *teammate) Claim(ctx context.Context, req batch.Request) (batch.Claim, error) {
	if err := m.reach(beforeClaim); err != nil {
		return batch.Claim{}, err
	}
	c, err := m.MemoryRun.Claim(ctx, req)
	return c, errors.Join(err, m.reach(afterClaim))
}

func (m *teammate) Settle(ctx context.Context, id int64, a batch.Answer) error {
	if err := m.reach(beforeSettle); err != nil {
		return err
	}
	return errors.Join(m.MemoryRun.Settle(ctx, id, a), m.reach(afterSettle))
}

func (m *teammate) MayLeave(ctx context.Context) error {
	if err := m.reach(beforeLeave); err != nil {
		return err
	}
	return errors.Join(m.MemoryRun.MayLeave(ctx), m.reach(afterLeave))
}

func (m *teammate) Invite(ctx context.Context, req client.InviteRequest) ([]client.Invitation, error) {
	invitations, err := m.api.Invite(ctx, req)
	if died := m.reach(afterAnswer); died != nil {
		return nil, died
	}
	return invitations, err
}

func (m *teammate) Invites(ctx context.Context, req client.ListRequest) ([]client.Entry, error) {
	if err := m.reach("list"); err != nil {
		return nil, err
	}
	return m.api.Invites(ctx, req)
}

// join lets another machine begin a run.
func (w *world) join(memory *ledgertest.Memory) *teammate {
	m := &teammate{
		MemoryRun: memory.Begin("http://127.0.0.1", 40*time.Second, w.opts.Rate), memory: memory,
		before: map[step]func(int){}, reached: map[step]int{}, stuck: make(chan struct{}, 1),
	}
	go m.Beat()
	return m
}

// sendAll lets every machine send an input, side by side.
func (w *world) sendAll(in input, team ...*teammate) {
	var wg sync.WaitGroup
	for _, m := range team {
		wg.Go(func() { w.sendOn(in, m) })
	}
	wg.Wait()
}

func (w *world) sendOn(in input, m *teammate) {
	c := w.client()
	defer c.Close()
	m.api = c
	plan, err := plan.Check(w.Context(), in, w.opts)
	if err != nil {
		w.Error(err)
		return
	}
	e, err := engine.New(in, plan, m, m, w.opts)
	if err != nil {
		w.Error(err)
		return
	}
	defer func() { _ = e.Close() }()
	m.err = e.Run(w.Context())
	m.end, m.reason = e.End()
	for i := range in {
		o, err := e.Outcome(&in[i])
		m.err = errors.Join(m.err, err)
		m.outcomes = append(m.outcomes, o)
	}
	m.End(true)
	if m.err != nil && !m.dead && !m.mayBreak {
		w.Errorf("the run broke off: %v", m.err)
	}
}

// finished demands that a run has everybody invited, by whomever, with their links.
func (w *world) finished(m *teammate) {
	w.Helper()
	for i, o := range m.outcomes {
		if o.Status != batch.StatusInvited && o.Status != batch.StatusConfirmed && o.Status != batch.StatusAlreadyInvited {
			w.Errorf("row %d: %+v", i, o)
			return
		}
	}
}

func (w *world) twice() (n int) {
	for _, sessions := range w.api.Sessions() {
		if sessions > 1 {
			n++
		}
	}
	return n
}

// inTeam runs f in a world with a ledger that several runs share.
func inTeam(t *testing.T, cfg sandbox.Config, f func(w *world, memory *ledgertest.Memory)) {
	t.Helper()
	inWorld(t, cfg, func(w *world) {
		w.opts.Rate, w.opts.ChunkSize, w.opts.Links = 20, 5, batch.LinksNone
		f(w, ledgertest.NewMemory(time.Now))
	})
}

// Two machines send one file at the same second.
func TestTeamOfTwo(t *testing.T) {
	inTeam(t, sandbox.Config{Latency: 200 * time.Millisecond}, func(w *world, memory *ledgertest.Memory) {
		in := rows(spread(500, 7)...)
		a, b := w.join(memory), w.join(memory)
		begun := time.Now()
		w.sendAll(in, a, b)
		took := time.Since(begun)
		w.onceEach(in)
		for _, m := range []*teammate{a, b} {
			w.finished(m)
		}
		invited := 0
		for i := range in {
			if a.outcomes[i].Status == batch.StatusInvited {
				invited++
			}
		}
		if invited == 0 || invited == len(in) {
			w.Errorf("one of them has invited %d of %d", invited, len(in))
		}
		if books := w.api.Books(); books.BusiestSecond > 21 {
			w.Errorf("%d requests in the busiest second, at 20 for all", books.BusiestSecond)
		}
		t.Logf("%v, %d of %d by the first", took, invited, len(in))
	})
}

// A machine stands still at some step for longer than the others wait for it.
func TestTeamWithAFrozen(t *testing.T) {
	for _, at := range []step{beforeClaim, afterClaim, beforeLeave, afterAnswer, beforeSettle, afterSettle} {
		t.Run(string(at), func(t *testing.T) {
			inTeam(t, sandbox.Config{}, func(w *world, memory *ledgertest.Memory) {
				in := rows(spread(200, 4)...)
				a, b, c := w.join(memory), w.join(memory), w.join(memory)
				a.before[at] = func(n int) {
					if n == 6 {
						a.freeze(6 * time.Minute)
					}
				}
				w.sendAll(in, a, b, c)
				w.onceEach(in)
				w.finished(b)
				w.finished(c)
				if left := len(in) - countOf(a.outcomes, batch.StatusInvited, batch.StatusAlreadyInvited, batch.StatusConfirmed); left > 0 &&
					(a.end != batch.TakenOver || a.reason == "") {
					w.Errorf("%d rows are left, and the run ended %v: %s", left, a.end, a.reason)
					for i, o := range a.outcomes {
						if o.Code != "" {
							w.Errorf("row %d: %+v", i, o)
						}
					}
				}
				again := w.join(memory)
				w.sendAll(in, again)
				w.finished(again)
				w.onceEach(in)
			})
		})
	}
}

func countOf(outcomes []batch.Outcome, statuses ...batch.Status) (n int) {
	for _, o := range outcomes {
		for _, s := range statuses {
			if o.Status == s {
				n++
			}
		}
	}
	return n
}

// Wrong designs invite somebody twice, or break a run off, when a machine stands
// still between its claim and its request: in one of a few tries, since who has
// claimed whom by then is chance. The right one never does.
func TestTeamDesigns(t *testing.T) {
	for _, design := range []string{"", "no May-I-send", "fence after the wait", "no step 9"} {
		t.Run(fmt.Sprintf("%q", design), func(t *testing.T) {
			noticed := false
			for tries := 0; tries < 20 && !noticed; tries++ {
				noticed = noticesDesign(t, design)
			}
			if noticed != (design != "") {
				t.Errorf("noticed: %v", noticed)
			}
		})
	}
}

func noticesDesign(t *testing.T, design string) (noticed bool) {
	inTeam(t, sandbox.Config{}, func(w *world, memory *ledgertest.Memory) {
		memory.Wrong = func(name string) bool { return name == design }
		w.opts.NoPreflight, w.opts.ChunkSize = true, 1
		a, b := w.join(memory), w.join(memory)
		a.mayBreak = true
		a.before[afterClaim] = func(n int) {
			if n == 1 {
				a.freeze(12 * time.Minute)
			}
		}
		w.sendAll(rows(people(10, 0)...), a, b)
		noticed = w.twice() > 0 || a.err != nil
	})
	return noticed
}

// Five machines at once: two are killed, one is frozen, one begins meanwhile.
func TestTeamUnderFaults(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			cfg := sandbox.Config{Faults: everyFault(0.02), Seed: seed, Latency: 200 * time.Millisecond}
			inTeam(t, cfg, func(w *world, memory *ledgertest.Memory) {
				r := rand.New(rand.NewPCG(seed, 1))
				in := rows(spread(600, 6)...)
				steps := []step{beforeClaim, afterClaim, beforeLeave, afterLeave, afterAnswer, beforeSettle, afterSettle}
				var team []*teammate
				for n := range 5 {
					m := w.join(memory)
					when := 3 + r.IntN(8)
					m.before[steps[r.IntN(len(steps))]] = func(reached int) {
						switch {
						case reached != when:
						case n < 2:
							m.die()
						case n == 2:
							m.freeze(5 * time.Minute)
						}
					}
					team = append(team, m)
				}
				var wg sync.WaitGroup
				wg.Go(func() {
					time.Sleep(10 * time.Second)
					w.sendOn(in, w.join(memory))
				})
				w.sendAll(in, team...)
				wg.Wait()
				time.Sleep(time.Hour)
				if n := w.twice(); n > 0 {
					w.Errorf("%d were invited twice", n)
				}
				last := w.join(memory)
				w.sendAll(in, last)
				w.finished(last)
				w.onceEach(in)
			})
		})
	}
}

package ledgertest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
)

// A Team is a store under test that several runs share.
type Team interface {
	// Begin starts a run beside those that go on.
	Begin(t *testing.T) TeamRun
	// Times are how long a permission to send is good, how long a run must be silent
	// to be taken for dead, and how long its requests may take.
	Times() (valid, silent, timeout time.Duration)
}

// A TeamRun is a run of a Team.
type TeamRun interface {
	batch.Shared
	Mute(muted bool) // nothing is heard of it, though it can use the ledger
	End() error
}

// RunShared runs the part of the suite that only a store of several runs can pass.
// world calls f with an empty store, in virtual time or in real.
func RunShared(t *testing.T, world func(t *testing.T, f func(*testing.T, Team))) {
	for name, test := range map[string]func(*team){
		"OneClaimWins":            oneClaimWins,
		"TheLivingAreWaitedFor":   livingAreWaitedFor,
		"TheEndedAreOver":         endedAreOver,
		"HandedOver":              handedOver,
		"TheSilentAreFenced":      silentAreFenced,
		"WhoIsNotHeardCannotTell": unheardFenceNobody,
		"SettledByTwo":            settledByTwo,
		"InvitedIsWritten":        invitedIsWritten,
		"Resends":                 resendsElsewhere,
		"OneSchedule":             oneSchedule,
		"OnePace":                 onePace,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			world(t, func(t *testing.T, store Team) {
				valid, silent, timeout := store.Times()
				test(&team{T: t, Team: store, valid: valid, silent: silent, timeout: timeout})
			})
		})
	}
}

// A team is a test of the shared part with the words that they share.
type team struct {
	*testing.T
	Team
	valid, silent, timeout time.Duration
}

// as lets a test use one run with the words of the other part.
func (t *team) as(run TeamRun) *fixture { return &fixture{T: t.T, ledger: run} }

func (t *team) begin() (TeamRun, *fixture) {
	run := t.Begin(t.T)
	return run, t.as(run)
}

func (t *team) end(run TeamRun) {
	t.Helper()
	if err := run.End(); err != nil {
		t.Error(err)
	}
}

// waits demands that a run waits for whoever has somebody.
func (t *team) waits(f *fixture, k batch.Key) {
	t.Helper()
	if rec := f.lookup(k); rec.Holder == nil || rec.Holder.Name == "" {
		t.Fatalf("%v: nobody is waited for: %+v", k, rec)
	}
}

// isOver demands that a run may look for somebody, and returns from when on.
func (t *team) isOver(f *fixture, k batch.Key) time.Time {
	t.Helper()
	rec := f.lookup(k)
	if rec.State != batch.StateSending || rec.Holder != nil || rec.OverAt.IsZero() {
		t.Fatalf("%v: is waited for: %+v %+v", k, rec, rec.Holder)
	}
	return rec.OverAt
}

// fence mutes a run and waits until another has found it dead.
func (t *team) fence(silenced TeamRun, by *fixture, k batch.Key) (overAt time.Time) {
	t.Helper()
	silenced.Mute(true)
	begun := time.Now()
	t.waits(by, k)
	for time.Since(begun) < 3*t.silent {
		if rec := by.lookup(k); rec.Holder == nil {
			if passed := time.Since(begun); passed < t.silent {
				t.Fatalf("fenced after %v", passed)
			}
			return rec.OverAt
		}
		time.Sleep(t.silent / 10)
	}
	t.Fatal("a silent run is not taken for dead")
	return time.Time{}
}

func oneClaimWins(t *team) {
	const runs, people = 4, 60
	var mu sync.Mutex
	won := map[batch.Key]int{}
	var g errgroup.Group
	var all []TeamRun
	for range runs {
		all = append(all, t.Begin(t.T))
	}
	for n, run := range all {
		g.Go(func() error {
			for i := range people {
				k := key(fmt.Sprintf("p%d@example.com", (i*7+n)%people))
				c, err := run.Claim(t.Context(), batch.Request{Kind: batch.KindInvite, InterviewID: interview, People: []batch.Key{k}})
				if err != nil {
					return err
				}
				if c.Held[0] == nil {
					mu.Lock()
					won[k]++
					mu.Unlock()
				} else if c.Held[0].Holder == nil && !c.Held[0].ThisRun {
					return fmt.Errorf("%v is held by nobody: %+v", k, *c.Held[0])
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	for k, n := range won {
		if n != 1 {
			t.Errorf("%v was claimed %d times", k, n)
		}
	}
	if len(won) != people {
		t.Errorf("%d of %d were claimed", len(won), people)
	}
	for _, run := range all {
		t.end(run)
	}
}

func livingAreWaitedFor(t *team) {
	one, a := t.begin()
	two, b := t.begin()
	a.claimed(batch.KindInvite, ann)
	for range 8 {
		t.waits(b, ann)
		if held := b.held(batch.KindInvite, ann); held.Holder == nil {
			t.Fatalf("a claim does not say who has them: %+v", held)
		}
		time.Sleep(t.silent / 4)
	}
	if err := one.MayLeave(t.Context()); err != nil {
		t.Error(err)
	}
	t.end(one)
	t.end(two)
}

func endedAreOver(t *team) {
	one, a := t.begin()
	two, b := t.begin()
	a.claimed(batch.KindInvite, ann)
	t.waits(b, ann)
	before := time.Now()
	t.end(one)
	if at := t.isOver(b, ann); at.Before(before) || at.After(time.Now()) {
		t.Errorf("over at %v, ended between %v and now", at, before)
	}
	t.end(two)
}

// handedOver: who leaves it at not knowing does not let others wait for its end.
func handedOver(t *team) {
	one, a := t.begin()
	two, b := t.begin()
	id := a.claimed(batch.KindInvite, ann)
	a.claimed(batch.KindInvite, bob)
	t.waits(b, ann)
	if err := one.HandOver(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	t.isOver(b, ann)
	t.waits(b, bob)
	b.settle(id, batch.StateNone, ann)
	b.claimed(batch.KindInvite, ann)
	t.waits(a, ann)
	t.end(one)
	t.end(two)
}

func silentAreFenced(t *team) {
	one, a := t.begin()
	two, b := t.begin()
	three, c := t.begin()
	a.claimed(batch.KindInvite, ann)
	at := t.fence(one, b, ann)
	if least := time.Now().Add(t.valid + t.timeout - t.silent/10); at.Before(least) {
		t.Errorf("nothing is under way from %v on, want %v at least", at, least)
	}
	if again := t.isOver(b, ann); !again.Equal(at) {
		t.Errorf("over at %v, and asked again at %v", at, again)
	}
	if other := t.isOver(c, ann); other.Before(at.Add(-t.silent / 10)) {
		t.Errorf("a third run believes it from %v on, the second from %v", other, at)
	}
	one.Mute(false)
	var fenced *batch.Fenced
	if err := one.MayLeave(t.Context()); !errors.As(err, &fenced) || fenced.Reason == "" {
		t.Errorf("a fenced run may send: %v", err)
	}
	t.end(one)
	t.end(two)
	t.end(three)
}

// unheardFenceNobody: where nobody is heard, it is the ledger that is away.
func unheardFenceNobody(t *team) {
	one, a := t.begin()
	two, b := t.begin()
	a.claimed(batch.KindInvite, ann)
	one.Mute(true)
	two.Mute(true)
	for range 8 {
		t.waits(b, ann)
		time.Sleep(t.silent / 4)
	}
	one.Mute(false)
	two.Mute(false)
	t.waits(b, ann)
	if err := one.MayLeave(t.Context()); err != nil {
		t.Error(err)
	}
	t.end(one)
	t.end(two)
}

// settledByTwo: whoever comes second with what became of somebody changes nothing.
func settledByTwo(t *team) {
	one, a := t.begin()
	two, b := t.begin()
	three, c := t.begin()
	id := a.claimed(batch.KindInvite, ann, bob, cyd)
	t.fence(one, b, ann)
	c.lookup(ann)
	b.settle(id, batch.StateNone, ann)
	c.settle(id, batch.StateNone, ann)
	again := b.claimed(batch.KindInvite, ann)
	a.settle(id, batch.StateNone, ann, bob)
	c.settle(id, batch.StateRefused, ann, cyd)
	a.settle(id, batch.StateNone, cyd)
	c.settle(id, batch.StateInvited, ann) // it saw the second request's doing
	if rec := c.lookup(ann); rec.State != batch.StateSending || rec.RequestID != again || rec.Holder == nil {
		t.Errorf("claimed again, and %+v", rec)
	}
	if rec := c.lookup(cyd); rec.State != batch.StateRefused {
		t.Errorf("refused, and %+v", rec)
	}
	if b.trySettle(id, batch.StateNone, key("stranger@example.com")) == nil {
		t.Error("a stranger was settled")
	}
	t.end(one)
	t.end(two)
	t.end(three)
}

// invitedIsWritten: an answer that comes late is still true.
func invitedIsWritten(t *team) {
	one, a := t.begin()
	two, b := t.begin()
	id := a.claimed(batch.KindInvite, ann, bob)
	t.fence(one, b, ann)
	b.settle(id, batch.StateNone, ann)
	b.settle(id, batch.StateInvited, bob)
	for _, k := range []batch.Key{ann, bob} {
		a.settleWith(id, batch.Settlement{Key: k, State: batch.StateInvited, CandidateID: "c-" + k.Email})
		if rec := b.lookup(k); rec.State != batch.StateInvited || rec.CandidateID != "c-"+k.Email {
			t.Errorf("invited, and %+v", rec)
		}
	}
	a.settle(id, batch.StateNone, bob)
	b.held(batch.KindInvite, bob)
	t.end(one)
	t.end(two)
}

// resendsElsewhere: what another run sends again is waited for as well.
func resendsElsewhere(t *team) {
	one, a := t.begin()
	two, b := t.begin()
	a.settle(a.claimed(batch.KindInvite, ann), batch.StateInvited, ann)
	id := a.claimed(batch.KindResend, ann)
	if rec := b.lookup(ann); rec.State != batch.StateInvited || rec.ResentState != batch.StateSending || rec.Holder == nil {
		t.Errorf("sent again by another run: %+v", rec)
	}
	if err := one.HandOver(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if rec := b.held(batch.KindResend, ann); rec.Holder != nil {
		t.Errorf("handed over, and %+v", rec)
	}
	t.end(one)
	t.end(two)
}

// oneSchedule: all runs together take one place after the other.
func oneSchedule(t *team) {
	const places = 10
	runs := []TeamRun{t.Begin(t.T), t.Begin(t.T), t.Begin(t.T)}
	begun, last := time.Now(), time.Time{}
	for i := range places {
		wait, err := runs[i%len(runs)].Slot(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if at := time.Now().Add(wait); at.After(last) {
			last = at
		}
	}
	// The harness lets every run have 10 requests in a second.
	if took := last.Sub(begun); took < 890*time.Millisecond || took > 990*time.Millisecond {
		t.Errorf("%d places at 10 in a second are %v long", places, took)
	}
	for _, run := range runs {
		t.end(run)
	}
}

// onePace: what the API tells one run slows all of them down.
func onePace(t *team) {
	one, two := t.Begin(t.T), t.Begin(t.T)
	if _, err := two.Slot(t.Context()); err != nil {
		t.Fatal(err)
	}
	const hold = 2 * time.Second
	err := one.ChangePace(t.Context(), func(p batch.Pace, now time.Time) batch.Pace {
		return p.Throttled(now, now, 10).HeldUntil(now.Add(hold))
	})
	if err != nil {
		t.Fatal(err)
	}
	first, err := two.Slot(t.Context())
	if err != nil || first < hold-100*time.Millisecond || first > hold {
		t.Errorf("the next place is in %v, %v", first, err)
	}
	second, err := one.Slot(t.Context())
	if gap := second - first; err != nil || gap < 150*time.Millisecond || gap > 210*time.Millisecond {
		t.Errorf("the one after that comes %v later, %v", gap, err)
	}
	t.end(one)
	t.end(two)
}

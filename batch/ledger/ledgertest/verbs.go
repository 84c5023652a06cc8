package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"bulkinvite/batch"
)

func lookupUnknown(f *fixture) {
	f.begin()
	f.knows(ann, batch.Record{})
	f.claimed(batch.KindInvite, bob)
	f.knows(ann, batch.Record{})
	if records, err := f.ledger.Lookup(f.Context(), nil); err != nil || len(records) != 0 {
		f.Fatalf("no keys: %v, %v", records, err)
	}
}

func lookupKeepsOrder(f *fixture) {
	f.begin()
	first := f.claimed(batch.KindInvite, ann, bob)
	f.nextRun()
	second := f.claimed(batch.KindInvite, cyd)
	got, err := f.ledger.Lookup(f.Context(), []batch.Key{cyd, ann, key("dee@example.com"), bob, ann})
	f.must(err)
	for i, want := range []int64{second, first, 0, first, first} {
		if got[i].RequestID != want {
			f.Errorf("key %d: request %d, want %d", i, got[i].RequestID, want)
		}
	}
}

func claimInvite(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann, bob)
	sending := batch.Record{State: batch.StateSending, RequestID: id, Kind: batch.KindInvite, ThisRun: true}
	f.knows(ann, sending)
	f.same(f.held(batch.KindInvite, ann), sending)

	f.settleWith(id, batch.Settlement{Key: ann, State: batch.StateInvited, CandidateID: "c1", InviteURL: "https://x/c1"})
	invited := batch.Record{
		State: batch.StateInvited, RequestID: id, Kind: batch.KindInvite, ThisRun: true,
		CandidateID: "c1", InviteURL: "https://x/c1",
	}
	f.knows(ann, invited)
	f.same(f.held(batch.KindInvite, ann), invited)

	c := f.claim(batch.KindInvite, ann, cyd, bob)
	if c.ID == 0 || c.Held[0] == nil || c.Held[1] != nil || c.Held[2] == nil {
		f.Fatalf("only the second is free: %+v", c)
	}
	f.knows(cyd, batch.Record{State: batch.StateSending, RequestID: c.ID, Kind: batch.KindInvite, ThisRun: true})
}

func claimNamedTwice(f *fixture) {
	f.begin()
	c := f.claim(batch.KindInvite, ann, bob, ann)
	if c.Held[0] != nil || c.Held[1] != nil || c.Held[2] == nil {
		f.Fatalf("the second mention is held, nobody else: %+v", c)
	}
	f.same(*c.Held[2], batch.Record{State: batch.StateSending, RequestID: c.ID, Kind: batch.KindInvite, ThisRun: true})
	f.settle(c.ID, batch.StateInvited, ann, bob)
}

func claimNobody(f *fixture) {
	f.begin()
	if c := f.claim(batch.KindInvite); c.ID != 0 {
		f.Fatalf("a request of nobody has the number %d", c.ID)
	}
	f.claimed(batch.KindInvite, ann)
	f.held(batch.KindInvite, ann)
}

// claimAgain: who was tried in vain is tried again by later runs, and in one run
// only who is known not to have been sent.
func claimAgain(f *fixture) {
	f.begin()
	next := map[batch.State]bool{
		batch.StateNone: true, batch.StateRefused: true, batch.StateFailed: true, batch.StateInvited: false,
		batch.StateSending: false, batch.StateNoInvitation: true,
	}
	ids := map[batch.State]int64{}
	who := func(state batch.State) batch.Key { return key("was-" + string(state) + "@example.com") }
	check := func(thisRun bool) {
		for state, free := range next {
			free = free && (!thisRun || state == batch.StateNone)
			f.knows(who(state), batch.Record{State: state, RequestID: ids[state], Kind: batch.KindInvite, ThisRun: thisRun})
			again := f.claim(batch.KindInvite, who(state)).ID
			if got := again != 0; got != free {
				f.Errorf("%q, written by this run (%v), may be sent again: %v, want %v", state, thisRun, got, free)
			}
			if again != 0 {
				ids[state] = again
				f.settle(again, state, who(state))
			}
		}
	}
	for state := range next {
		ids[state] = f.claimed(batch.KindInvite, who(state))
		f.settle(ids[state], state, who(state))
	}
	check(true)
	f.nextRun()
	check(false)
}

func baseURLsAreApart(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann)
	f.elsewhere()
	f.knows(ann, batch.Record{})
	if f.trySettle(id, batch.StateInvited, ann) == nil {
		f.Error("a request of another base URL was settled")
	}
	f.claimed(batch.KindInvite, ann)
}

func inDoubt(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann, bob)
	f.die()
	doubt := batch.Record{State: batch.StateSending, RequestID: id, Kind: batch.KindInvite}
	f.same(f.held(batch.KindInvite, ann), doubt)
	f.settle(id, batch.StateSending, ann) // asked, and still not known
	f.nextRun()
	f.same(f.held(batch.KindInvite, ann), doubt)

	f.settle(id, batch.StateInvited, ann)
	f.knows(ann, batch.Record{State: batch.StateInvited, RequestID: id, Kind: batch.KindInvite, ThisRun: true})
	f.settle(id, batch.StateNone, bob)
	f.knows(bob, batch.Record{RequestID: id, Kind: batch.KindInvite, ThisRun: true})
	f.claimed(batch.KindInvite, bob)

	f.die()
	f.knows(ann, batch.Record{State: batch.StateInvited, RequestID: id, Kind: batch.KindInvite})
}

func resend(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann)
	f.settle(id, batch.StateInvited, ann)
	first := f.Now()
	again := f.claimed(batch.KindResend, ann)
	f.settleWith(again, batch.Settlement{Key: ann, State: batch.StateInvited, InviteURL: "https://x/new"})
	resent := batch.Record{
		State: batch.StateInvited, RequestID: again, Kind: batch.KindResend, ThisRun: true,
		InviteURL: "https://x/new", ResentAt: first, ResentState: batch.StateInvited,
	}
	f.knows(ann, resent)
	f.Advance(24*time.Hour - time.Millisecond)
	f.same(f.held(batch.KindResend, ann), resent)
	f.nextRun()
	resent.ThisRun = false
	f.same(f.held(batch.KindResend, ann), resent)
	f.Advance(time.Millisecond)
	f.claimed(batch.KindResend, ann)
}

// A re-send that lies in the future, because the clock was set back, is taken
// for one of just now: sending it again would be the worse mistake.
func clockSetBack(f *fixture) {
	const years = 10 * 365 * 24 * time.Hour
	f.begin()
	id := f.claimed(batch.KindInvite, ann)
	f.settle(id, batch.StateInvited, ann)
	f.settle(f.claimed(batch.KindResend, ann), batch.StateInvited, ann)
	inDoubt := f.claimed(batch.KindInvite, bob)
	for _, d := range []time.Duration{-years, years, -2 * years} {
		f.Advance(d)
		f.die()
		f.held(batch.KindResend, ann)
		f.held(batch.KindInvite, ann)
		f.held(batch.KindInvite, bob)
	}
	f.settle(inDoubt, batch.StateNone, bob)
	f.claimed(batch.KindInvite, bob)
	f.Advance(2*years + 24*time.Hour)
	f.claimed(batch.KindResend, ann)
}

func resendInDoubt(f *fixture) {
	f.begin()
	first := f.Now()
	id := f.claimed(batch.KindResend, ann)
	f.knows(ann, batch.Record{ResentAt: first, ResentState: batch.StateSending}) // it says nothing of an invitation
	f.die()
	f.same(f.held(batch.KindResend, ann), batch.Record{ResentAt: first, ResentState: batch.StateSending})
	f.settle(id, batch.StateNone, ann)
	f.knows(ann, batch.Record{})
	f.claimed(batch.KindResend, ann)

	c := f.claim(batch.KindResend, bob, bob)
	if c.Held[0] != nil || c.Held[1] == nil {
		f.Fatalf("the second mention would be a second re-send: %+v", c)
	}
	f.claimed(batch.KindInvite, bob)
}

func link(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann)
	fetch := f.claimed(batch.KindLink, ann) // nobody is held
	f.settleWith(fetch, batch.Settlement{Key: ann, State: batch.StateInvited, CandidateID: "c1", InviteURL: "https://x/c1"})
	f.claimed(batch.KindLink, ann)
	want := batch.Record{
		State: batch.StateSending, RequestID: id, Kind: batch.KindInvite, ThisRun: true,
		CandidateID: "c1", InviteURL: "https://x/c1",
	}
	f.knows(ann, want)
	f.die()
	want.ThisRun = false
	f.knows(ann, want)
	f.claimed(batch.KindLink, bob)
	f.knows(bob, batch.Record{})
	f.claimed(batch.KindInvite, bob)
}

func found(f *fixture) {
	f.begin()
	doubt := f.claimed(batch.KindInvite, ann)
	f.die()
	id := f.claimed(batch.KindFound, ann, bob)
	f.settle(id, batch.StateInvited, ann, bob)
	for _, k := range []batch.Key{ann, bob} {
		want := batch.Record{State: batch.StateInvited, RequestID: id, Kind: batch.KindFound, ThisRun: true}
		f.same(f.held(batch.KindInvite, k), want)
		f.same(f.held(batch.KindFound, k), want)
	}
	f.settle(doubt, batch.StateNone, ann) // found is found
	f.held(batch.KindInvite, ann)

	// What died between finding and writing it down is asked for again.
	f.claimed(batch.KindFound, cyd)
	f.die()
	f.held(batch.KindInvite, cyd)
	f.claimed(batch.KindFound, cyd)
}

func cancelled(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann)
	ctx, cancel := context.WithCancel(f.Context())
	cancel()
	_, err := f.ledger.Claim(ctx, batch.Request{Kind: batch.KindInvite, InterviewID: interview, People: []batch.Key{bob}})
	if !errors.Is(err, context.Canceled) {
		f.Errorf("claim: %v", err)
	}
	err = f.ledger.Settle(ctx, id, batch.Answer{Outcomes: []batch.Settlement{{Key: ann, State: batch.StateInvited}}})
	if !errors.Is(err, context.Canceled) {
		f.Errorf("settle: %v", err)
	}
	f.knows(bob, batch.Record{})
	f.knows(ann, batch.Record{State: batch.StateSending, RequestID: id, Kind: batch.KindInvite, ThisRun: true})
}

// anyText: whatever goes in comes out.
func anyText(f *fixture) {
	f.begin()
	texts := []string{`"`, `\`, `","`, "\x00", "a\u2028b", "é", "e\u0301", "</script>", "'; drop table x; --", "🙂", " ", "]"}
	for i, text := range texts {
		who := batch.Key{InterviewID: "id" + text, Email: text + "@example.com"}
		c := f.claimRequest(batch.Request{Kind: batch.KindInvite, InterviewID: who.InterviewID, People: []batch.Key{who}})
		err := f.ledger.Settle(f.Context(), c.ID, batch.Answer{Message: text, Outcomes: []batch.Settlement{
			{Key: who, State: batch.StateInvited, CandidateID: text, InviteURL: text + text},
		}})
		f.must(err)
		if i == len(texts)/2 {
			f.die()
		}
	}
	f.die()
	for _, text := range texts {
		r := f.lookup(batch.Key{InterviewID: "id" + text, Email: text + "@example.com"})
		if r.State != batch.StateInvited || r.CandidateID != text || r.InviteURL != text+text {
			f.Errorf("%q came back as %+v", text, r)
		}
	}
}

// overlapping: many claim the same people at once, and each goes to one.
func overlapping(f *fixture) {
	f.begin()
	const people, workers = 300, 16
	var mu sync.Mutex
	winners := map[batch.Key]int64{}
	var g errgroup.Group
	for w := range workers {
		g.Go(func() error {
			for start := range people {
				req := batch.Request{Kind: batch.KindInvite, InterviewID: interview}
				for i := range 3 {
					req.People = append(req.People, key(fmt.Sprintf("p%d@example.com", (start+i*w)%people)))
				}
				c, err := f.ledger.Claim(context.Background(), req)
				if err != nil {
					return err
				}
				mu.Lock()
				for i, k := range req.People {
					if c.Held[i] != nil {
						continue
					}
					if winners[k] != 0 {
						f.Errorf("%v was claimed as %d and as %d", k, winners[k], c.ID)
					}
					winners[k] = c.ID
				}
				mu.Unlock()
				if c.ID != 0 && start%2 == 0 {
					if _, err := f.ledger.Lookup(context.Background(), req.People); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	f.must(g.Wait())
	if len(winners) != people {
		f.Errorf("%d of %d people were claimed", len(winners), people)
	}
	f.die()
	for k, id := range winners {
		f.knows(k, batch.Record{State: batch.StateSending, RequestID: id, Kind: batch.KindInvite})
	}
}

// againstModel compares random histories with a model that has no files.
func againstModel(f *fixture) {
	histories := 0
	rapid.Check(f.T, func(t *rapid.T) {
		histories++ // a base URL of its own gives each history an empty ledger
		h := &history{T: t, harness: f.Harness, model: model{memory: map[[2]string]string{}}}
		h.bases = []string{fmt.Sprintf("https://a%d.example", histories), fmt.Sprintf("https://b%d.example", histories)}
		h.begin()
		t.Repeat(map[string]func(*rapid.T){
			"claim":        h.claim,
			"claim more":   h.claim,
			"settle":       h.settle,
			"settle more":  h.settle,
			"settle again": h.settle,
			"advance":      h.advance,
			"remember":     h.remember,
			"restart":      h.restart,
			"":             h.check,
		})
		if err := f.End(); err != nil {
			t.Fatal(err)
		}
	})
}

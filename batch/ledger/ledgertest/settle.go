package ledgertest

import (
	"bulkinvite/batch"
)

func settlePartly(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann, bob, cyd)
	f.settle(id, batch.StateInvited, bob)
	f.settle(id, batch.StateRefused, ann)
	for k, want := range map[batch.Key]batch.State{ann: batch.StateRefused, bob: batch.StateInvited, cyd: batch.StateSending} {
		f.knows(k, batch.Record{State: want, RequestID: id, Kind: batch.KindInvite, ThisRun: true})
	}
	f.settle(id, batch.StateSending) // an answer about nobody
}

func settleInvitedStays(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann)
	f.settle(id, batch.StateInvited, ann)
	for _, state := range []batch.State{batch.StateNone, batch.StateSending, batch.StateRefused, batch.StateFailed, batch.StateNoInvitation} {
		if f.trySettle(id, state, ann) == nil {
			f.Errorf("somebody invited became %q", state)
		}
	}
	f.settle(id, batch.StateInvited, ann)
	f.knows(ann, batch.Record{State: batch.StateInvited, RequestID: id, Kind: batch.KindInvite, ThisRun: true})
}

func settleEndsOnce(f *fixture) {
	f.begin()
	states := []batch.State{batch.StateNone, batch.StateRefused, batch.StateFailed, batch.StateNoInvitation}
	for _, first := range states {
		who := key("ended-" + string(first) + "@example.com")
		id := f.claimed(batch.KindInvite, who)
		f.settle(id, first, who)
		for _, second := range append(states, batch.StateSending) {
			if first == batch.StateNoInvitation && second == batch.StateNone {
				continue // see noInvitation
			}
			if f.trySettle(id, second, who) == nil {
				f.Errorf("%q became %q", first, second)
			}
		}
		f.settle(id, batch.StateInvited, who) // an answer that comes late is still true
		f.knows(who, batch.Record{State: batch.StateInvited, RequestID: id, Kind: batch.KindInvite, ThisRun: true})
	}
}

func settleRefusesStrangers(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann)
	elsewhere := batch.NewKey("another-interview", "ann@example.com")
	for _, k := range []batch.Key{bob, elsewhere} {
		if f.trySettle(id, batch.StateInvited, ann, k) == nil { // nor is ann then
			f.Errorf("%v was settled in a request of somebody else", k)
		}
	}
	if f.trySettle(id+1, batch.StateInvited, ann) == nil || f.trySettle(0, batch.StateInvited, ann) == nil {
		f.Error("a request was settled that never was")
	}
	if f.trySettle(id, "sent", ann) == nil {
		f.Error("a state was written that there is not")
	}
	f.knows(ann, batch.Record{State: batch.StateSending, RequestID: id, Kind: batch.KindInvite, ThisRun: true})
}

// settleOtherID: a re-send that was answered with another id, and without its
// link, does not put that id beside the link of the first.
func settleOtherID(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann)
	f.settleWith(id, batch.Settlement{Key: ann, State: batch.StateInvited, CandidateID: "c1", InviteURL: "https://x/c1"})
	again := f.claimed(batch.KindResend, ann)
	f.settleWith(again, batch.Settlement{Key: ann, State: batch.StateInvited, CandidateID: "c2"})
	if rec := f.lookup(ann); rec.CandidateID != "c1" || rec.InviteURL != "https://x/c1" {
		f.Errorf("an id and a link of two invitations: %+v", rec)
	}
}

func settleLaterLink(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann)
	f.settleWith(id, batch.Settlement{Key: ann, State: batch.StateInvited, CandidateID: "c1"})
	f.nextRun()
	f.settleWith(id, batch.Settlement{Key: ann, State: batch.StateInvited, InviteURL: "https://x/c1"})
	f.knows(ann, batch.Record{
		State: batch.StateInvited, RequestID: id, Kind: batch.KindInvite,
		CandidateID: "c1", InviteURL: "https://x/c1",
	})
}

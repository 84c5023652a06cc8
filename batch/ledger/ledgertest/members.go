package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulkinvite/batch"
)

// noInvitation: somebody whom the API left out is tried again by later runs
// alone, and a person may say that they were not invited.
func noInvitation(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann, bob)
	for _, k := range []batch.Key{ann, bob} {
		f.settleWith(id, batch.Settlement{Key: k, State: batch.StateNoInvitation, Mark: "digest of " + k.Email})
	}
	want := batch.Record{
		State: batch.StateNoInvitation, RequestID: id, Kind: batch.KindInvite, ThisRun: true, Mark: "digest of " + ann.Email,
	}
	f.same(f.held(batch.KindInvite, ann), want)
	f.die()
	want.ThisRun = false
	f.knows(ann, want)
	f.settle(id, batch.StateNone, ann)
	f.knows(ann, batch.Record{RequestID: id, Kind: batch.KindInvite, ThisRun: true})
	f.claimed(batch.KindInvite, ann)
	f.claimed(batch.KindInvite, bob) // whose row may have changed: that is for the engine to know
}

// settleMarks: a mark is that of the state, and of the request that the state
// comes from.
func settleMarks(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann)
	marked := batch.Record{
		State: batch.StateSending, RequestID: id, Kind: batch.KindInvite, ThisRun: true, Mark: batch.MarkOtherAddress,
	}
	f.settleWith(id, batch.Settlement{Key: ann, State: batch.StateSending, Mark: batch.MarkOtherAddress})
	f.knows(ann, marked)
	f.nextRun()
	marked.ThisRun = false
	f.same(f.held(batch.KindInvite, ann), marked)
	f.settle(id, batch.StateSending, ann) // asked again, and nothing new
	f.knows(ann, marked)

	link := f.claimed(batch.KindLink, ann)
	f.settleWith(link, batch.Settlement{Key: ann, State: batch.StateRefused, Mark: "of a request that does not count"})
	f.knows(ann, marked)
	f.die()
	f.knows(ann, marked)

	found := f.claimed(batch.KindFound, ann)
	f.settle(found, batch.StateInvited, ann)
	f.knows(ann, batch.Record{State: batch.StateInvited, RequestID: found, Kind: batch.KindFound, ThisRun: true})
	f.settle(id, batch.StateNone, ann)
	f.knows(ann, batch.Record{State: batch.StateInvited, RequestID: found, Kind: batch.KindFound, ThisRun: true})
}

func (f *fixture) members(interviewID string) (members []batch.Member) {
	f.Helper()
	err := f.ledger.Members(f.Context(), interviewID, func(m batch.Member) error {
		members = append(members, m)
		return nil
	})
	f.must(err)
	return members
}

// hasMembers demands that these are the members of the interview.
func (f *fixture) hasMembers(want ...batch.Member) {
	f.Helper()
	byKey := cmpopts.SortSlices(func(a, b batch.Member) bool { return lessKey(a.Key, b.Key) })
	if diff := cmp.Diff(want, f.members(interview), byKey, cmpopts.EquateEmpty()); diff != "" {
		f.Fatalf("members: (- want, + got)\n%s", diff)
	}
}

func members(f *fixture) {
	f.begin()
	f.hasMembers()
	id := f.claimed(batch.KindInvite, ann, bob, cyd)
	f.hasMembers()
	first := f.Now()
	f.settleWith(id, batch.Settlement{Key: ann, State: batch.StateInvited, CandidateID: "c1"})
	f.settle(id, batch.StateRefused, bob)
	f.Advance(time.Hour)
	elsewhere := batch.NewKey("elsewhere", "dee@example.com")
	other := f.claimRequest(batch.Request{Kind: batch.KindInvite, InterviewID: "elsewhere", People: []batch.Key{elsewhere}})
	f.settle(other.ID, batch.StateInvited, elsewhere)
	f.hasMembers(batch.Member{Key: ann, CandidateID: "c1", Since: first, RequestID: id})

	f.die()
	second := f.Now()
	f.settle(id, batch.StateInvited, cyd)
	f.settleWith(f.claimed(batch.KindResend, ann), batch.Settlement{Key: ann, State: batch.StateInvited, CandidateID: "c2"})
	f.claimed(batch.KindInvite, bob)
	f.hasMembers(
		batch.Member{Key: ann, CandidateID: "c2", Since: first, RequestID: id},
		batch.Member{Key: cyd, Since: second, RequestID: id},
	)
	if got := f.members("123E4567-E89B-12D3-A456-426614174000"); len(got) != 2 {
		f.Errorf("the interview in capitals has %v", got)
	}
	stop := errors.New("enough")
	if err := f.ledger.Members(f.Context(), interview, func(batch.Member) error { return stop }); !errors.Is(err, stop) {
		f.Errorf("an error of the caller: %v", err)
	}
	f.elsewhere()
	f.hasMembers()
}

// membersByApplication: an application may hold another address, and so may
// what is re-sent of it.
func membersByApplication(f *fixture) {
	f.begin()
	apply := func(kind batch.Kind, application string, k batch.Key) {
		c := f.claimRequest(batch.Request{Kind: kind, InterviewID: interview, JobApplicationID: application, People: []batch.Key{k}})
		f.settle(c.ID, batch.StateInvited, k)
	}
	apply(batch.KindInvite, "app", ann)
	apply(batch.KindResend, "", ann)
	apply(batch.KindLink, "", ann)
	apply(batch.KindResend, "", bob) // invited before there was a ledger
	apply(batch.KindLink, "", cyd)
	apply(batch.KindResend, "app", bob)
	got := f.members(interview)
	if len(got) != 1 || got[0].Key != bob {
		f.Fatalf("members are %+v", got)
	}
}

// membersWhileSettling: whoever is told of the members may use the ledger.
func membersWhileSettling(f *fixture) {
	f.begin()
	id := f.claimed(batch.KindInvite, ann)
	f.settle(id, batch.StateInvited, ann)
	err := f.ledger.Members(f.Context(), interview, func(m batch.Member) error {
		if m.Key == ann {
			f.settle(f.claimed(batch.KindInvite, bob), batch.StateInvited, bob)
		}
		return nil
	})
	f.must(err)
}

// manyMembers are told once each, though they are in many requests.
func manyMembers(f *fixture) {
	const people, each = 500, 5
	f.begin()
	for start := 0; start < people; start += each {
		var keys []batch.Key
		for i := range each {
			keys = append(keys, key(fmt.Sprintf("p%d@example.com", start+i)))
		}
		f.settle(f.claimed(batch.KindInvite, keys...), batch.StateInvited, keys...)
		f.settle(f.claimed(batch.KindResend, keys...), batch.StateInvited, keys...)
	}
	seen := map[batch.Key]bool{}
	for _, m := range f.members(interview) {
		if seen[m.Key] {
			f.Errorf("%v comes twice", m.Key)
		}
		seen[m.Key] = true
	}
	if len(seen) != people {
		f.Errorf("%d members, want %d", len(seen), people)
	}
}

// inDoubtIn: those in doubt are told by the interview, whichever run left them so.
func inDoubtIn(f *fixture) {
	f.begin()
	f.hasInDoubt()
	id := f.claimed(batch.KindInvite, ann, bob, cyd)
	elsewhere := batch.NewKey("elsewhere", "dee@example.com")
	f.claimRequest(batch.Request{Kind: batch.KindInvite, InterviewID: "elsewhere", People: []batch.Key{elsewhere}})
	f.hasInDoubt(ann, bob, cyd)
	f.settle(id, batch.StateInvited, ann)
	f.claimed(batch.KindResend, ann) // of somebody who is invited
	f.die()
	f.hasInDoubt(bob, cyd)
	f.settle(id, batch.StateSending, bob) // asked again, and nothing new
	f.hasInDoubt(bob, cyd)
	f.settle(f.claimed(batch.KindFound, bob), batch.StateInvited, bob)
	f.settle(id, batch.StateNone, cyd)
	f.hasInDoubt()
	f.claimed(batch.KindInvite, cyd)
	f.hasInDoubt(cyd)
	f.elsewhere()
	f.hasInDoubt()
}

// hasInDoubt demands that these are in doubt in the interview.
func (f *fixture) hasInDoubt(want ...batch.Key) {
	f.Helper()
	got, err := f.ledger.InDoubt(f.Context(), interview)
	f.must(err)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.SortSlices(lessKey)); diff != "" {
		f.Fatalf("in doubt: (- want, + got)\n%s", diff)
	}
}

func owners(f *fixture) {
	f.begin()
	elsewhere := batch.NewKey("elsewhere", "ann@example.com")
	one := f.claimed(batch.KindInvite, ann, bob)
	f.ownedBy("c1")
	f.settleWith(one, batch.Settlement{Key: ann, State: batch.StateInvited, CandidateID: "c1"})
	f.settleWith(one, batch.Settlement{Key: bob, State: batch.StateSending, CandidateID: "c2"})
	f.ownedBy("c1", ann)
	f.ownedBy("c2") // nobody knows whether bob is invited
	f.settle(one, batch.StateInvited, bob)
	f.ownedBy("c2", bob)

	f.die()
	f.settleWith(one, batch.Settlement{Key: ann, State: batch.StateInvited, CandidateID: "c3"})
	two := f.claimRequest(batch.Request{Kind: batch.KindInvite, InterviewID: "elsewhere", People: []batch.Key{elsewhere}})
	f.settleWith(two.ID, batch.Settlement{Key: elsewhere, State: batch.StateInvited, CandidateID: "c1"})
	f.ownedBy("c1", ann, elsewhere)
	f.ownedBy("c3", ann)
	if got, err := f.ledger.Owners(f.Context(), nil); err != nil || len(got) != 0 {
		f.Errorf("no ids: %v, %v", got, err)
	}
	f.elsewhere()
	f.ownedBy("c1")
}

// ownedBy demands that these people are known under the id.
func (f *fixture) ownedBy(id string, want ...batch.Key) {
	f.Helper()
	got, err := f.ledger.Owners(f.Context(), []string{"nobody's", id, id})
	if err != nil || len(got) != 3 || len(got[0]) != 0 {
		f.Fatalf("owners: %v, %v", got, err)
	}
	for _, keys := range got[1:] {
		if diff := cmp.Diff(want, keys, cmpopts.EquateEmpty(), cmpopts.SortSlices(lessKey)); diff != "" {
			f.Fatalf("%s: (- want, + got)\n%s", id, diff)
		}
	}
}

func memory(f *fixture) {
	f.begin()
	f.recalls("list_seen", "")
	f.remember("list_seen", "yes")
	f.remember("missing/i", "ann@example.com")
	f.die()
	f.recalls("list_seen", "yes")
	f.recalls("missing/i", "ann@example.com")
	f.remember("missing/i", "")
	f.remember("list_seen", "still")
	f.recalls("list_seen", "still")
	f.nextRun()
	f.recalls("missing/i", "")
	f.recalls("list_seen", "still")
	ctx, cancel := context.WithCancel(f.Context())
	cancel()
	if err := f.ledger.Remember(ctx, "list_seen", "no"); !errors.Is(err, context.Canceled) {
		f.Errorf("cancelled: %v", err)
	}
	f.elsewhere()
	f.recalls("list_seen", "")
}

func (f *fixture) remember(name, value string) {
	f.Helper()
	f.must(f.ledger.Remember(f.Context(), name, value))
}

func (f *fixture) recalls(name, want string) {
	f.Helper()
	if got, err := f.ledger.Recall(f.Context(), name); got != want || err != nil {
		f.Fatalf("%s: %q, %v; want %q", name, got, err, want)
	}
}

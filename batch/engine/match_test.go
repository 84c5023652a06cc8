package engine

import (
	"slices"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
)

func TestMatchStrays(t *testing.T) {
	at := func(email, id string, owners ...string) stray {
		s := stray{Invitation: client.Invitation{CandidateID: id}, email: email}
		for _, owner := range owners {
			s.owners = append(s.owners, batch.NewKey("another interview", owner))
		}
		return s
	}
	taken := func(s stray) stray { s.taken = true; return s }
	disputed := func(s stray) stray { s.disputed = true; return s }
	none, kept := batch.TagHabits{}, batch.TagHabits{AtGmail: true, Elsewhere: true}
	for name, tc := range map[string]struct {
		missing []string
		strays  []stray
		tags    batch.TagHabits
		want    []int
	}{
		"dots":                         {[]string{"ann.lee@gmail.com"}, []stray{at("annlee@gmail.com", "1")}, none, []int{0}},
		"of two, one":                  {[]string{"b@x.co", "jobs+ann@x.co"}, []stray{at("jobs@x.co", "1")}, none, []int{-1, 0}},
		"another's tag":                {[]string{"jobs+bob@x.co"}, []stray{at("jobs+ann@x.co", "1")}, none, []int{-1}},
		"tags are kept":                {[]string{"jobs+bob@x.co"}, []stray{at("jobs@x.co", "1")}, kept, []int{-1}},
		"a row of its own":             {[]string{"jobs+bob@x.co"}, []stray{taken(at("jobs@x.co", "1"))}, none, []int{-1}},
		"known under the id":           {[]string{"old@x.co"}, []stray{at("new@x.co", "1", "old@x.co")}, none, []int{0}},
		"known as somebody else":       {[]string{"jobs+bob@x.co"}, []stray{at("jobs@x.co", "1", "jobs+ann@x.co")}, none, []int{-1}},
		"two of one address":           {[]string{"jobs+ann@x.co", "jobs+bob@x.co"}, []stray{at("jobs@x.co", "1"), at("jobs@x.co", "2")}, none, []int{shared, shared}},
		"two people, one invitation":   {[]string{"jobs+ann@x.co", "jobs+bob@x.co"}, []stray{at("jobs@x.co", "1")}, none, []int{-1, -1}},
		"two of whom one is known":     {[]string{"jobs+ann@x.co", "jobs+bob@x.co"}, []stray{at("jobs@x.co", "1", "jobs+bob@x.co"), at("jobs@x.co", "2")}, none, []int{1, 0}},
		"another may be kept there":    {[]string{"jobs+ann@x.co"}, []stray{disputed(at("jobs@x.co", "1"))}, none, []int{-1}},
		"one person, two invitations":  {[]string{"jobs+ann@x.co"}, []stray{at("jobs@x.co", "1"), at("jobs@x.co", "2")}, none, []int{-1}},
		"no address":                   {[]string{"a@x.co"}, []stray{at("", "1")}, none, []int{-1}},
		"somebody whom nobody expects": {[]string{"a@x.co"}, []stray{at("z@x.co", "1")}, none, []int{-1}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := matchStrays(keysOf(tc.missing...), tc.strays, tc.tags); !slices.Equal(got, tc.want) {
				t.Errorf("places %v, want %v", got, tc.want)
			}
		})
	}
}

// What an answer with one invitation says of the only person who was asked for.
func TestSoleVerdict(t *testing.T) {
	id := func(id, email string, owners ...batch.Key) stray {
		return stray{Invitation: client.Invitation{CandidateID: id}, email: email, owners: owners}
	}
	taken := func(s stray) stray { s.taken = true; return s }
	disputed := func(s stray) stray { s.disputed = true; return s }
	ann, bob := keysOf("ann.lee@gmail.com")[0], keysOf("bob@x.co")[0]
	unnamed := batch.Candidate{InterviewID: interviewA, CandidateID: "c1"}.Key()
	for name, tc := range map[string]struct {
		key  batch.Key
		lane plan.Lane
		s    stray
		want verdict
	}{
		"by the loose form":                    {ann, plan.Together, id("c1", "annlee@gmail.com"), invited},
		"loosely like it, and another's form":  {ann, plan.Together, disputed(id("c1", "annlee@gmail.com")), lostAnswer},
		"by the id":                            {ann, plan.Together, id("c1", "new@x.co", ann), invited},
		"nobody's":                             {ann, plan.Together, id("c1", "z@x.co"), displaced},
		"another row's":                        {ann, plan.Together, taken(id("c1", "z@x.co")), lostAnswer},
		"another's id":                         {ann, plan.Together, id("c1", "z@x.co", bob), lostAnswer},
		"another's id, though loosely like it": {ann, plan.Together, id("c1", "annlee@gmail.com", bob), lostAnswer},
		"application":                          {ann, plan.Application, id("c1", "z@x.co"), invited},
		"application, another row's":           {ann, plan.Application, taken(id("c1", "z@x.co")), lostAnswer},
		"application, another's id":            {ann, plan.Application, id("c1", "z@x.co", bob), lostAnswer},
		"re-sent, nobody's":                    {ann, plan.Resend, id("c1", "z@x.co"), lostAnswer},
		"re-sent, by the loose form":           {ann, plan.Resend, id("c1", "annlee@gmail.com"), invited},
		"re-sent without an address":           {unnamed, plan.Resend, id("c1", "bob@x.co", bob), invited},
		"re-sent without an address, other id": {unnamed, plan.Resend, id("c2", "bob@x.co", bob), lostAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			q := question{lane: tc.lane, people: []batch.Key{tc.key}, candidateID: "c1"}
			if got := q.soleVerdict(&tc.s, batch.TagHabits{}); got != tc.want {
				t.Errorf("verdict %v, want %v", got, tc.want)
			}
		})
	}
}

// An answer that names somebody whom nobody asked for proves nothing about who is
// missing from it.
func TestJudgeStrays(t *testing.T) {
	for name, tc := range map[string]struct {
		answer []string
		strays []stray
		want   []verdict
	}{
		"found":            {[]string{"b@x.co"}, []stray{{email: "annlee@gmail.com"}}, []verdict{invited, invited, leftOut}},
		"nobody's":         {[]string{"b@x.co"}, []stray{{email: "z@x.co"}}, []verdict{displaced, invited, displaced}},
		"others'":          {[]string{"b@x.co"}, []stray{{email: "z@x.co", taken: true}}, []verdict{lostAnswer, invited, lostAnswer}},
		"without address":  {[]string{"b@x.co"}, []stray{{}}, []verdict{lostAnswer, invited, lostAnswer}},
		"found and others": {nil, []stray{{email: "annlee@gmail.com"}, {email: "z@x.co"}}, []verdict{invited, displaced, displaced}},
	} {
		t.Run(name, func(t *testing.T) {
			q := question{people: keysOf("ann.lee@gmail.com", "b@x.co", "c@x.co")}
			j := judge(q, invitationsFor(tc.answer...), nil, true)
			judgeStrays(q, &j, tc.strays, batch.TagHabits{})
			if !slices.Equal(j.verdicts, tc.want) {
				t.Errorf("verdicts %v, want %v", j.verdicts, tc.want)
			}
		})
	}
}

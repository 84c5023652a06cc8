package judge

import (
	"slices"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
)

func TestMatchStrays(t *testing.T) {
	at := func(email, id string, owners ...string) Stray {
		s := Stray{Invitation: client.Invitation{CandidateID: id}, Email: email}
		for _, owner := range owners {
			s.Owners = append(s.Owners, batch.NewKey("another interview", owner))
		}
		return s
	}
	taken := func(s Stray) Stray { s.Taken = true; return s }
	disputed := func(s Stray) Stray { s.Disputed = true; return s }
	none, kept := batch.TagHabits{}, batch.TagHabits{AtGmail: true, Elsewhere: true}
	for name, tc := range map[string]struct {
		missing []string
		strays  []Stray
		tags    batch.TagHabits
		want    []int
	}{
		"dots":                         {[]string{"ann.lee@gmail.com"}, []Stray{at("annlee@gmail.com", "1")}, none, []int{0}},
		"of two, one":                  {[]string{"b@x.co", "jobs+ann@x.co"}, []Stray{at("jobs@x.co", "1")}, none, []int{-1, 0}},
		"another's tag":                {[]string{"jobs+bob@x.co"}, []Stray{at("jobs+ann@x.co", "1")}, none, []int{-1}},
		"tags are kept":                {[]string{"jobs+bob@x.co"}, []Stray{at("jobs@x.co", "1")}, kept, []int{-1}},
		"a row of its own":             {[]string{"jobs+bob@x.co"}, []Stray{taken(at("jobs@x.co", "1"))}, none, []int{-1}},
		"known under the id":           {[]string{"old@x.co"}, []Stray{at("new@x.co", "1", "old@x.co")}, none, []int{0}},
		"known as somebody else":       {[]string{"jobs+bob@x.co"}, []Stray{at("jobs@x.co", "1", "jobs+ann@x.co")}, none, []int{-1}},
		"two of one address":           {[]string{"jobs+ann@x.co", "jobs+bob@x.co"}, []Stray{at("jobs@x.co", "1"), at("jobs@x.co", "2")}, none, []int{shared, shared}},
		"two people, one invitation":   {[]string{"jobs+ann@x.co", "jobs+bob@x.co"}, []Stray{at("jobs@x.co", "1")}, none, []int{-1, -1}},
		"two of whom one is known":     {[]string{"jobs+ann@x.co", "jobs+bob@x.co"}, []Stray{at("jobs@x.co", "1", "jobs+bob@x.co"), at("jobs@x.co", "2")}, none, []int{1, 0}},
		"another may be kept there":    {[]string{"jobs+ann@x.co"}, []Stray{disputed(at("jobs@x.co", "1"))}, none, []int{-1}},
		"one person, two invitations":  {[]string{"jobs+ann@x.co"}, []Stray{at("jobs@x.co", "1"), at("jobs@x.co", "2")}, none, []int{-1}},
		"no address":                   {[]string{"a@x.co"}, []Stray{at("", "1")}, none, []int{-1}},
		"somebody whom nobody expects": {[]string{"a@x.co"}, []Stray{at("z@x.co", "1")}, none, []int{-1}},
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
	id := func(id, email string, owners ...batch.Key) Stray {
		return Stray{Invitation: client.Invitation{CandidateID: id}, Email: email, Owners: owners}
	}
	taken := func(s Stray) Stray { s.Taken = true; return s }
	disputed := func(s Stray) Stray { s.Disputed = true; return s }
	ann, bob := keysOf("ann.lee@gmail.com")[0], keysOf("bob@x.co")[0]
	unnamed := batch.Candidate{InterviewID: interviewA, CandidateID: "c1"}.Key()
	for name, tc := range map[string]struct {
		key  batch.Key
		lane plan.Lane
		s    Stray
		want Verdict
	}{
		"by the loose form":                    {ann, plan.Together, id("c1", "annlee@gmail.com"), Invited},
		"loosely like it, and another's form":  {ann, plan.Together, disputed(id("c1", "annlee@gmail.com")), LostAnswer},
		"by the id":                            {ann, plan.Together, id("c1", "new@x.co", ann), Invited},
		"nobody's":                             {ann, plan.Together, id("c1", "z@x.co"), Displaced},
		"another row's":                        {ann, plan.Together, taken(id("c1", "z@x.co")), LostAnswer},
		"another's id":                         {ann, plan.Together, id("c1", "z@x.co", bob), LostAnswer},
		"another's id, though loosely like it": {ann, plan.Together, id("c1", "annlee@gmail.com", bob), LostAnswer},
		"application":                          {ann, plan.Application, id("c1", "z@x.co"), Invited},
		"application, another row's":           {ann, plan.Application, taken(id("c1", "z@x.co")), LostAnswer},
		"application, another's id":            {ann, plan.Application, id("c1", "z@x.co", bob), LostAnswer},
		"re-sent, nobody's":                    {ann, plan.Resend, id("c1", "z@x.co"), LostAnswer},
		"re-sent, by the loose form":           {ann, plan.Resend, id("c1", "annlee@gmail.com"), Invited},
		"re-sent without an address":           {unnamed, plan.Resend, id("c1", "bob@x.co", bob), Invited},
		"re-sent without an address, other id": {unnamed, plan.Resend, id("c2", "bob@x.co", bob), LostAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			q := Question{Lane: tc.lane, People: []batch.Key{tc.key}, CandidateID: "c1"}
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
		strays []Stray
		want   []Verdict
	}{
		"found":            {[]string{"b@x.co"}, []Stray{{Email: "annlee@gmail.com"}}, []Verdict{Invited, Invited, LeftOut}},
		"nobody's":         {[]string{"b@x.co"}, []Stray{{Email: "z@x.co"}}, []Verdict{Displaced, Invited, Displaced}},
		"others'":          {[]string{"b@x.co"}, []Stray{{Email: "z@x.co", Taken: true}}, []Verdict{LostAnswer, Invited, LostAnswer}},
		"without address":  {[]string{"b@x.co"}, []Stray{{}}, []Verdict{LostAnswer, Invited, LostAnswer}},
		"found and others": {nil, []Stray{{Email: "annlee@gmail.com"}, {Email: "z@x.co"}}, []Verdict{Invited, Displaced, Displaced}},
	} {
		t.Run(name, func(t *testing.T) {
			q := Question{People: keysOf("ann.lee@gmail.com", "b@x.co", "c@x.co")}
			j := Answer(q, invitationsFor(tc.answer...), nil, true)
			Strays(q, &j, tc.strays, batch.TagHabits{})
			if !slices.Equal(j.Verdicts, tc.want) {
				t.Errorf("verdicts %v, want %v", j.Verdicts, tc.want)
			}
		})
	}
}

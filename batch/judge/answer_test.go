package judge

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"bulkinvite/batch"
	"bulkinvite/client"
)

const interviewA = "11111111-2222-4333-8444-555555555555"

func keysOf(emails ...string) []batch.Key {
	keys := make([]batch.Key, len(emails))
	for i, email := range emails {
		keys[i] = batch.NewKey(interviewA, email)
	}
	return keys
}

func invitationsFor(emails ...string) []client.Invitation {
	var invitations []client.Invitation
	for _, email := range emails {
		invitations = append(invitations, client.Invitation{CandidateID: "id-" + email, CandidateEmail: email, InviteURL: "https://x/" + email})
	}
	return invitations
}

func TestAnswer(t *testing.T) {
	for name, tc := range map[string]struct {
		people   []string
		answer   []client.Invitation
		err      error
		distrust bool
		want     []Verdict
	}{
		"everyone":                     {people: []string{"a@x.co", "b@x.co"}, answer: invitationsFor("b@x.co", "a@x.co"), want: []Verdict{Invited, Invited}},
		"spelled otherwise":            {people: []string{"ann@bücher.example", "b@x.co"}, answer: invitationsFor("B@X.CO", "Ann@xn--bcher-kva.example"), want: []Verdict{Invited, Invited}},
		"one left out":                 {people: []string{"a@x.co", "b@x.co"}, answer: invitationsFor("b@x.co"), want: []Verdict{LeftOut, Invited}},
		"nobody":                       {people: []string{"a@x.co", "b@x.co"}, want: []Verdict{LeftOut, LeftOut}},
		"alone, nobody":                {people: []string{"a@x.co"}, want: []Verdict{LeftOut}},
		"a stranger instead":           {people: []string{"a@x.co", "b@x.co"}, answer: invitationsFor("b@x.co", "c@x.co"), want: []Verdict{LeftOut, Invited}},
		"alone, under another address": {people: []string{"a@x.co"}, answer: invitationsFor("z@x.co"), want: []Verdict{LeftOut}},
		"alone, under no address":      {people: []string{"a@x.co"}, answer: invitationsFor(""), want: []Verdict{Invited}},
		"alone, two strangers":         {people: []string{"a@x.co"}, answer: invitationsFor("y@x.co", "z@x.co"), want: []Verdict{LeftOut}},
		"no address in the answer":     {people: []string{"a@x.co", "b@x.co"}, answer: invitationsFor("", "b@x.co"), want: []Verdict{LeftOut, Invited}},
		"unknown":                      {people: []string{"a@x.co", "b@x.co"}, err: &client.Error{Fate: client.Unknown}, want: []Verdict{LostAnswer, LostAnswer}},
		"an error of another kind":     {people: []string{"a@x.co"}, err: errors.New("?"), want: []Verdict{LostAnswer}},
		"not sent":                     {people: []string{"a@x.co"}, err: &client.Error{Fate: client.NotSent}, want: []Verdict{NotSent}},
		"throttled":                    {people: []string{"a@x.co", "b@x.co"}, err: &client.Error{Fate: client.NotSent, Cause: client.Throttled}, want: []Verdict{NotSent, NotSent}},
		"denied":                       {people: []string{"a@x.co"}, err: &client.Error{Fate: client.Denied}, want: []Verdict{NotSent}},
		"refused in company":           {people: []string{"a@x.co", "b@x.co"}, err: &client.Error{Fate: client.Refused}, want: []Verdict{LostAnswer, LostAnswer}},
		"refused alone":                {people: []string{"a@x.co"}, err: &client.Error{Fate: client.Refused}, want: []Verdict{Refused}},
		"refused, not trusted":         {people: []string{"a@x.co", "b@x.co"}, err: &client.Error{Fate: client.Refused}, distrust: true, want: []Verdict{LostAnswer, LostAnswer}},
		"refused alone, not trusted":   {people: []string{"a@x.co"}, err: &client.Error{Fate: client.Refused}, distrust: true, want: []Verdict{LostAnswer}},
		"too large":                    {people: []string{"a@x.co", "b@x.co"}, err: &client.Error{Fate: client.NotSent, Cause: client.TooLarge}, want: []Verdict{Split, Split}},
		"too large, not trusted":       {people: []string{"a@x.co", "b@x.co"}, err: &client.Error{Fate: client.NotSent, Cause: client.TooLarge}, distrust: true, want: []Verdict{Split, Split}},
		"denied in company":            {people: []string{"a@x.co", "b@x.co"}, err: &client.Error{Fate: client.NotSent, Cause: client.BadKey}, want: []Verdict{Split, Split}},
		"denied alone":                 {people: []string{"a@x.co"}, err: &client.Error{Fate: client.NotSent, Cause: client.BadKey}, want: []Verdict{DeniedUs}},
		"denied, cut off":              {people: []string{"a@x.co"}, err: &client.Error{Fate: client.Unknown, Cause: client.BadKey}, want: []Verdict{LostAnswer}},
		"too large alone":              {people: []string{"a@x.co"}, err: &client.Error{Fate: client.NotSent, Cause: client.TooLarge}, want: []Verdict{Refused}},
	} {
		t.Run(name, func(t *testing.T) {
			j := Answer(Question{People: keysOf(tc.people...)}, tc.answer, tc.err, !tc.distrust)
			if !slices.Equal(j.Verdicts, tc.want) {
				t.Errorf("verdicts %v, want %v", j.Verdicts, tc.want)
			}
		})
	}
}

// Nobody is invited by somebody else's answer, whatever the answer says.
func TestJudgeGivesEveryoneTheirOwnInvitation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		address := rapid.SampledFrom([]string{"a@x.co", "b@x.co", "c@x.co", "d@x.co", "A@X.co", "B@x.CO", ""})
		people := keysOf(rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a@x.co", "b@x.co", "c@x.co"}), 2, 3, rapid.ID).Draw(t, "people")...)
		answer := invitationsFor(rapid.SliceOf(address).Draw(t, "answer")...)
		j := Answer(Question{People: people}, answer, nil, true)
		for i, v := range j.Verdicts {
			named := slices.ContainsFunc(answer, func(inv client.Invitation) bool { return batch.NewKey(interviewA, inv.CandidateEmail) == people[i] })
			if (v == Invited) != named {
				t.Fatalf("%v: verdict %v, named in the answer: %v", people[i], v, named)
			}
			if v == Invited && batch.NewKey(interviewA, j.Invitations[i].CandidateEmail) != people[i] {
				t.Fatalf("%v got %v", people[i], j.Invitations[i])
			}
		}
	})
}

// A request whose fate is not known never counts as sent or not sent.
func TestJudgeNeverGuesses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		err := &client.Error{
			Fate:       client.Fate(rapid.IntRange(0, 5).Draw(t, "fate")),
			Cause:      client.Cause(rapid.IntRange(0, 8).Draw(t, "cause")),
			StatusCode: rapid.IntRange(0, 599).Draw(t, "status"),
		}
		j := Answer(Question{People: keysOf("a@x.co", "b@x.co")}, nil, err, rapid.Bool().Draw(t, "trust"))
		for _, v := range j.Verdicts {
			if v == Invited || v == LeftOut {
				t.Fatalf("%+v: verdict %v", err, v)
			}
			if err.Fate == client.Unknown && v != LostAnswer {
				t.Fatalf("unknown fate: verdict %v", v)
			}
		}
	})
}

func TestSameRefusal(t *testing.T) {
	c := batch.Candidate{Name: "Ann Lee", Email: "ann@x.co"}
	for _, same := range [][]string{
		{`Ann Lee <ann@x.co> cannot be invited`, `Ann Lee <bo@x.co> cannot be invited`},
		{"Interview 5c1f0a7e-31d2-4c4b-9a0e-111111111111 has been deleted", "Interview 5c1f0a7e-31d2-4c4b-9a0e-222222222222 has been deleted"},
		{"Deleted at 2026-11-28T02:00:01.123Z (request 17)", "Deleted at 2026-11-28T02:00:02.5Z (request 18)"},
		{"trace h0gqkAcaDJ: closed", "trace x1YqkAcaDJ: closed"},
	} {
		if a, b := SameRefusal(same[0], c), SameRefusal(same[1], c); a != b {
			t.Errorf("%q and %q are one refusal: %q, %q", same[0], same[1], a, b)
		}
	}
	if a, b := SameRefusal("name is missing", c), SameRefusal("address is malformed", c); a == b {
		t.Errorf("two refusals are folded to %q", a)
	}
}

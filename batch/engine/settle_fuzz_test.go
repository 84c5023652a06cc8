package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// FuzzSettle: whatever is asked and whatever comes back, everybody has exactly
// one verdict, an invitation goes to nobody but the one that it names, and what
// is not known is not taken for known.
func FuzzSettle(f *testing.F) {
	f.Fuzz(func(t *testing.T, asked, answered string, kind, fate, cause int, trust bool) {
		people, invitations := peopleIn(asked), invitationsIn(answered)
		err := errorOf(kind, client.Fate(fate), client.Cause(cause))
		j := judge(question{people: people}, invitations, err, trust)
		if len(j.verdicts) != len(people) || len(j.invitations) != len(people) {
			t.Fatalf("%d verdicts and %d invitations for %d people", len(j.verdicts), len(j.invitations), len(people))
		}
		for i, key := range people {
			want, invitation := goodAnswer(key, len(people), invitations)
			if err != nil {
				want, invitation = badAnswer(err, len(people), trust), client.Invitation{}
			}
			if j.verdicts[i] != want || j.invitations[i] != invitation {
				t.Errorf("%v: verdict %v with %+v, want %v with %+v", key, j.verdicts[i], j.invitations[i], want, invitation)
			}
			if known := stateOf(j.verdicts[i]) != batch.StateSending; known != (want != lostAnswer && want != leftOut) {
				t.Errorf("verdict %v is written as %q", want, stateOf(j.verdicts[i]))
			}
		}
	})
}

// peopleIn returns the keys of the addresses in the lines of a text, each once:
// the ledger claims nobody twice.
func peopleIn(text string) []batch.Key {
	var people []batch.Key
	for email := range strings.Lines(text) {
		if key := batch.NewKey(interviewA, strings.TrimSuffix(email, "\n")); !slices.Contains(people, key) {
			people = append(people, key)
		}
	}
	return people
}

func invitationsIn(text string) []client.Invitation {
	var invitations []client.Invitation
	for line := range strings.Lines(text) {
		email := strings.TrimSuffix(line, "\n")
		invitations = append(invitations, client.Invitation{CandidateEmail: email, CandidateID: fmt.Sprint("id-", len(invitations))})
	}
	return invitations
}

func errorOf(kind int, fate client.Fate, cause client.Cause) error {
	switch kind {
	case 0:
		return nil
	case 1:
		return &client.Error{Fate: fate, Cause: cause}
	case 2:
		return fmt.Errorf("wrapped: %w", &client.Error{Fate: fate, Cause: cause, StatusCode: 500})
	}
	return errors.New("of another kind")
}

// goodAnswer is what a good answer means for one of so many people.
func goodAnswer(key batch.Key, people int, invitations []client.Invitation) (verdict, client.Invitation) {
	if people == 1 && len(invitations) == 1 && invitations[0].CandidateEmail == "" {
		return invited, invitations[0]
	}
	for _, inv := range invitations {
		if inv.CandidateEmail != "" && batch.NewKey(key.InterviewID, inv.CandidateEmail) == key {
			return invited, inv
		}
	}
	return leftOut, client.Invitation{}
}

// badAnswer is what an error means for each of so many people: all fates that the
// client does not vouch for are unknown.
func badAnswer(err error, people int, trust bool) verdict {
	e := new(client.Error)
	errors.As(err, &e)
	alone := people == 1
	switch {
	case e.Fate == client.NotSent && e.Cause == client.TooLarge && alone, e.Fate == client.Refused && trust && alone:
		return refused
	case e.Fate == client.NotSent && (e.Cause == client.TooLarge || e.Cause == client.BadKey) && !alone:
		return split
	case e.Fate == client.NotSent && e.Cause == client.BadKey:
		return deniedUs
	case e.Fate == client.NotSent, e.Fate == client.Denied:
		return notSent
	}
	return lostAnswer
}

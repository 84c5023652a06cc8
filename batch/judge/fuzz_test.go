package judge

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// FuzzAnswer: whatever is asked and whatever comes back, everybody has exactly
// one verdict, an invitation goes to nobody but the one that it names, and what
// is not known is not taken for known.
func FuzzAnswer(f *testing.F) {
	f.Fuzz(func(t *testing.T, asked, answered string, kind, fate, cause int, trust bool) {
		people, invitations := peopleIn(asked), invitationsIn(answered)
		err := errorOf(kind, client.Fate(fate), client.Cause(cause))
		j := Answer(Question{People: people}, invitations, err, trust)
		if len(j.Verdicts) != len(people) || len(j.Invitations) != len(people) {
			t.Fatalf("%d verdicts and %d invitations for %d people", len(j.Verdicts), len(j.Invitations), len(people))
		}
		for i, key := range people {
			want, invitation := goodAnswer(key, len(people), invitations)
			if err != nil {
				want, invitation = badAnswer(err, len(people), trust), client.Invitation{}
			}
			if j.Verdicts[i] != want || j.Invitations[i] != invitation {
				t.Errorf("%v: verdict %v with %+v, want %v with %+v", key, j.Verdicts[i], j.Invitations[i], want, invitation)
			}
			if known := j.Verdicts[i].State() != batch.StateSending; known != (want != LostAnswer && want != LeftOut) {
				t.Errorf("verdict %v is written as %q", want, j.Verdicts[i].State())
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
func goodAnswer(key batch.Key, people int, invitations []client.Invitation) (Verdict, client.Invitation) {
	if people == 1 && len(invitations) == 1 && invitations[0].CandidateEmail == "" {
		return Invited, invitations[0]
	}
	for _, inv := range invitations {
		if inv.CandidateEmail != "" && batch.NewKey(key.InterviewID, inv.CandidateEmail) == key {
			return Invited, inv
		}
	}
	return LeftOut, client.Invitation{}
}

// badAnswer is what an error means for each of so many people: all fates that the
// client does not vouch for are unknown.
func badAnswer(err error, people int, trust bool) Verdict {
	e := new(client.Error)
	errors.As(err, &e)
	alone := people == 1
	switch {
	case e.Fate == client.NotSent && e.Cause == client.TooLarge && alone, e.Fate == client.Refused && trust && alone:
		return Refused
	case e.Fate == client.NotSent && (e.Cause == client.TooLarge || e.Cause == client.BadKey) && !alone:
		return Split
	case e.Fate == client.NotSent && e.Cause == client.BadKey:
		return DeniedUs
	case e.Fate == client.NotSent, e.Fate == client.Denied:
		return NotSent
	}
	return LostAnswer
}

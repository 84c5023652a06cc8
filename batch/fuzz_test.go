package batch

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"bulkinvite/client"
)

// FuzzKey: a key is stable, all spellings of an address have it, and no
// address has it that differs in more than its spelling.
func FuzzKey(f *testing.F) {
	f.Fuzz(func(t *testing.T, interview, email, other string, how uint64) {
		key := NewKey(interview, email)
		if again := NewKey(key.InterviewID, key.Email); again != key {
			t.Fatalf("%q becomes %q", key, again)
		}
		if key.InterviewID != interview && !(IsUUID(interview) && strings.EqualFold(key.InterviewID, interview)) {
			t.Fatalf("interview %q becomes %q", interview, key.InterviewID)
		}
		if (key.Email == "") != (strings.TrimSpace(email) == "") {
			t.Fatalf("%q becomes %q", email, key.Email)
		}
		if again := respelled(email, how); utf8.ValidString(email) && NewKey(interview, again) != key {
			t.Errorf("%q and %q are one person, not %q and %q", email, again, key.Email, NewKey(interview, again).Email)
		}
		if NewKey(interview, other) == key && !sameAddress(strings.TrimSpace(email), strings.TrimSpace(other)) {
			t.Errorf("%q stands for %q and %q", key.Email, email, other)
		}
		for _, c := range []Candidate{
			{InterviewID: interview, JobApplicationID: other},
			{InterviewID: interview, CandidateID: other},
		} {
			if k := c.Key(); k.HasAddress() || !strings.HasSuffix(k.Email, ":"+other) || k.InterviewID != key.InterviewID {
				t.Errorf("%+v has key %q", c, k)
			}
		}
	})
}

// respelled spells an address in another way, which the bits of how choose:
// letters in the other case, characters taken apart, the domain as A-labels or
// as people read it. Only a letter whose other case leads back to it is
// changed: without the dot of its i an address is another one.
func respelled(email string, how uint64) string {
	local, domain, found := cutLast(email, '@')
	if ascii, err := idna.Lookup.ToASCII(domain); found && err == nil {
		switch how & 3 {
		case 1:
			email = local + "@" + ascii
		case 2:
			if readable, err := idna.Lookup.ToUnicode(domain); err == nil {
				email = local + "@" + readable
			}
		}
	}
	switch how >> 2 & 3 {
	case 1:
		email = norm.NFD.String(email)
	case 2:
		email = norm.NFC.String(email)
	}
	how >>= 4
	return strings.Map(func(r rune) rune {
		how = how>>1 | how<<59
		upper, lower := unicode.ToUpper(r), unicode.ToLower(r)
		if how&1 == 1 && lower == r && unicode.ToLower(upper) == r {
			return upper
		}
		return r
	}, email)
}

// sameAddress compares two texts without making keys of them.
func sameAddress(a, b string) bool {
	localA, domainA, foundA := cutLast(a, '@')
	localB, domainB, foundB := cutLast(b, '@')
	return foundA == foundB && sameText(localA, localB) && (sameText(domainA, domainB) || sameDomain(domainA, domainB))
}

func sameText(a, b string) bool {
	a, b = strings.ReplaceAll(a, "i\u0307", "İ"), strings.ReplaceAll(b, "i\u0307", "İ")
	return slices.EqualFunc([]rune(norm.NFC.String(a)), []rune(norm.NFC.String(b)), func(a, b rune) bool {
		return a == b || a != 'İ' && b != 'İ' && unicode.ToLower(a) == unicode.ToLower(b)
	})
}

func sameDomain(a, b string) bool {
	readableA, errA := idna.Lookup.ToUnicode(lower(norm.NFC.String(a)))
	readableB, errB := idna.Lookup.ToUnicode(lower(norm.NFC.String(b)))
	return errA == nil && errB == nil && readableA == readableB
}

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
			if known := stateOf(j.verdicts[i]) != StateSending; known != (want != lostAnswer && want != leftOut) {
				t.Errorf("verdict %v is written as %q", want, stateOf(j.verdicts[i]))
			}
		}
	})
}

// peopleIn returns the keys of the addresses in the lines of a text, each once:
// the ledger claims nobody twice.
func peopleIn(text string) []Key {
	var people []Key
	for email := range strings.Lines(text) {
		if key := NewKey(interviewA, strings.TrimSuffix(email, "\n")); !slices.Contains(people, key) {
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
func goodAnswer(key Key, people int, invitations []client.Invitation) (verdict, client.Invitation) {
	if people == 1 && len(invitations) == 1 && invitations[0].CandidateEmail == "" {
		return invited, invitations[0]
	}
	for _, inv := range invitations {
		if inv.CandidateEmail != "" && NewKey(key.InterviewID, inv.CandidateEmail) == key {
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

package batch

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
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
		isShort := len(email) <= maxAddress/4 // also when its characters are taken apart; what is longer is no address
		if again := respelled(email, how); isShort && utf8.ValidString(email) && NewKey(interview, again) != key {
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
	local, domain, found := SplitAddress(email)
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
	localA, domainA, foundA := SplitAddress(a)
	localB, domainB, foundB := SplitAddress(b)
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

package csvio

import (
	"bytes"
	"encoding/csv"
	"net/mail"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"bulkinvite/batch"
)

// FuzzAddress: an address that is sent is the one that was typed, trimmed, one
// that mail takes, and has a key of its own.
func FuzzAddress(f *testing.F) {
	f.Fuzz(func(t *testing.T, typed string) {
		if !utf8.ValidString(typed) || strings.ContainsAny(typed, "\x00\r") {
			return // no such cell comes out of a spool, or not as it went in
		}
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.WriteAll([][]string{{"name", "email", "interview_id"}, {"Ann", typed, "iv"}})
		rows := scanAll(t, openText(t, b.String(), Options{}))
		if len(rows) != 1 {
			t.Fatalf("%d rows", len(rows))
		}
		email, problem := rows[0].Candidate.Email, rows[0].Problem
		if problem != nil {
			if missing := valueOf(typed) == ""; missing != (problem.Code == batch.CodeMissingEmail) ||
				!missing && problem.Code != batch.CodeInvalidEmail {
				t.Errorf("%q: %+v", typed, problem)
			}
			return
		}
		if email != trim(typed) || email != trim(email) || !strings.Contains(typed, email) {
			t.Errorf("%q is sent as %q", typed, email)
		}
		if parsed, err := mail.ParseAddress(email); err != nil || parsed.Address != email {
			t.Errorf("%q is sent, and is %+v, %v", email, parsed, err)
		}
		if isPlainAddress(email) && slowEmailProblem(email) != "" {
			t.Errorf("%q is plain and %s", email, slowEmailProblem(email))
		}
		checkKey(t, email)
	})
}

func checkKey(t *testing.T, email string) {
	t.Helper()
	key := batch.NewKey("iv", email)
	local, domain, found := strings.Cut(key.Email, "@")
	if !found || local == "" || domain == "" || strings.Contains(domain, "@") || !key.HasAddress() {
		t.Errorf("%q has key %q", email, key.Email)
	}
	if strings.ContainsFunc(domain, func(r rune) bool { return r >= utf8.RuneSelf || unicode.IsUpper(r) }) {
		t.Errorf("%q has key %q, whose domain is no A-label", email, key.Email)
	}
	if again := batch.NewKey("iv", key.Email); again != key {
		t.Errorf("%q has key %q, which has key %q", email, key.Email, again.Email)
	}
	if problem := emailProblem(key.Email); problem != "" && !strings.Contains(problem, "bytes") {
		t.Errorf("%q has key %q, which %s", email, key.Email, problem)
	}
	shouted := strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return unicode.ToUpper(r)
		}
		return r
	}, email)
	if other := batch.NewKey("iv", "x"+email); other == key {
		t.Errorf("%q and another text have key %q", email, key.Email)
	}
	if emailProblem(shouted) != "" || batch.NewKey("iv", shouted) != key {
		t.Errorf("%q is another person than %q", shouted, email)
	}
}

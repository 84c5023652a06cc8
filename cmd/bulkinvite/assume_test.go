package main

import (
	"bytes"
	"path/filepath"
	"regexp"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
)

const assumeBase = "http://127.0.0.1:9"

// markedLedger makes a ledger in which the API has left ann out, and has
// answered for bob with an address that nobody asked for.
func markedLedger(t *testing.T, path string) {
	t.Helper()
	s, err := ledger.Open(t.Context(), path, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Begin(t.Context(), ledger.RunInfo{BaseURL: assumeBase, Input: "people.csv", Rows: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []batch.Settlement{
		{Key: batch.NewKey("i-1", "ann@example.com"), State: batch.StateNoInvitation, Mark: "digest"},
		{Key: batch.NewKey("i-1", "bob@example.com"), State: batch.StateSending, Mark: batch.MarkOtherAddress},
	} {
		c, err := r.Claim(t.Context(), batch.Request{Kind: batch.KindInvite, InterviewID: "i-1", People: []batch.Key{o.Key}})
		if err == nil {
			err = r.Settle(t.Context(), c.ID, batch.Answer{StatusCode: 200, Outcomes: []batch.Settlement{o}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := r.End(t.Context(), nil, batch.ExitFailedRows); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// Whom the API left out, and whose answer named somebody else, is told apart
// from others, and is settled by what a person says.
func TestAssumeOfMarked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	markedLedger(t, path)
	shows := func(code int, words string, args ...string) {
		t.Helper()
		var out, errs bytes.Buffer
		if got := run(t.Context(), append(args, "--ledger", path), &out, &out, &errs, nil); got != code {
			t.Fatalf("%q: exit %d, want %d: %s", args, got, code, errs.String())
		}
		if text := out.String() + errs.String(); !regexp.MustCompile("(?m)" + words).MatchString(text) {
			t.Errorf("%q: there is no %q in\n%s", args, words, text)
		}
	}
	assume := func(code int, words, what, who string) {
		t.Helper()
		shows(code, words, "confirm", "--assume", what, who, "i-1", "--yes", "--base-url", assumeBase)
	}
	shows(batch.ExitOK, `^0 +1 +0 +1 +0 +i-1 `, "status")
	shows(batch.ExitOK, `^1 person without an invitation: .* confirm --assume not-sent$`, "status")
	shows(batch.ExitOK, `^  bob@.*, the answer named an address that nobody asked for: `, "status")
	shows(batch.ExitOK, `"no_invitation": 1,`, "status", "--json")
	shows(batch.ExitOK, `"mark": "other_address"`, "status", "--json")
	shows(batch.ExitOK, `^ann@example.com: no invitation$`, "explain", "ann@example.com")
	shows(batch.ExitOK, `the next send leaves them out, unless name or address in the row have changed`, "explain", "ann@example.com")
	shows(batch.ExitOK, `"state": "no_invitation"`, "explain", "--json", "ann@example.com")
	shows(batch.ExitOK, `^bob@example.com: in doubt$`, "explain", "bob@example.com")
	shows(batch.ExitOK, `if not they stay uncertain, since the answer named an address that nobody asked for`, "explain", "bob@example.com")
	shows(batch.ExitOK, `<h3>no_invitation: 1</h3>`, "report", "-o", "-")

	assume(batch.ExitOK, `^ann@example.com is not invited to interview i-1: the next send that names them invites them$`, "not-sent", "ann@example.com")
	shows(batch.ExitOK, `the next send invites them`, "explain", "ann@example.com")
	assume(batch.ExitUsage, `ann@example.com is not in doubt in interview i-1`, "not-sent", "ann@example.com")
	assume(batch.ExitOK, `^bob@example.com is invited to interview i-1: nobody will invite them again$`, "sent", "bob@example.com")
	shows(batch.ExitOK, `the next send leaves them out: they are invited`, "explain", "bob@example.com")
}

// Both can be settled either way.
func TestAssumeOfMarkedTheOtherWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	markedLedger(t, path)
	for _, args := range [][]string{{"sent", "ann@example.com"}, {"not-sent", "bob@example.com"}} {
		var out, errs bytes.Buffer
		all := append([]string{"confirm", "--yes", "--base-url", assumeBase, "--ledger", path, "--assume"}, append(args, "i-1")...)
		if code := run(t.Context(), all, &out, &out, &errs, nil); code != batch.ExitOK {
			t.Fatalf("exit %d: %s", code, errs.String())
		}
	}
	reader, err := history.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	err = reader.Look(t.Context(), assumeBase, func(l batch.Lookuper) error {
		records, err := l.Lookup(t.Context(), []batch.Key{batch.NewKey("i-1", "ann@example.com"), batch.NewKey("i-1", "bob@example.com")})
		if err == nil && (records[0].State != batch.StateInvited || records[1].State != batch.StateNone || records[0].Mark+records[1].Mark != "") {
			t.Errorf("%+v", records)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

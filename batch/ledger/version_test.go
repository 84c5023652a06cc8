package ledger_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
)

// makeVersion1 makes a ledger as version 1 left it.
func makeVersion1(t *testing.T) (path string) {
	t.Helper()
	script, err := os.ReadFile("testdata/version1.sql")
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "ledger.db")
	execute(t, path, string(script))
	return path
}

func checkVersion1(t *testing.T, path string) {
	t.Helper()
	r := begin(t, open(t, path))
	names := []string{"ann", "bob", "cyd", "dee", "o'\"eve", "fay"}
	keys := make([]batch.Key, len(names))
	for i, name := range names {
		keys[i] = batch.NewKey("i1", name+"@example.com")
	}
	records, err := r.Lookup(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []batch.State{
		batch.StateInvited, batch.StateRefused, batch.StateSending, batch.StateInvited, batch.StateSending, batch.StateNone,
	} {
		if records[i].State != want {
			t.Errorf("%s is %q, want %q", names[i], records[i].State, want)
		}
	}
	if records[0].InviteURL != "https://x/ann" || records[0].ResentState != batch.StateSending {
		t.Errorf("ann: %+v", records[0])
	}
}

// Whoever is in a ledger of version 1 stays in it.
func TestVersion1(t *testing.T) {
	path := makeVersion1(t)
	reader, err := ledger.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, doubts, err := reader.People(t.Context()); err != nil || len(doubts) != 2 {
		t.Errorf("before it is brought up to date: %+v, %v", doubts, err)
	}
	if report, err := reader.Report(t.Context(), 1, 9); err != nil || report.Interviews[0].Invited == 0 {
		t.Errorf("before it is brought up to date: %+v, %v", report, err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	records, err := look(t.Context(), path, "https://api.example", []batch.Key{batch.NewKey("i1", "ann@example.com")})
	if err != nil || records[0].State != batch.StateInvited || records[0].InviteURL != "https://x/ann" {
		t.Errorf("ann, before it is brought up to date: %+v, %v", records, err)
	}
	s := open(t, path)
	if s.New() {
		t.Error("an old ledger is new")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkVersion1(t, path)
	if lines := invitations(t, path); len(lines) != 2 || lines[0] != "ann@example.com c-ann https://x/ann" {
		t.Errorf("the view has %q", lines)
	}
}

// However little of the change to the new version is on the disk, the next
// Open goes on from there.
func TestVersion1Cut(t *testing.T) {
	path := makeVersion1(t)
	open(t, path)
	for _, cut := range cuts(t, path) {
		checkVersion1(t, cut)
	}
}

// Ledgers of versions 2 to 4 lack what memory.sql makes, and those of 2 and 3
// have another view. An older bulkinvite must not write to one in which people
// may be forgotten or without an invitation, or links be in common.
func TestVersions2To4(t *testing.T) {
	for _, old := range []int{2, 3, 4} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		if err := fill(t, path).Close(); err != nil {
			t.Fatal(err)
		}
		want := invitations(t, path)
		execute(t, path, fmt.Sprintf("pragma user_version = %d; drop view invitations; drop table memory; drop index requests_interview", old))
		if old == 3 {
			execute(t, path, "create view invitations as select 'old' as email, '' as candidate_id, '' as invite_url, 1 as request_id")
		}
		if h := histories(t, path, "ann@example.com", ""); len(h) != 1 || h[0].Record.State != batch.StateInvited {
			t.Errorf("before it is brought up to date: %+v", h)
		}
		s := open(t, path)
		if got, err := begin(t, s).Recall(t.Context(), "name"); got != "" || err != nil {
			t.Errorf("it remembers %q, %v", got, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var version int
		if err := db.QueryRow("pragma user_version").Scan(&version); err != nil || version != 5 {
			t.Errorf("it is of version %d now: %v", version, err)
		}
		if h := histories(t, path, "ann@example.com", ""); len(h) != 1 || h[0].Record.State != batch.StateInvited {
			t.Errorf("after it was: %+v", h)
		}
		if got := invitations(t, path); !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("the view has %q, want %q", got, want)
		}
	}
}

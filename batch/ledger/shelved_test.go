package ledger

import (
	"bulkinvite/batch"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	shelfPeople  = 40_000
	shelfPortion = 500
)

// onShelf makes a ledger whose requests get onto the shelf, and begins a run in
// it that has looked everybody up in random order.
func onShelf(t *testing.T) (*Store, *Run, []batch.Key) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	s, r := benchRun(t, path)
	invite(t, r, 0, shelfPeople)
	benchEnd(t, s, r)
	s, r = benchRun(t, path)
	keys := benchKeys(0, shelfPeople)
	rand.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	checkInvited(t, r, keys)
	return s, r, keys
}

func checkInvited(t *testing.T, r *Run, keys []batch.Key) {
	t.Helper()
	for start := 0; start < len(keys); start += shelfPortion {
		records, err := r.Lookup(t.Context(), keys[start:start+shelfPortion])
		if err != nil {
			t.Fatal(err)
		}
		for i, rec := range records {
			want := batch.Record{
				State: batch.StateInvited, RequestID: rec.RequestID, Kind: batch.KindInvite,
				CandidateID: benchInterview, InviteURL: "https://interview.micro1.ai/intro/micro1?cid=" + benchInterview,
			}
			if rec != want {
				t.Fatalf("%v: %+v", keys[start+i], rec)
			}
		}
	}
}

// isOpen reports whether this process has a file open that was in the folder.
func isOpen(t *testing.T, folder string) bool {
	t.Helper()
	files, err := filepath.Glob("/proc/self/fd/*")
	if err != nil || len(files) == 0 {
		t.Skip("it cannot be seen here which files are open")
	}
	return slices.ContainsFunc(files, func(name string) bool {
		file, _ := os.Readlink(name) // the last is gone already
		return strings.HasPrefix(file, folder)
	})
}

// People in random order are found on the shelf, and what is settled meanwhile
// is seen at once.
func TestShelf(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	s, r, keys := onShelf(t)
	if !isOpen(t, folder) {
		t.Fatal("nothing is on the shelf")
	}
	checkInvited(t, r, keys)
	records, err := r.Lookup(t.Context(), keys[:1])
	if err != nil {
		t.Fatal(err)
	}
	answer := batch.Answer{Outcomes: []batch.Settlement{{Key: keys[0], State: batch.StateInvited, CandidateID: "new"}}}
	if err := r.Settle(t.Context(), records[0].RequestID, answer); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if records, err = r.Lookup(t.Context(), keys[:shelfPortion]); err != nil || records[0].CandidateID != "new" {
			t.Fatalf("%+v, %v", records[0], err)
		}
	}
	strangers, err := r.Lookup(t.Context(), benchKeys(shelfPeople, 2*shelfPeople))
	if err != nil {
		t.Fatal(err)
	}
	for i, rec := range strangers {
		if rec != (batch.Record{}) {
			t.Fatalf("stranger %d: %+v", i, rec)
		}
	}
	benchEnd(t, s, r)
}

// A shelf for which there is no room does without.
func TestShelfWithoutRoom(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "nowhere"))
	s, r, keys := onShelf(t)
	checkInvited(t, r, keys)
	benchEnd(t, s, r)
}

package ledger_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
)

const indexInterview = "index"

func indexKeys(from, to int) (keys []batch.Key) {
	for i := from; i < to; i++ {
		keys = append(keys, batch.Key{InterviewID: indexInterview, Email: fmt.Sprintf("%d@example.com", i)})
	}
	return keys
}

// claimAll claims the people from..to, who must be nobody that the ledger
// knows, in requests of 50.
func claimAll(t *testing.T, r *ledger.Run, from, to int) {
	t.Helper()
	for ; from < to; from += 50 {
		req := batch.Request{Kind: batch.KindInvite, InterviewID: indexInterview, People: indexKeys(from, min(from+50, to))}
		c, err := r.Claim(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		for i, held := range c.Held {
			if held != nil {
				t.Fatalf("%v is held: %+v", req.People[i], *held)
			}
		}
	}
}

// knows demands that the people 0..people are in the ledger and the next ones
// are not.
func knows(t *testing.T, r *ledger.Run, people int) {
	t.Helper()
	records, err := r.Lookup(t.Context(), indexKeys(0, people+50))
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		want := batch.StateSending
		if i >= people {
			want = batch.StateNone
		}
		if records[i].State != want {
			t.Fatalf("person %d of %d is %q", i, people, records[i].State)
		}
	}
}

// grow lets runs of these sizes end, and returns how many people there are.
func grow(t *testing.T, path string, sizes ...int) (people int) {
	t.Helper()
	for _, size := range sizes {
		s := open(t, path)
		r := begin(t, s)
		knows(t, r, people)
		claimAll(t, r, people, people+size)
		people += size
		knows(t, r, people)
		if err := r.End(t.Context(), nil, 0); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return people
}

// Everybody is found again, from how many runs ever.
func TestIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	people := grow(t, path, 1, 0, 1000, 399, 400, 401, 3000, 20, 20, 20, 20, 2000, 1)
	knows(t, begin(t, open(t, path)), people)
}

// A power cut in the middle of a merge loses nobody.
func TestCutMerge(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	people := grow(t, path, 4000, 1500)
	s := open(t, path)
	claimAll(t, begin(t, s), people, people+1000)
	people += 1000
	execute(t, path, "pragma wal_checkpoint(truncate)")
	died := filepath.Join(t.TempDir(), "ledger.db")
	if err := copyLedger(path, died); err != nil {
		t.Fatal(err)
	}
	open(t, died) // this merges
	for _, cut := range cuts(t, died) {
		knows(t, begin(t, open(t, cut)), people)
	}
}

// copyFile copies a ledger that is closed.
func copyFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "ledger.db")
	write(t, path, string(data))
	return path
}

// An index of which something is missing is noticed before anybody is sent for
// whom it should speak.
func TestDamagedIndex(t *testing.T) {
	whole := filepath.Join(t.TempDir(), "ledger.db")
	grow(t, whole, 15_000, 100)
	damaged := func(t *testing.T, path string) {
		t.Helper()
		s, err := ledger.Open(t.Context(), path, ledger.Options{})
		if err == nil {
			defer s.Close()
			_, err = s.Begin(t.Context(), ledger.RunInfo{BaseURL: "https://api.example"})
		}
		if err == nil || !strings.Contains(err.Error(), "the ledger is damaged") {
			t.Errorf("begun, with %v", err)
		}
	}
	for name, damage := range map[string]string{
		"flipped byte":         "update people set entries = cast(x'ff' || substr(entries, 2) as blob) where part = 1",
		"cut part":             "update people set entries = substr(entries, 1, 63990) where part = 1",
		"empty part":           "update people set entries = x'' where part = 1",
		"no first part of all": "delete from people where part = 0 and after_request = 0",
		"no part":              "delete from people where part = 1",
		"no last part":         "delete from people where part = 2",
		"stray part":           "insert into people select last_request, after_request, 7, parts, checksum, entries from people where part = 1",
		"swapped parts":        "update people set part = -part; update people set part = 3 + part where part < 0",
		"fewer parts":          "delete from people where part = 2; update people set parts = 2 where parts = 3",
		"no first segment":     "delete from people where after_request = 0",
		"torn segments":        "update people set last_request = last_request - 1 where after_request = 0",
		"overlaid segments":    "update people set after_request = after_request - 1 where after_request > 0",
		"no requests":          "delete from answers; delete from requests where id > 10",
	} {
		t.Run(name, func(t *testing.T) {
			path := copyFile(t, whole)
			execute(t, path, damage)
			damaged(t, path)
		})
	}
}

// An index that was thrown away, whole or at the end, is made again.
func TestIndexMadeAgain(t *testing.T) {
	for name, damage := range map[string]string{
		"no index":        "delete from people",
		"no last segment": "delete from people where last_request = (select max(last_request) from people)",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "ledger.db")
			people := grow(t, path, 2000, 100)
			execute(t, path, damage)
			knows(t, begin(t, open(t, path)), people)
		})
	}
}

package ledger

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// segments returns how many entries each segment of the index has, the oldest
// first, and all entries, sorted.
func segments(t *testing.T, s *Store) (sizes []int, entries [][]byte) {
	t.Helper()
	found, err := s.read.Query("select last_request, entries from people order by last_request, part")
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	newest := int64(-1)
	for found.Next() {
		var last int64
		var part []byte
		if err := found.Scan(&last, &part); err != nil {
			t.Fatal(err)
		}
		if last != newest {
			sizes, newest = append(sizes, 0), last
		}
		some := slices.Collect(slices.Chunk(part, 10))
		sizes[len(sizes)-1] += len(some)
		entries = append(entries, some...)
	}
	slices.SortFunc(entries, bytes.Compare)
	return sizes, entries
}

// However the segments came about, each is more than twice as large as the next,
// and an index that is made from scratch has the same entries.
func TestSegments(t *testing.T) {
	s, r := testRun(t)
	people := 0
	for run, size := range []int{900, 400, 3, 30, 0, 399, 1, 1, 1, 2000, 9000, 12_000, 1} {
		for from := 0; from < size; from += 50 {
			if err := inviteChunk(r, benchKeys(people+from, people+min(from+50, size))); err != nil {
				t.Fatal(err)
			}
		}
		people += size
		if err := r.End(t.Context(), nil, 0); err != nil {
			t.Fatal(err)
		}
		sizes, entries := segments(t, s)
		for i := 1; i < len(sizes); i++ {
			if sizes[i-1] <= 2*sizes[i] {
				t.Errorf("a segment of %d entries is followed by one of %d", sizes[i-1], sizes[i])
			}
		}
		if len(slices.CompactFunc(entries, bytes.Equal)) != people {
			t.Fatalf("%d people, %d entries", people, len(entries))
		}
		var err error
		if r, err = s.Begin(t.Context(), RunInfo{BaseURL: fmt.Sprint("https://api.example/", run)}); err != nil {
			t.Fatal(err)
		}
	}
	_, grown := segments(t, s)
	if _, err := s.write.Exec("delete from people"); err != nil {
		t.Fatal(err)
	}
	if err := s.indexPeople(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sizes, scratch := segments(t, s); !slices.EqualFunc(grown, scratch, bytes.Equal) || len(sizes) != 1 {
		t.Error("an index from scratch is another one")
	}
}

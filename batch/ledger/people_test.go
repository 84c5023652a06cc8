package ledger

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// indexEntries returns all entries of the index, which are sorted.
func indexEntries(t *testing.T, s *Store) (x *index, entries []entry) {
	t.Helper()
	x, err := readIndex(t.Context(), s.read)
	if err != nil {
		t.Fatal(err)
	}
	for i := range x.len() {
		entries = append(entries, entry{x.hash(i), x.request(i)})
	}
	if !slices.IsSortedFunc(entries, compareEntries) {
		t.Fatalf("not sorted: %v", entries)
	}
	return x, entries
}

func compareEntries(a, b entry) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.request, b.request))
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
		x, entries := indexEntries(t, s)
		for i := 1; i < len(x.segments); i++ {
			if before, next := x.segments[i-1].entries, x.segments[i].entries; before <= 2*next {
				t.Errorf("a segment of %d entries is followed by one of %d", before, next)
			}
		}
		if len(slices.Compact(entries)) != people {
			t.Fatalf("%d people, %d entries", people, len(entries))
		}
		var err error
		if r, err = s.Begin(t.Context(), RunInfo{BaseURL: fmt.Sprint("https://api.example/", run)}); err != nil {
			t.Fatal(err)
		}
	}
	_, grown := indexEntries(t, s)
	if _, err := s.write.Exec("delete from people"); err != nil {
		t.Fatal(err)
	}
	if err := s.indexPeople(t.Context()); err != nil {
		t.Fatal(err)
	}
	if x, scratch := indexEntries(t, s); !reflect.DeepEqual(grown, scratch) || len(x.segments) != 1 {
		t.Error("an index from scratch is another one")
	}
}

// Of however many segments the list is made, whoever is in one is found, with
// all their requests in order, and nobody else is.
func TestPeople(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		last := uint64(1<<hashBits - 1)
		hash := rapid.OneOf(rapid.Uint64Range(0, last), rapid.Uint64Range(7, 9), rapid.Uint64Range(last-2, last))
		var all people
		var segments []segment
		requests := map[uint64][]int64{}
		request := rapid.SampledFrom([]int64{0, maxRequest - 1000}).Draw(t, "base")
		for range rapid.IntRange(0, 4).Draw(t, "segments") {
			hashes := rapid.SliceOfN(hash, 0, 90).Draw(t, "hashes")
			slices.Sort(hashes)
			for _, h := range hashes {
				request++
				all = all.add(entry{h, request})
				requests[h] = append(requests[h], request)
			}
			segments = append(segments, segment{entries: len(hashes)})
		}
		x := newIndex(all, segments)
		asked := []uint64{0, 8, last, hash.Draw(t, "other")}
		for h := range requests {
			asked = append(asked, h)
		}
		slices.Sort(asked)
		asked = slices.Compact(asked)
		found := map[uint64][]int64{}
		for _, m := range x.find(asked) {
			found[asked[m.at]] = append(found[asked[m.at]], m.request)
		}
		for _, h := range asked {
			if want := requests[h]; !slices.Equal(found[h], want) {
				t.Fatalf("%d is in %v, not in %v", h, found[h], want)
			}
		}
	})
}

package ledger

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// indexEntries returns all entries of the index, by segment.
func indexEntries(t *testing.T, s *Store) (entries [][]entry) {
	t.Helper()
	segments, err := readSegments(t.Context(), s.read)
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := newBlockReader(t.Context(), s.read)
	if err != nil {
		t.Fatal(err)
	}
	defer blocks.close()
	for _, segment := range segments {
		c := cursor{blocks: blocks, next: segment.firstBlock, end: segment.endBlock()}
		var all []entry
		for {
			e, ok, err := c.head()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if len(all) > 0 && !all[len(all)-1].less(e) {
				t.Fatalf("%v is followed by %v", all[len(all)-1], e)
			}
			all = append(all, e)
			c.block = c.block[entrySize:]
		}
		if int64(len(all)) != segment.entries {
			t.Fatalf("%d entries, want %d", len(all), segment.entries)
		}
		entries = append(entries, all)
	}
	return entries
}

// However the segments came about, each is at least twice as large as the next,
// and one that is made from scratch has the same entries.
func TestSegments(t *testing.T) {
	s, r := testRun(t)
	people := 0
	for run, size := range []int{900, 400, 3, 30, 0, 399, 1, 1, 1, 2000} {
		for from := 0; from < size; from += 50 {
			if err := inviteChunk(r, benchKeys(people+from, people+min(from+50, size))); err != nil {
				t.Fatal(err)
			}
		}
		people += size
		if err := r.End(t.Context(), nil, 0); err != nil {
			t.Fatal(err)
		}
		grown, all := indexEntries(t, s), map[entry]bool{}
		for i, segment := range grown {
			if i > 0 && len(grown[i-1]) <= 2*len(segment) {
				t.Errorf("a segment of %d entries is followed by one of %d", len(grown[i-1]), len(segment))
			}
			for _, e := range segment {
				all[e] = true
			}
		}
		if len(all) != people {
			t.Fatalf("%d people, %d entries", people, len(all))
		}
		var err error
		if r, err = s.Begin(t.Context(), RunInfo{BaseURL: fmt.Sprint("https://api.example/", run)}); err != nil {
			t.Fatal(err)
		}
	}
	grown := slices.Concat(indexEntries(t, s)...)
	if _, err := s.write.Exec("delete from people_blocks; delete from people_segments"); err != nil {
		t.Fatal(err)
	}
	if err := s.indexPeople(t.Context()); err != nil {
		t.Fatal(err)
	}
	scratch := slices.Concat(indexEntries(t, s)...)
	slices.SortFunc(grown, func(a, b entry) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.request, b.request)) })
	if !reflect.DeepEqual(grown, scratch) {
		t.Error("an index from scratch is another one")
	}
}

func TestBlockSearch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hash := rapid.OneOf(rapid.Uint64Range(0, 1<<hashBits-1), rapid.Uint64Range(7, 9))
		hashes := rapid.SliceOfN(hash, 1, blockEntries).Draw(t, "hashes")
		slices.Sort(hashes)
		var b block
		for i, h := range hashes {
			b = b.add(entry{h, int64(maxRequest - len(hashes) + i)})
		}
		for i, h := range hashes {
			if e := b.at(i); e.hash != h || e.request != int64(maxRequest-len(hashes)+i) {
				t.Fatalf("entry %d of %v is %v", i, hashes, e)
			}
		}
		for _, h := range append(hashes, 0, 8, 1<<hashBits-1, hash.Draw(t, "other")) {
			want, _ := slices.BinarySearch(hashes, h)
			if got := b.search(h); got != want {
				t.Fatalf("%d is at %d of %v, not at %d", h, want, hashes, got)
			}
		}
	})
}

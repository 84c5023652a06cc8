package rows

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A tail has what was added, sorted, whether the hashes are spread or meet in
// one place.
func TestTail(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hash := rapid.Map(rapid.Uint64(), func(h uint64) uint64 { return h >> (64 - hashBits) })
		last := uint64(1<<hashBits - 1)
		near := rapid.Uint64Range(last-3, last)
		hashes := rapid.SliceOfNDistinct(rapid.OneOf(hash, near), 1, 50, rapid.ID).Draw(t, "hashes")
		tl := Tail{Base: rapid.Int64Range(0, 1<<39).Draw(t, "base")}
		tl.Reserve(rapid.IntRange(0, 100_000).Draw(t, "reserved"))
		requests := map[uint64][]int64{}
		added := 0
		for n := range int64(rapid.IntRange(0, 300).Draw(t, "n")) {
			h, request := rapid.SampledFrom(hashes).Draw(t, "hash"), tl.Base+n+1
			tl.Add(h, request)
			tl.Add(h, request)
			requests[h] = append(requests[h], request)
			added++
		}
		if tl.len() != added {
			t.Fatalf("%d of %d were added", tl.len(), added)
		}
		for _, h := range append(hashes, 0, 1, last) {
			if got := slices.Collect(tl.Requests(h)); !reflect.DeepEqual(got, requests[h]) {
				t.Fatalf("%x: %v, want %v", h, got, requests[h])
			}
		}
		drained := slices.Collect(tl.drain())
		if !slices.IsSortedFunc(drained, func(a, b entry) int {
			if a.hash < b.hash || a.hash == b.hash && a.request < b.request {
				return -1
			}
			return 1
		}) {
			t.Fatalf("not sorted: %v", drained)
		}
		for _, e := range drained {
			if !slices.Contains(requests[e.hash], e.request) {
				t.Fatalf("%v was not added", e)
			}
		}
		if len(drained) != added || tl.len() != 0 {
			t.Fatalf("%d of %d were drained, %d are left", len(drained), added, tl.len())
		}
	})
}

// A million keys must not take much more than 10 MB, nor a few ones much,
// wherever the parts are between two steps of their growth.
func TestTailSize(t *testing.T) {
	for people, limit := range map[int]int{100: 300_000, 1_000_000: 11_000_000, 1_150_000: 12_650_000} {
		checkTailSize(t, people, 0, limit)
		checkTailSize(t, people, people, limit)
	}
}

func checkTailSize(t *testing.T, people, reserved, limit int) {
	t.Helper()
	tl := Tail{}
	tl.Reserve(reserved)
	room := tl.room()
	random := rand.New(rand.NewPCG(1, 2))
	for i := range people {
		tl.Add(random.Uint64()>>(64-hashBits), int64(1+i/50))
	}
	if reserved > 100_000 && tl.room() != room {
		t.Errorf("%d bytes were reserved for %d people, who took %d", room, reserved, tl.room())
	}
	if tl.room() > limit {
		t.Errorf("%d bytes for %d people", tl.room(), people)
	}
}

// room returns how many bytes the tail takes.
func (t *Tail) room() (size int) {
	for i := range t.parts {
		size += 8 * cap(t.parts[i].slots)
	}
	return size
}

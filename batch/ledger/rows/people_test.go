package rows

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

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
			found[asked[m.at]] = append(found[asked[m.at]], m.Request)
		}
		for _, h := range asked {
			if want := requests[h]; !slices.Equal(found[h], want) {
				t.Fatalf("%d is in %v, not in %v", h, found[h], want)
			}
		}
	})
}

package ledger

// A filter tells of most hashes that are not in the index that they are not, so
// that a claim need not read a block for each person who is new. It is a Bloom
// filter with four bits of one word for each hash: one in thirty of those that
// are not in it seems to be.
type filter []uint64

const (
	filterBits = 12      // for each entry
	maxFilter  = 1 << 21 // words: 16 MB, enough for eleven million people
)

func newFilter(entries int64) filter {
	return make(filter, min(entries*filterBits/64+1, maxFilter))
}

func (f filter) add(hash uint64) {
	word, mask := f.bits(hash)
	f[word] |= mask
}

func (f filter) mayHave(hash uint64) bool {
	word, mask := f.bits(hash)
	return f[word]&mask == mask
}

// bits takes the word from the high bits of the hash, so that a sorted segment
// is added from one end to the other.
func (f filter) bits(hash uint64) (word int, mask uint64) {
	mixed := hash * 0x9e3779b97f4a7c15 >> 40
	mask = 1<<(mixed&63) | 1<<(mixed>>6&63) | 1<<(mixed>>12&63) | 1<<(mixed>>18&63)
	return int(hash >> (hashBits - 32) * uint64(len(f)) >> 32), mask
}

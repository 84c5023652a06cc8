package rows

import "bulkinvite/batch"

// hashBits is how much of a hash the index and the tail keep. Equal ones of
// different keys are harmless, since the addresses in the request are compared,
// but cost reading it: when ten million people are looked up among ten million
// others, that happens some 90 times.
const hashBits = 40

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

// A Hasher hashes the keys of one base URL and one interview after the other.
// The index keeps these hashes on disk: they never change, or the schema's
// version does.
type Hasher struct {
	base        uint64 // of the base URL
	interviewID string
	interview   uint64 // of the base URL and interviewID
}

// NewHasher returns a Hasher for the people of an API.
func NewHasher(baseURL string) *Hasher {
	base := hashText(fnvOffset, baseURL)
	return &Hasher{base: base, interview: hashText(base, "")}
}

// HashAll returns what index and tail have for the keys, in their order.
func HashAll(baseURL string, keys []batch.Key) []uint64 {
	h := NewHasher(baseURL)
	hashes := make([]uint64, len(keys))
	for i, k := range keys {
		hashes[i] = h.Short(k)
	}
	return hashes
}

// Short returns what index and tail have for the key.
func (h *Hasher) Short(k batch.Key) uint64 { return h.Hash(k) >> (64 - hashBits) }

// Hash returns for a forgotten mark what is left of the hash of the key that it is of.
// Damaged ones are hashed like any text, and so are found by nobody.
func (h *Hasher) Hash(k batch.Key) uint64 {
	if s, ok := parseForgottenMark(k.Email); ok {
		return s.short << (64 - hashBits)
	}
	if k.InterviewID != h.interviewID {
		h.interviewID, h.interview = k.InterviewID, hashText(h.base, k.InterviewID)
	}
	sum := hashText(h.interview, k.Email)
	// FNV leaves the high bits of similar short texts alike, and index and
	// tail take their places from these.
	sum ^= sum >> 33
	sum *= 0xff51afd7ed558ccd
	sum ^= sum >> 33
	sum *= 0xc4ceb9fe1a85ec53
	return sum ^ sum>>33
}

// hashText goes on with an FNV-1a hash, with a byte behind s that no text has.
func hashText(sum uint64, s string) uint64 {
	for i := range len(s) {
		sum = (sum ^ uint64(s[i])) * fnvPrime
	}
	return (sum ^ 0xff) * fnvPrime
}

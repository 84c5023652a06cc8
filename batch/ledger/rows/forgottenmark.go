package rows

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash/crc32"
	"strings"

	"bulkinvite/batch"
)

// A ForgottenMark takes the place of somebody in requests.people who was forgotten.
// It tells whether a key that is asked for is theirs, so that they are not
// invited again, and whoever does not know the key cannot read it there. Who
// has the ledger can still try addresses, one by one.
type ForgottenMark struct {
	short uint64 // what index and tail have for the key, so that both can be made anew
	salt  Salt
	mac   [sha256.Size]byte // HMAC-SHA-256 of the key under the salt
}

// A Salt is drawn anew each time that somebody is forgotten: neither a table
// made beforehand nor another ledger tells who a forgotten mark is of.
type Salt [16]byte

// NewSalt returns a random salt.
func NewSalt() Salt {
	var s Salt
	_, _ = rand.Read(s[:]) // never fails
	return s
}

const (
	forgottenPrefix = "forgotten:"
	shortSize       = hashBits / 8
	forgottenSize   = shortSize + len(Salt{}) + sha256.Size + crc32.Size
	forgottenLength = len(forgottenPrefix) + 2*forgottenSize
)

// Mark returns the mark that stands for a person who is forgotten.
func (s Salt) Mark(baseURL string, k batch.Key) *ForgottenMark {
	return &ForgottenMark{NewHasher(baseURL).Short(k), s, s.mac(baseURL, k)}
}

func (s Salt) mac(baseURL string, k batch.Key) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, s[:])
	for _, text := range []string{baseURL, k.InterviewID, k.Email} {
		h.Write([]byte(text))
		h.Write([]byte{0xff}) // which no text has
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// String returns what stands in requests.people. Behind all else is a checksum:
// with a flipped bit it would be a forgotten mark of nobody.
func (s *ForgottenMark) String() string {
	b := binary.BigEndian.AppendUint64(nil, s.short)[8-shortSize:]
	b = append(append(b, s.salt[:]...), s.mac[:]...)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	return forgottenPrefix + hex.EncodeToString(b)
}

// IsForgottenMark reports whether what stands in the place of an address is a
// forgotten mark.
func IsForgottenMark(text string) bool { return strings.HasPrefix(text, forgottenPrefix) }

// parseForgottenMark reads what String wrote.
func parseForgottenMark(text string) (s ForgottenMark, ok bool) {
	if len(text) != forgottenLength || !IsForgottenMark(text) {
		return ForgottenMark{}, false
	}
	b, err := hex.DecodeString(text[len(forgottenPrefix):])
	if err != nil {
		return ForgottenMark{}, false
	}
	b, sum := b[:forgottenSize-crc32.Size], binary.BigEndian.Uint32(b[forgottenSize-crc32.Size:])
	if crc32.Checksum(b, castagnoli) != sum {
		return ForgottenMark{}, false
	}
	s.short = binary.BigEndian.Uint64(append(make([]byte, 8-shortSize), b[:shortSize]...))
	copy(s.salt[:], b[shortSize:])
	copy(s.mac[:], b[shortSize+len(s.salt):])
	return s, true
}

// isOf reports whether the forgotten mark is of the key.
func (s *ForgottenMark) isOf(baseURL string, k batch.Key) bool {
	return s.mac == s.salt.mac(baseURL, k)
}

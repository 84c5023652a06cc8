package ledger

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

// A standIn takes the place of somebody in requests.people who was forgotten.
// It tells whether a key that is asked for is theirs, so that they are not
// invited again, and whoever does not know the key cannot read it there. Who
// has the ledger can still try addresses, one by one.
type standIn struct {
	short uint64 // what index and tail have for the key, so that both can be made anew
	salt  salt
	mac   [sha256.Size]byte // HMAC-SHA-256 of the key under the salt
}

// A salt is drawn anew each time that somebody is forgotten: neither a table
// made beforehand nor another ledger tells who a stand-in is of.
type salt [16]byte

func newSalt() salt {
	var s salt
	_, _ = rand.Read(s[:]) // never fails
	return s
}

const (
	standInPrefix = "forgotten:"
	shortSize     = hashBits / 8
	standInSize   = shortSize + len(salt{}) + sha256.Size + crc32.Size
	standInLength = len(standInPrefix) + 2*standInSize
)

func (s salt) standIn(baseURL string, k batch.Key) *standIn {
	return &standIn{newHasher(baseURL).short(k), s, s.mac(baseURL, k)}
}

func (s salt) mac(baseURL string, k batch.Key) (sum [sha256.Size]byte) {
	h := hmac.New(sha256.New, s[:])
	for _, text := range []string{baseURL, k.InterviewID, k.Email} {
		h.Write([]byte(text))
		h.Write([]byte{0xff}) // which no text has
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// String returns what stands in requests.people. Behind all else is a checksum:
// with a flipped bit it would be a stand-in of nobody.
func (s *standIn) String() string {
	b := binary.BigEndian.AppendUint64(nil, s.short)[8-shortSize:]
	b = append(append(b, s.salt[:]...), s.mac[:]...)
	b = binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
	return standInPrefix + hex.EncodeToString(b)
}

func isStandIn(text string) bool { return strings.HasPrefix(text, standInPrefix) }

// parseStandIn reads what String wrote.
func parseStandIn(text string) (s standIn, ok bool) {
	if len(text) != standInLength || !isStandIn(text) {
		return standIn{}, false
	}
	b, err := hex.DecodeString(text[len(standInPrefix):])
	if err != nil {
		return standIn{}, false
	}
	b, sum := b[:standInSize-crc32.Size], binary.BigEndian.Uint32(b[standInSize-crc32.Size:])
	if crc32.Checksum(b, castagnoli) != sum {
		return standIn{}, false
	}
	s.short = binary.BigEndian.Uint64(append(make([]byte, 8-shortSize), b[:shortSize]...))
	copy(s.salt[:], b[shortSize:])
	copy(s.mac[:], b[shortSize+len(s.salt):])
	return s, true
}

// isOf reports whether the stand-in is of the key.
func (s *standIn) isOf(baseURL string, k batch.Key) bool {
	return s.mac == s.salt.mac(baseURL, k)
}

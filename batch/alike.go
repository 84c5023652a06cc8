package batch

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
)

// alikes are the rows whose address an API may keep under another one, in eight
// bytes each: half of the hash of what all such forms of it have in common, and
// the row.
type alikes []uint64

// hasForms reports whether the address of a key may have another loose form than
// its own.
func hasForms(email string) bool {
	return strings.IndexByte(email, '+') >= 0 || strings.HasSuffix(email, "@gmail.com") || strings.HasSuffix(email, "@googlemail.com") ||
		!isPlainLower(email)
}

// alikeHash is that of an address in the form that drops the most.
func (x *index) alikeHash(email string) uint32 {
	return uint32(maphash.String(x.seed, looseEmail(email, tagHabits{})) >> 32)
}

func (x *index) addAlike(row int, key Key) {
	if key.HasAddress() && hasForms(key.Email) {
		x.alikes = append(x.alikes, uint64(x.alikeHash(key.Email))<<32|uint64(row))
	}
}

// rowsAlike returns the rows that have the hash: a few others may be among them.
func (x *index) rowsAlike(hash uint32) (rows []int) {
	at, _ := slices.BinarySearchFunc(x.alikes, hash, func(a uint64, hash uint32) int { return cmp.Compare(uint32(a>>32), hash) })
	for ; at < len(x.alikes) && uint32(x.alikes[at]>>32) == hash; at++ {
		rows = append(rows, int(uint32(x.alikes[at])))
	}
	return rows
}

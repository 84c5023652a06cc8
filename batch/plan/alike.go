package plan

import (
	"cmp"
	"hash/maphash"
	"slices"

	"bulkinvite/batch"
)

// alikes are the rows whose address an API may keep under another one, in eight
// bytes each: half of the hash of what all such forms of it have in common, and
// the row.
type alikes []uint64

// AlikeHash is that of an address in the form that drops the most.
func (x *Index) AlikeHash(email string) uint32 {
	return uint32(maphash.String(x.Seed, batch.LooseEmail(email, batch.TagHabits{})) >> 32)
}

func (x *Index) addAlike(row int, key batch.Key) {
	if key.HasAddress() && batch.HasForms(key.Email) {
		x.alikes = append(x.alikes, uint64(x.AlikeHash(key.Email))<<32|uint64(row))
	}
}

// RowsAlike returns the rows that have the hash: a few others may be among them.
func (x *Index) RowsAlike(hash uint32) (rows []int) {
	at, _ := slices.BinarySearchFunc(x.alikes, hash, func(a uint64, hash uint32) int { return cmp.Compare(uint32(a>>32), hash) })
	for ; at < len(x.alikes) && uint32(x.alikes[at]>>32) == hash; at++ {
		rows = append(rows, int(uint32(x.alikes[at])))
	}
	return rows
}

package account

import (
	"cmp"
	"hash/maphash"
	"slices"

	"bulkinvite/batch"
)

// alikes are the rows whose address an API may keep under another one, in eight
// bytes each: what Alike returns, and the row.
type alikes []uint64

// Alike returns what an address has in common with all under which an API may
// keep it: half of the hash of its form that drops the most.
func (x *index) Alike(email string) uint32 {
	return uint32(maphash.String(x.seed, batch.LooseEmail(email, batch.TagHabits{})) >> 32)
}

func (x *index) addAlike(row int, key batch.Key) {
	if key.HasAddress() && batch.HasForms(key.Email) {
		x.alikes = append(x.alikes, uint64(x.Alike(key.Email))<<32|uint64(row))
	}
}

// RowsAlike returns the rows that have this in common: a few others may be among
// them.
func (x *index) RowsAlike(hash uint32) (rows []int) {
	at, _ := slices.BinarySearchFunc(x.alikes, hash, func(a uint64, hash uint32) int { return cmp.Compare(uint32(a>>32), hash) })
	for ; at < len(x.alikes) && uint32(x.alikes[at]>>32) == hash; at++ {
		rows = append(rows, int(uint32(x.alikes[at])))
	}
	return rows
}

package ledger

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// An entry says that a request may name the key with a hash.
type entry struct {
	hash    uint64
	request int64
}

func (e entry) less(other entry) bool {
	return e.hash < other.hash || e.hash == other.hash && e.request < other.request
}

const (
	entrySize = 10
	// maxRequest is the greatest number of a request for which an entry has room.
	maxRequest = 1<<40 - 1
	// blockEntries is as many as fit with a row's other columns into one page.
	blockEntries = 400
)

// A block is a row of people_blocks: sorted entries, as schema.sql tells.
type block []byte

func (b block) add(e entry) block {
	b = binary.BigEndian.AppendUint64(b, e.hash<<24|uint64(e.request)>>16)
	return binary.BigEndian.AppendUint16(b, uint16(e.request))
}

func (b block) len() int { return len(b) / entrySize }

func (b block) hash(i int) uint64 { return binary.BigEndian.Uint64(b[i*entrySize:]) >> 24 }

func (b block) at(i int) entry {
	return entry{b.hash(i), int64(binary.BigEndian.Uint64(b[i*entrySize+2:]) & maxRequest)}
}

// search returns the position of the first entry that has the hash or a
// greater one. Hashes are spread evenly, so it is near where it begins, and
// little of the block has to come from memory.
func (b block) search(hash uint64) int {
	end := b.len() - 1
	first, last := b.hash(0), b.hash(end)
	switch {
	case hash <= first:
		return 0
	case hash > last:
		return end + 1
	}
	i := int((hash - first) * uint64(end) / (last - first))
	for b.hash(i) >= hash {
		i--
	}
	for b.hash(i) < hash {
		i++
	}
	return i
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (b block) checksum(id int64) int64 {
	sum := crc32.Checksum(binary.BigEndian.AppendUint64(nil, uint64(id)), castagnoli)
	return int64(crc32.Update(sum, castagnoli, b))
}

// check refuses a block that is not as it was written: somebody who is missing
// in it would be invited again.
func (b block) check(id, checksum int64) error {
	if len(b) == 0 || len(b)%entrySize != 0 || b.checksum(id) != checksum {
		return damagedIndex("block %d is not as it was written", id)
	}
	return nil
}

func damagedIndex(format string, args ...any) error {
	return fmt.Errorf("%w: in its index of people, %s", errDamaged, fmt.Sprintf(format, args...))
}

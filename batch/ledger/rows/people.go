package rows

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// An entry says that a request may name the key with a hash.
type entry struct {
	hash    uint64
	request int64
}

// people are sorted entries, ten bytes each.
type people []byte

const (
	entrySize  = 10
	maxRequest = 1<<40 - 1 // the greatest number that fits into an entry
)

func (p people) add(e entry) people {
	p = binary.BigEndian.AppendUint64(p, e.hash<<24|uint64(e.request)>>16)
	return binary.BigEndian.AppendUint16(p, uint16(e.request))
}

func (p people) Len() int { return len(p) / entrySize }

func (p people) hash(i int) uint64 { return binary.BigEndian.Uint64(p[i*entrySize:]) >> 24 }

func (p people) request(i int) int64 {
	return int64(binary.BigEndian.Uint64(p[i*entrySize+2:]) & maxRequest)
}

// merge sorts people that consist of two sorted parts, the first of n. It needs as
// much memory again as the second takes.
func (p people) merge(n int) {
	others := append(people(nil), p[n*entrySize:]...)
	for to, left := p.Len()-1, others.Len(); left > 0; to-- {
		from := others[(left-1)*entrySize:]
		if n > 0 && p.hash(n-1) > others.hash(left-1) { // of one hash, the first have the lower requests
			n--
			from = p[n*entrySize:]
		} else {
			left--
		}
		copy(p[to*entrySize:(to+1)*entrySize], from)
	}
}

// A segment has the people of the requests behind after, to last.
type segment struct {
	after, last int64
	entries     int
}

// An Index finds the requests that name a key, among those of earlier runs: one
// list in memory of all people, some 10.25 bytes each. It does not change during
// a run.
type Index struct {
	people
	segments []segment // that the list was made of, as they are in the ledger, the oldest first

	starts []uint32 // where to look for a hash, by its high bits
	shift  int      // to these bits
}

// startEntries is how many entries are looked through for one hash. They mostly
// come from memory in one go.
const startEntries = 4

// newIndex makes the index of the people of segments, one behind the other.
func newIndex(all people, segments []segment) *Index {
	x := &Index{people: all, segments: segments}
	end := all.Len()
	// The newest first: those before them are more than twice as many.
	for i, behind := len(segments)-1, 0; i > 0; i-- {
		behind += segments[i].entries
		before := segments[i-1].entries
		all[(end-behind-before)*entrySize:].merge(before)
	}
	x.shift = hashBits - bits.Len(uint(end/startEntries))
	x.starts = make([]uint32, 0, 1<<(hashBits-x.shift))
	for i := range end {
		for uint64(len(x.starts)) <= x.hash(i)>>x.shift {
			x.starts = append(x.starts, uint32(i))
		}
	}
	for len(x.starts) < cap(x.starts) {
		x.starts = append(x.starts, uint32(end))
	}
	return x
}

// search returns the position of the first entry with the hash or a greater one.
func (x *Index) search(hash uint64) int {
	i := int(x.starts[hash>>x.shift])
	for i < x.Len() && x.hash(i) < hash {
		i++
	}
	return i
}

// find returns the requests that may name the keys with these hashes.
func (x *Index) find(hashes []uint64) (found []Match) {
	for at, h := range hashes {
		for i := x.search(h); i < x.Len() && x.hash(i) == h; i++ {
			found = append(found, Match{at, x.request(i)})
		}
	}
	return found
}

// last returns the last request that the index has.
func (x *Index) last() int64 { return lastOf(x.segments) }

func lastOf(segments []segment) int64 {
	if len(segments) == 0 {
		return 0
	}
	return segments[len(segments)-1].last
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checksum returns that of a part of a segment.
func (s *segment) checksum(part, parts int, entries []byte) int64 {
	var b []byte
	for _, n := range []int64{s.after, s.last, int64(part), int64(parts)} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return int64(crc32.Update(crc32.Checksum(b, castagnoli), castagnoli, entries))
}

package batch

import (
	"fmt"
	"hash/maphash"
	"sync/atomic"
)

// An index finds the row that stands for a key, exactly and in a few bytes per
// row: a table of 32-bit hashes leads to rows, and one word per row to the
// place in the input where the key itself can be compared. The input's spool
// is on disk anyway, so keeping a million addresses in memory buys nothing.
//
// It is filled by one goroutine (the check pass) and then read by many, while
// words are replaced as outcomes become known.
type index struct {
	src   Source
	seed  maphash.Seed
	slots []uint64 // hash<<32 | row+1; 0 is free
	used  int
	words []uint64 // per row, see the tags
}

// What a row's word holds besides its tag, in its upper three bits.
const (
	tagPending   uint64 = iota << 61 // the row's Offset: nothing is known of it yet
	tagClaimed                       // the same: a request for it may be out
	tagDuplicate                     // the row that stands for it
	tagInvalid                       // nothing: it is never sent
	tagOutcome                       // where its outcome is in the outcomes file
	tagMask      = uint64(7) << 61
)

// A word is what the run knows of a row.
type word uint64

func (w word) tag() uint64  { return uint64(w) & tagMask }
func (w word) value() int64 { return int64(uint64(w) &^ tagMask) }

// maxRows is what a slot's 32 bits can name.
const maxRows = 1<<32 - 2

func newIndex(src Source) *index {
	return &index{src: src, seed: maphash.MakeSeed(), slots: make([]uint64, 1<<10)}
}

// add takes the next row in. It returns the row that stands for its key, which
// is the row itself unless it is a duplicate.
func (x *index) add(row *Row) (int, error) {
	if row.Index != len(x.words) {
		return 0, fmt.Errorf("row %d came as number %d", row.Index, len(x.words))
	}
	if len(x.words) >= maxRows {
		return 0, fmt.Errorf("more than %d rows; split the file", maxRows)
	}
	if row.Problem != nil {
		x.words = append(x.words, tagInvalid)
		return row.Index, nil
	}
	key := row.Candidate.Key()
	first, _, slot, err := x.probe(key, nil)
	if err != nil {
		return 0, err
	}
	if first >= 0 {
		x.words = append(x.words, tagDuplicate|uint64(first))
		return first, nil
	}
	x.words = append(x.words, tagPending|uint64(row.Offset))
	x.slots[slot] = uint64(x.hash(key))<<32 | uint64(row.Index+1)
	x.used++
	if x.used > len(x.slots)/4*3 {
		x.grow()
	}
	return row.Index, nil
}

func (x *index) hash(key Key) uint32 {
	return uint32(maphash.Comparable(x.seed, key))
}

// home is where the search for a hash begins, evenly over any number of slots.
func (x *index) home(hash uint32) int {
	return int(uint64(hash) * uint64(len(x.slots)) >> 32)
}

// locate returns the row that stands for key, and its candidate; -1 if the
// input has none.
func (x *index) locate(key Key, out *outcomes) (row int, c Candidate, err error) {
	row, c, _, err = x.probe(key, out)
	return row, c, err
}

// probe is locate that also tells the slot where a new key would go. Two keys
// with one hash are told apart by reading the row again.
func (x *index) probe(key Key, out *outcomes) (row int, c Candidate, slot int, err error) {
	hash := x.hash(key)
	for slot = x.home(hash); x.slots[slot] != 0; slot = (slot + 1) % len(x.slots) {
		if uint32(x.slots[slot]>>32) != hash {
			continue
		}
		row = int(uint32(x.slots[slot])) - 1
		c, err := x.candidate(row, out)
		if err != nil {
			return 0, c, 0, err
		}
		if c.Key() == key {
			return row, c, slot, nil
		}
	}
	return -1, Candidate{}, slot, nil
}

// candidate reads a row from the input again. out is where the offsets of rows
// with an outcome are; nil while there are none.
func (x *index) candidate(row int, out *outcomes) (Candidate, error) {
	w := x.word(row)
	offset := w.value()
	if w.tag() == tagOutcome {
		var err error
		if offset, err = out.inputOffset(offset); err != nil {
			return Candidate{}, err
		}
	}
	r, err := x.src.At(offset)
	if err != nil {
		return Candidate{}, fmt.Errorf("read a row again: %w", err)
	}
	return r.Candidate, nil
}

// grow takes half as much again: doubling would leave more than half empty.
func (x *index) grow() {
	old := x.slots
	x.slots = make([]uint64, len(old)/2*3)
	for _, s := range old {
		if s == 0 {
			continue
		}
		slot := x.home(uint32(s >> 32))
		for x.slots[slot] != 0 {
			slot = (slot + 1) % len(x.slots)
		}
		x.slots[slot] = s
	}
}

// free gives the memory back; the index is of no use afterwards.
func (x *index) free() { x.slots, x.words = nil, nil }

func (x *index) word(row int) word { return word(atomic.LoadUint64(&x.words[row])) }

// pending reports whether nothing is known yet of a row that can be sent.
func (x *index) pending(row int) bool { return x.word(row).pending() }

func (w word) pending() bool { return w.tag() == tagPending || w.tag() == tagClaimed }

// setOutcome notes where the outcome of a row is, and reports whether it is the
// first one: two who learn of a person at the same time count them once.
func (x *index) setOutcome(row int, at int64) (first bool) {
	return x.change(row, func(word) uint64 { return tagOutcome | uint64(at) })
}

// replaceOutcome is for a row that has an outcome.
func (x *index) replaceOutcome(row int, at int64) {
	atomic.StoreUint64(&x.words[row], tagOutcome|uint64(at))
}

// change replaces the word of a row that is pending, and reports whether it is.
func (x *index) change(row int, to func(word) uint64) bool {
	for {
		w := x.word(row)
		if !w.pending() {
			return false
		}
		if atomic.CompareAndSwapUint64(&x.words[row], uint64(w), to(w)) {
			return true
		}
	}
}

// claimed notes that a request for a row without an outcome may be out from
// now on, or that it is known that none is. If the run breaks off in between,
// the row must not be called not_sent.
func (x *index) claimed(row int, out bool) {
	tag := tagPending
	if out {
		tag = tagClaimed
	}
	x.change(row, func(w word) uint64 { return tag | uint64(w.value()) })
}

package account

import (
	"fmt"
	"hash/maphash"
	"sync/atomic"

	"bulkinvite/batch"
)

// An index finds the row that stands for a key, exactly and in some 16 bytes
// per row: a table of row numbers by hash, for each row 37 bits of its hash,
// and the place in the input where the key itself can be compared. The input's
// spool is on disk anyway, so keeping a million addresses in memory buys
// nothing.
//
// It is filled by one goroutine (the check pass) and then read by many, while
// one replaces words as outcomes become known.
type index struct {
	src   batch.Source
	seed  maphash.Seed
	slots []uint32 // row+1; 0 is free
	used  int
	rows  int
	parts []*indexPart // of partRows rows each: growing moves nothing

	alikes   alikes    // sorted once the index is filled
	outcomes *outcomes // nil while no row has one
}

// An indexPart is what the index keeps of some rows that follow each other.
type indexPart struct {
	words  [partRows]uint64 // see the tags
	hashes [partRows]uint16 // the upper bits of the hash; the lower ones are in the word
}

const partRows = 1 << 15

// A word has a tag in its upper three bits, the lower 21 bits of the hash of
// the row's key, and a value of 40 bits, which the tags tell the meaning of.
const (
	tagPending   uint64 = iota << 61 // the row's Offset: nothing is known of it yet
	tagClaimed                       // the same: a request for it may be out
	tagDuplicate                     // the row that stands for it
	tagInvalid                       // nothing: it is never sent
	tagOutcome                       // where its outcome is in the outcomes file
	tagMask      = uint64(7) << 61

	valueBits = 40
	valueMask = 1<<valueBits - 1
	lowBits   = 21
	lowMask   = 1<<lowBits - 1
	hashBits  = lowBits + 16
)

// A word is what the run knows of a row.
type word uint64

// tag says what is known of the row.
func (w word) tag() uint64 { return uint64(w) & tagMask }

// value is what the tag tells the meaning of.
func (w word) value() int64 { return int64(w & valueMask) }

// with returns the word of the same row with another tag and value.
func (w word) with(tag uint64, value int64) word {
	return word(tag | uint64(w)&(lowMask<<valueBits) | uint64(value))
}

// How much an index can name.
const (
	maxRows   = 1<<32 - 2 // what a slot can name
	maxOffset = valueMask // what a word can name: a tebibyte
)

func newIndex(src batch.Source) index {
	return index{src: src, seed: maphash.MakeSeed(), slots: make([]uint32, 1<<10)}
}

// Add takes the next row in, which has this key if it is valid. It returns the
// row that stands for its key, which is the row itself unless it is a duplicate,
// and of a duplicate that row's candidate.
func (x *index) Add(row *batch.Row, key batch.Key) (int, batch.Candidate, error) {
	switch {
	case row.Index != x.rows:
		return 0, batch.Candidate{}, fmt.Errorf("row %d came as number %d", row.Index, x.rows)
	case x.rows >= maxRows:
		return 0, batch.Candidate{}, fmt.Errorf("more than %d rows; split the file", maxRows)
	case row.Offset > maxOffset:
		return 0, batch.Candidate{}, fmt.Errorf("the input is larger than %d bytes; split the file", int64(maxOffset))
	}
	if row.Problem != nil {
		x.append(0, word(tagInvalid))
		return row.Index, batch.Candidate{}, nil
	}
	hash := x.hash(key)
	first, candidate, slot, err := x.probe(key, hash)
	if err != nil {
		return 0, batch.Candidate{}, err
	}
	if first >= 0 {
		x.append(0, word(tagDuplicate|uint64(first)))
		return first, candidate, nil
	}
	x.append(hash, word(0).with(tagPending, row.Offset))
	x.addAlike(row.Index, key)
	x.slots[slot] = uint32(row.Index + 1)
	x.used++
	if x.used > len(x.slots)/4*3 {
		x.grow()
	}
	return row.Index, batch.Candidate{}, nil
}

// append adds the word of the next row and its hash.
func (x *index) append(hash uint64, w word) {
	if x.rows%partRows == 0 {
		x.parts = append(x.parts, &indexPart{})
	}
	part, at := x.parts[x.rows/partRows], x.rows%partRows
	part.words[at] = uint64(w) | (hash&lowMask)<<valueBits
	part.hashes[at] = uint16(hash >> lowBits)
	x.rows++
}

func (x *index) hash(key batch.Key) uint64 {
	return maphash.Comparable(x.seed, key) >> (64 - hashBits)
}

// hashOf returns the hash of a row that stands for its key.
func (x *index) hashOf(row int) uint64 {
	part, at := x.parts[row/partRows], row%partRows
	low := atomic.LoadUint64(&part.words[at]) >> valueBits & lowMask
	return uint64(part.hashes[at])<<lowBits | low
}

// home is where the search for a hash begins, evenly over any number of slots.
func (x *index) home(hash uint64) int {
	return int(hash >> (hashBits - 32) * uint64(len(x.slots)) >> 32)
}

// Locate returns the row that stands for key, and its candidate; -1 if the
// input has none.
func (x *index) Locate(key batch.Key) (row int, c batch.Candidate, err error) {
	row, c, _, err = x.probe(key, x.hash(key))
	return row, c, err
}

// probe is locate that also tells the slot where a new key would go. Two keys
// with one hash are told apart by reading the row again.
func (x *index) probe(key batch.Key, hash uint64) (row int, c batch.Candidate, slot int, err error) {
	for slot = x.home(hash); x.slots[slot] != 0; slot = x.after(slot) {
		row = int(x.slots[slot]) - 1
		if x.hashOf(row) != hash {
			continue
		}
		c, err := x.Candidate(row)
		if err != nil {
			return 0, c, 0, err
		}
		if c.Key() == key {
			return row, c, slot, nil
		}
	}
	return -1, batch.Candidate{}, slot, nil
}

// Candidate reads a row from the input again.
func (x *index) Candidate(row int) (batch.Candidate, error) {
	w := x.word(row)
	offset := w.value()
	if w.tag() == tagOutcome {
		var err error
		if offset, err = x.outcomes.inputOffset(offset); err != nil {
			return batch.Candidate{}, err
		}
	}
	r, err := x.src.At(offset)
	if err != nil {
		return batch.Candidate{}, fmt.Errorf("read a row again: %w", err)
	}
	return r.Candidate, nil
}

// after is the next slot to look at.
func (x *index) after(slot int) int {
	if slot+1 < len(x.slots) {
		return slot + 1
	}
	return 0
}

// grow takes half as much again: doubling would leave more than half empty.
func (x *index) grow() {
	old := x.slots
	x.slots = make([]uint32, len(old)/2*3)
	for _, s := range old {
		if s == 0 {
			continue
		}
		slot := x.home(x.hashOf(int(s) - 1))
		for x.slots[slot] != 0 {
			slot = x.after(slot)
		}
		x.slots[slot] = s
	}
}

func (x *index) place(row int) *uint64 { return &x.parts[row/partRows].words[row%partRows] }

// word returns what is known of a row.
func (x *index) word(row int) word { return word(atomic.LoadUint64(x.place(row))) }

// set replaces the word of a row. One goroutine at a time does so, while others
// read words.
func (x *index) set(row int, w word) { atomic.StoreUint64(x.place(row), uint64(w)) }

// Pending reports whether nothing is known yet of a row that can be sent.
func (x *index) Pending(row int) bool { return x.word(row).pending() }

func (w word) pending() bool { return w.tag() == tagPending || w.tag() == tagClaimed }

// Untouched reports whether a row is pending, and no request for it may be out.
func (x *index) Untouched(row int) bool { return x.word(row).tag() == tagPending }

// SetClaimed marks a pending row whose request may be out, or of which it is
// known that none is. A run that breaks off calls the former uncertain and the
// latter not_sent.
func (x *index) SetClaimed(row int, out bool) {
	tag := tagPending
	if out {
		tag = tagClaimed
	}
	if w := x.word(row); w.pending() {
		x.set(row, w.with(tag, w.value()))
	}
}

package plan

import (
	"fmt"
	"hash/maphash"
	"sync/atomic"

	"bulkinvite/batch"
)

// An Index finds the row that stands for a key, exactly and in some 16 bytes
// per row: a table of row numbers by hash, for each row 37 bits of its hash,
// and the place in the input where the key itself can be compared. The input's
// spool is on disk anyway, so keeping a million addresses in memory buys
// nothing.
//
// It is filled by one goroutine (the check pass) and then read by many, while
// one replaces words as outcomes become known.
type Index struct {
	src   batch.Source
	Seed  maphash.Seed
	slots []uint32 // row+1; 0 is free
	used  int
	rows  int
	parts []*indexPart // of partRows rows each: growing moves nothing

	alikes alikes // sorted once the index is filled
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
	TagPending   uint64 = iota << 61 // the row's Offset: nothing is known of it yet
	TagClaimed                       // the same: a request for it may be out
	TagDuplicate                     // the row that stands for it
	TagInvalid                       // nothing: it is never sent
	TagOutcome                       // where its outcome is in the outcomes file
	tagMask      = uint64(7) << 61

	valueBits = 40
	valueMask = 1<<valueBits - 1
	lowBits   = 21
	lowMask   = 1<<lowBits - 1
	hashBits  = lowBits + 16
)

// A Word is what the run knows of a row.
type Word uint64

// Tag says what is known of the row.
func (w Word) Tag() uint64 { return uint64(w) & tagMask }

// Value is what the tag tells the meaning of.
func (w Word) Value() int64 { return int64(w & valueMask) }

// with returns the word of the same row with another tag and value.
func (w Word) with(tag uint64, value int64) Word {
	return Word(tag | uint64(w)&(lowMask<<valueBits) | uint64(value))
}

// How much an Index can name.
const (
	maxRows   = 1<<32 - 2 // what a slot can name
	MaxOffset = valueMask // what a word can name: a tebibyte
)

// NewIndex returns an index of a source, without rows.
func NewIndex(src batch.Source) *Index {
	return &Index{src: src, Seed: maphash.MakeSeed(), slots: make([]uint32, 1<<10)}
}

// Add takes the next row in, which has this key if it is valid. It returns the
// row that stands for its key, which is the row itself unless it is a duplicate,
// and of a duplicate that row's candidate.
func (x *Index) Add(row *batch.Row, key batch.Key) (int, batch.Candidate, error) {
	switch {
	case row.Index != x.rows:
		return 0, batch.Candidate{}, fmt.Errorf("row %d came as number %d", row.Index, x.rows)
	case x.rows >= maxRows:
		return 0, batch.Candidate{}, fmt.Errorf("more than %d rows; split the file", maxRows)
	case row.Offset > MaxOffset:
		return 0, batch.Candidate{}, fmt.Errorf("the input is larger than %d bytes; split the file", int64(MaxOffset))
	}
	if row.Problem != nil {
		x.append(0, Word(TagInvalid))
		return row.Index, batch.Candidate{}, nil
	}
	hash := x.hash(key)
	first, candidate, slot, err := x.probe(key, hash, nil)
	if err != nil {
		return 0, batch.Candidate{}, err
	}
	if first >= 0 {
		x.append(0, Word(TagDuplicate|uint64(first)))
		return first, candidate, nil
	}
	x.append(hash, Word(0).with(TagPending, row.Offset))
	x.addAlike(row.Index, key)
	x.slots[slot] = uint32(row.Index + 1)
	x.used++
	if x.used > len(x.slots)/4*3 {
		x.grow()
	}
	return row.Index, batch.Candidate{}, nil
}

// append adds the word of the next row and its hash.
func (x *Index) append(hash uint64, w Word) {
	if x.rows%partRows == 0 {
		x.parts = append(x.parts, &indexPart{})
	}
	part, at := x.parts[x.rows/partRows], x.rows%partRows
	part.words[at] = uint64(w) | (hash&lowMask)<<valueBits
	part.hashes[at] = uint16(hash >> lowBits)
	x.rows++
}

func (x *Index) hash(key batch.Key) uint64 {
	return maphash.Comparable(x.Seed, key) >> (64 - hashBits)
}

// hashOf returns the hash of a row that stands for its key.
func (x *Index) hashOf(row int) uint64 {
	part, at := x.parts[row/partRows], row%partRows
	low := atomic.LoadUint64(&part.words[at]) >> valueBits & lowMask
	return uint64(part.hashes[at])<<lowBits | low
}

// home is where the search for a hash begins, evenly over any number of slots.
func (x *Index) home(hash uint64) int {
	return int(hash >> (hashBits - 32) * uint64(len(x.slots)) >> 32)
}

// offsets tells where in the input a row stands whose word names its outcome.
type offsets interface {
	InputOffset(outcome int64) (int64, error)
}

// Locate returns the row that stands for key, and its candidate; -1 if the
// input has none.
func (x *Index) Locate(key batch.Key, out offsets) (row int, c batch.Candidate, err error) {
	row, c, _, err = x.probe(key, x.hash(key), out)
	return row, c, err
}

// probe is locate that also tells the slot where a new key would go. Two keys
// with one hash are told apart by reading the row again.
func (x *Index) probe(key batch.Key, hash uint64, out offsets) (row int, c batch.Candidate, slot int, err error) {
	for slot = x.home(hash); x.slots[slot] != 0; slot = x.after(slot) {
		row = int(x.slots[slot]) - 1
		if x.hashOf(row) != hash {
			continue
		}
		c, err := x.Candidate(row, out)
		if err != nil {
			return 0, c, 0, err
		}
		if c.Key() == key {
			return row, c, slot, nil
		}
	}
	return -1, batch.Candidate{}, slot, nil
}

// Candidate reads a row from the input again. out is where the offsets of rows
// with an outcome are; nil while there are none.
func (x *Index) Candidate(row int, out offsets) (batch.Candidate, error) {
	w := x.Word(row)
	offset := w.Value()
	if w.Tag() == TagOutcome {
		var err error
		if offset, err = out.InputOffset(offset); err != nil {
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
func (x *Index) after(slot int) int {
	if slot+1 < len(x.slots) {
		return slot + 1
	}
	return 0
}

// grow takes half as much again: doubling would leave more than half empty.
func (x *Index) grow() {
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

// Free gives the memory back; the index is of no use afterwards.
func (x *Index) Free() { x.slots, x.parts, x.alikes = nil, nil, nil }

func (x *Index) place(row int) *uint64 { return &x.parts[row/partRows].words[row%partRows] }

// Word returns what is known of a row.
func (x *Index) Word(row int) Word { return Word(atomic.LoadUint64(x.place(row))) }

// Pending reports whether nothing is known yet of a row that can be sent.
func (x *Index) Pending(row int) bool { return x.Word(row).pending() }

func (w Word) pending() bool { return w.Tag() == TagPending || w.Tag() == TagClaimed }

// SetOutcome notes where the outcome of a row is, and reports whether it is the
// first one. One goroutine at a time changes words, while others read them.
func (x *Index) SetOutcome(row int, at int64) (first bool) {
	return x.change(row, func(w Word) Word { return w.with(TagOutcome, at) })
}

// ReplaceOutcome is SetOutcome for a row that has an outcome.
func (x *Index) ReplaceOutcome(row int, at int64) {
	atomic.StoreUint64(x.place(row), uint64(x.Word(row).with(TagOutcome, at)))
}

// change replaces the word of a row that is pending, and reports whether it is.
func (x *Index) change(row int, to func(Word) Word) bool {
	w := x.Word(row)
	if !w.pending() {
		return false
	}
	atomic.StoreUint64(x.place(row), uint64(to(w)))
	return true
}

// SetClaimed marks a row whose request may be out, or of which it is known that
// none is.
func (x *Index) SetClaimed(row int, out bool) {
	tag := TagPending
	if out {
		tag = TagClaimed
	}
	x.change(row, func(w Word) Word { return w.with(tag, w.Value()) })
}

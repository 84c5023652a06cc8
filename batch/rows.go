package batch

import "encoding/binary"

// A rowSet is a set of rows in one bit each.
type rowSet struct {
	bits []uint64
	size int
}

func (s *rowSet) add(row uint32) {
	for int(row/64) >= len(s.bits) {
		s.bits = append(s.bits, make([]uint64, len(s.bits)+64)...)
	}
	if bit := uint64(1) << (row % 64); s.bits[row/64]&bit == 0 {
		s.bits[row/64] |= bit
		s.size++
	}
}

func (s *rowSet) remove(row uint32) {
	if int(row/64) >= len(s.bits) {
		return
	}
	if bit := uint64(1) << (row % 64); s.bits[row/64]&bit != 0 {
		s.bits[row/64] &^= bit
		s.size--
	}
}

// addAll adds the rows of a list.
func (s *rowSet) addAll(l *rowList) {
	rest, row := l.steps, int64(0)
	for len(rest) > 0 {
		step, n := binary.Varint(rest)
		row, rest = row+step, rest[n:]
		s.add(uint32(row))
	}
}

// A rowList is a list of rows, each as the step from the one before: rows of
// one interview that were sent together lie near each other, so that nearly
// all steps take a byte.
type rowList struct {
	steps []byte
	last  int64
}

func (l *rowList) add(row uint32) {
	l.steps = binary.AppendVarint(l.steps, int64(row)-l.last)
	l.last = int64(row)
}

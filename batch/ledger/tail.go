package ledger

// A tail is what a run knows of keys by their hashes: which requests that the
// index does not have name them, and that the index does not know them, so that
// a claim need not ask it again about somebody who was looked up before.
//
// It is a hash table with open addressing that takes 15 to 22 bytes for a key:
// a run may have millions.
type tail struct {
	base     int64           // all requests in it have higher numbers
	segments [64]tailSegment // by 6 bits of the hash: growing is done in small steps
}

// A tailSegment has slots in two parallel slices. A number is 0 if its slot is
// free; else it has the number of a request, counted from the base, or 0 there,
// and strange.
type tailSegment struct {
	hashes  []uint64
	numbers []uint32
	used    int
}

// strange marks hashes that are not in the index. It leaves 31 bits for the
// requests of a run.
const strange = 1 << 31

func (t *tail) segment(hash uint64) *tailSegment { return &t.segments[hash%64] }

// add adds that a request names the key.
func (t *tail) add(hash uint64, request int64) {
	number := uint32(request - t.base)
	s := t.segment(hash)
	for i := range s.slots(hash) {
		if s.numbers[i] == strange {
			s.numbers[i] |= number
			return
		}
	}
	s.put(hash, number)
}

// addStrange adds that the index does not have the hash.
func (t *tail) addStrange(hash uint64) {
	s := t.segment(hash)
	for i := range s.slots(hash) {
		s.numbers[i] |= strange
		return
	}
	s.put(hash, strange)
}

func (t *tail) isStrange(hash uint64) bool {
	s := t.segment(hash)
	for i := range s.slots(hash) {
		if s.numbers[i]&strange != 0 {
			return true
		}
	}
	return false
}

// requests yields the requests that may name the key.
func (t *tail) requests(hash uint64) func(yield func(int64) bool) {
	return func(yield func(int64) bool) {
		s := t.segment(hash)
		for i := range s.slots(hash) {
			if number := s.numbers[i] &^ strange; number != 0 && !yield(t.base+int64(number)) {
				return
			}
		}
	}
}

// slots yields the slots with the hash.
func (s *tailSegment) slots(hash uint64) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		if s.used == 0 {
			return
		}
		for i := s.start(hash); s.numbers[i] != 0; i = s.next(i) {
			if s.hashes[i] == hash && !yield(i) {
				return
			}
		}
	}
}

func (s *tailSegment) put(hash uint64, number uint32) {
	if 5*(s.used+1) > 4*len(s.hashes) {
		s.grow()
	}
	i := s.start(hash)
	for s.numbers[i] != 0 {
		i = s.next(i)
	}
	s.hashes[i], s.numbers[i] = hash, number
	s.used++
}

// grow takes half as much again: doubling would leave more than half empty.
func (s *tailSegment) grow() {
	old := *s
	size := max(len(old.hashes)*3/2, 16)
	*s = tailSegment{hashes: make([]uint64, size), numbers: make([]uint32, size)}
	for i, number := range old.numbers {
		if number != 0 {
			s.put(old.hashes[i], number)
		}
	}
}

// start maps the high half of a hash to a slot, evenly, without a division.
func (s *tailSegment) start(hash uint64) int {
	return int(hash >> 32 * uint64(len(s.hashes)) >> 32)
}

func (s *tailSegment) next(i int) int {
	if i++; i < len(s.hashes) {
		return i
	}
	return 0
}

package rows

import "iter"

// A Tail says which requests name a key, by its hash, for requests that the
// index does not have. A run may claim millions of people, so it takes some ten
// bytes for each, and grows in small steps; and it is sorted, so that the index
// is made of it without more memory.
//
// It is a hash table whose places ascend with the hashes. What is pushed off its
// place is sorted, too: looking for a hash goes on to the first greater one or
// free slot, and adding one moves the greater ones behind it.
type Tail struct {
	Base  int64 // all requests in it have higher numbers
	parts [1 << (hashBits - restBits)]tailPart
}

// restBits is how much of a hash a slot has. The rest, the high bits, are the
// number of the part that it is in.
const restBits = 32

// A tailPart has in each slot the rest of a hash and the number of a request,
// counted from the base, 32 bits each; 0 if the slot is free.
type tailPart struct {
	slots  []uint64 // the places, and some room for what is pushed off the last ones
	places int
	used   int
}

// maxReserved bounds the memory that is reserved, to some 170 MB.
const maxReserved = 1 << 24

// Reserve makes room for so many people in an empty tail. A few percent of them
// already use nearly all of the memory, since they are spread over it.
func (t *Tail) Reserve(people int) {
	each := min(max(people, 0), maxReserved) / len(t.parts)
	for i := range t.parts {
		t.parts[i].reserve(each*6/5 + i/16) // an eighth stays free, and not all parts get the same
	}
}

// Add adds that a request names the key. Adding it again does nothing.
func (t *Tail) Add(hash uint64, request int64) {
	number := hash >> restBits
	p, slot := &t.parts[number], hash<<(64-restBits)|uint64(request-t.Base)
	for 8*p.used >= 7*p.places || !p.put(slot) {
		p.grow(int(number))
	}
}

// Requests yields the requests that may name the key, in their order.
func (t *Tail) Requests(hash uint64) iter.Seq[int64] {
	return func(yield func(int64) bool) {
		p, rest := &t.parts[hash>>restBits], hash&(1<<restBits-1)
		for i := p.place(rest); i < len(p.slots) && p.slots[i] != 0 && p.slots[i]>>32 <= rest; i++ {
			if p.slots[i]>>32 == rest && !yield(t.Base+int64(uint32(p.slots[i]))) {
				return
			}
		}
	}
}

// len returns how many hashes were added.
func (t *Tail) len() int {
	sum := 0
	for i := range t.parts {
		sum += t.parts[i].used
	}
	return sum
}

// drain yields what the tail has, sorted, and frees it on the way.
func (t *Tail) drain() iter.Seq[entry] {
	return func(yield func(entry) bool) {
		for number := range t.parts {
			slots := t.parts[number].slots
			t.parts[number] = tailPart{}
			for _, slot := range slots {
				if slot != 0 && !yield(entry{uint64(number)<<restBits | slot>>32, t.Base + int64(uint32(slot))}) {
					return
				}
			}
		}
	}
}

// place maps the rest of a hash to its place, evenly, without a division.
func (p *tailPart) place(rest uint64) int { return int(rest * uint64(p.places) >> restBits) }

// put puts a slot where it belongs, unless it is there. It needs a free one,
// and reports whether there is one behind its place.
func (p *tailPart) put(slot uint64) bool {
	i := p.place(slot >> 32)
	for i < len(p.slots) && p.slots[i] != 0 && p.slots[i] < slot {
		i++
	}
	free := i
	for free < len(p.slots) && p.slots[free] != 0 {
		free++
	}
	switch {
	case i < free && p.slots[i] == slot:
		return true
	case free == len(p.slots):
		return false
	}
	copy(p.slots[i+1:free+1], p.slots[i:free])
	p.slots[i] = slot
	p.used++
	return true
}

// reserve makes so many free places.
func (p *tailPart) reserve(places int) {
	p.places, p.slots = places, make([]uint64, places+places/32+32)
}

// grow adds a quarter to the places: doubling would leave more than half free.
// The parts begin with different sizes, so that they do not all grow at once.
func (p *tailPart) grow(number int) {
	old := p.slots
	p.reserve(max(p.places+p.places/4, 64+number/16))
	next := 0
	for _, slot := range old {
		if slot != 0 {
			next = max(next, p.place(slot>>32))
			p.slots[next] = slot
			next++
		}
	}
}

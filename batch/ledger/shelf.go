package ledger

import (
	"hash/maphash"
	"os"
	"slices"
	"sync"

	"bulkinvite/batch/file"
)

// A shelf keeps requests of earlier runs, packed, in an unlinked temporary file.
// An input that was sorted anew names few people each of very many requests at
// a time. Reading all of each request from the database for them takes some
// twenty times as long as people take in the order of the ledger, and the
// requests of a million people are too large for memory.
//
// It may lack anything, as for want of room: that is read from the database.
type shelf struct {
	seed maphash.Seed
	last int64 // requests behind this one are of the run itself, and change often

	mu      sync.Mutex
	reads   int // of requests for few of their people
	file    *os.File
	closed  bool
	places  map[int64]shelfPlace
	changed map[int64]struct{} // requests that got an answer since the run began
	buf     []byte             // not yet written; begins at flushed
	flushed int64
}

// A shelfPlace is where a request is in the file.
type shelfPlace struct {
	request, offset int64
	size            int
}

const (
	// fewPeople is how many of a request are found faster one by one on the
	// shelf than by reading all of them.
	fewPeople = 4
	// shelfAfter is how many requests are read for few people before any is kept.
	shelfAfter = 512
	// shelfBytes bounds the file. The requests of ten million people take a
	// third of it.
	shelfBytes = 1 << 30
	shelfFlush = 64 << 10
)

func newShelf(last int64) *shelf {
	return &shelf{seed: maphash.MakeSeed(), last: last, places: map[int64]shelfPlace{}, changed: map[int64]struct{}{}}
}

// A portion is what a look-up does at once: the requests that it has to read,
// in their order, and those on the shelf.
type portion struct {
	read    []int64
	shelve  bool // put what is read on the shelf
	shelved []shelfPlace
	left    []match // for the next portion
}

// split takes the first portion of matches, which are sorted by request.
func (s *shelf) split(found []match) portion {
	s.mu.Lock()
	defer s.mu.Unlock()
	todo := portion{read: make([]int64, 0, readRequests)}
	for todo.left = found; len(todo.left) > 0; {
		first := ofFirst(todo.left)
		few := len(first) <= fewPeople
		place, known := s.places[first[0].request]
		switch {
		case few && known:
			todo.shelved = append(todo.shelved, place)
		case len(todo.read) == readRequests:
			return todo
		default:
			todo.read = append(todo.read, first[0].request)
			if few {
				s.reads++
				todo.shelve = s.reads > shelfAfter
			}
		}
		todo.left = todo.left[len(first):]
	}
	return todo
}

// put keeps a request, unless it has changed since the run began: it may have
// been read before that. Little is saved by one with few people, and who was
// forgotten is found in another way.
func (s *shelf) put(r *request) {
	if r.id > s.last || r.forgotten || len(r.people) <= fewPeople {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, changed := s.changed[r.id]
	_, known := s.places[r.id]
	start := len(s.buf)
	if s.closed || changed || known || s.flushed+int64(start) > shelfBytes {
		return
	}
	s.buf = pack(s.buf, s.seed, r)
	s.places[r.id] = shelfPlace{r.id, s.flushed + int64(start), len(s.buf) - start}
	if len(s.buf) >= shelfFlush && s.flush() != nil {
		s.closeLocked() // whoever else needs the room shall have it
	}
}

func (s *shelf) flush() error {
	if s.file == nil {
		spool, err := file.Unlinked("bulkinvite-requests-*")
		if err != nil {
			return err
		}
		s.file = spool
	}
	if _, err := s.file.WriteAt(s.buf, s.flushed); err != nil {
		return err
	}
	s.flushed += int64(len(s.buf))
	s.buf = s.buf[:0]
	return nil
}

// get reads a packed request into the room of b; nil if it cannot be read.
func (s *shelf) get(b []byte, p shelfPlace) []byte {
	s.mu.Lock()
	file := s.file
	if at := p.offset - s.flushed; at >= 0 && !s.closed {
		b = append(b[:0], s.buf[at:][:p.size]...)
		s.mu.Unlock()
		return b
	}
	s.mu.Unlock()
	if file == nil {
		return nil
	}
	b = slices.Grow(b[:0], p.size)[:p.size]
	if _, err := file.ReadAt(b, p.offset); err != nil {
		return nil
	}
	return b
}

// drop takes out a request that has got another answer.
func (s *shelf) drop(id int64) {
	if id > s.last {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.places, id)
	s.changed[id] = struct{}{}
}

func (s *shelf) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeLocked()
}

func (s *shelf) closeLocked() {
	if s.file != nil {
		_ = s.file.Close() // what could be lost is not needed
	}
	s.closed, s.file, s.places, s.buf = true, nil, nil, nil
}

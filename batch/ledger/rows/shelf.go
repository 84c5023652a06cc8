package rows

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"bulkinvite/batch"
	"bulkinvite/batch/file"
)

// A shelf keeps what is known of the people in requests of earlier runs, so that
// one person is found without reading the others. An input that was sorted anew
// names few people each of very many requests at a time. Reading all of each
// request from the database for them takes some twenty times as long as people
// take in the order of the ledger.
//
// What most people have for themselves, the candidate id, is in an unlinked
// temporary file, at a place that is reckoned: it would take too much memory.
// It may lack anything, as for want of room, and whoever of a request is not like
// the others of it: that is read from the database.
type shelf struct {
	seed maphash.Seed
	last int64 // requests behind this one are of the run itself, and change often

	reads atomic.Int64 // of requests for few of their people

	mu       sync.RWMutex
	requests map[int64]shelved
	changed  map[int64]struct{} // requests that got an answer since the run began
	people   []shelvedPerson
	like     *alike // of the request that was put last
	file     *os.File
	size     int64
	closed   bool
}

// A shelved request has its people and, in the file, their slots one behind the
// other. A slot has 8 bytes of a hash of the address, and then the id, filled up
// with the mark.
//
// Nobody is taken for somebody else by that hash. It is only looked for in a
// request that the index names for the address, and the seed is another one in
// each process.
type shelved struct {
	people, end     int32  // positions
	like            *alike // mostly that of many requests
	width           int32  // of a slot
	offset          int64
	idFrom, urlFrom int64
}

// A shelvedPerson has the low bits of the hash and a one, or is 0 if they are not
// kept. There may be millions.
type shelvedPerson uint16

func shelve(hash uint64) shelvedPerson { return shelvedPerson(hash<<1 | 1) }

// alike is what the people of a request, and of many requests, have in common.
type alike struct {
	baseURL, interviewID, application string
	kind                              batch.Kind
	state                             batch.State
	by                                int64
	link                              commonLink // empty if there is none
}

// fits reports whether somebody's link, if any, is the one with their id.
func (a *alike) fits(p *Person) bool {
	if a.link == (commonLink{}) {
		return p.InviteURL == ""
	}
	return a.link.fits(p.InviteURL, p.CandidateID)
}

const (
	// fewPeople is how many of a request are found faster one by one on the
	// shelf than by reading all of them.
	fewPeople = 4
	// shelfAfter is how many requests are read for few people before any is kept.
	shelfAfter = 512
	// shelfBytes bounds the file. The requests of ten million people take half
	// of it.
	shelfBytes = 1 << 30

	slotHash = 8
	slotMark = "\xff" // which no text has
)

func newShelf(last int64) *shelf {
	return &shelf{
		seed: maphash.MakeSeed(), last: last, requests: map[int64]shelved{}, changed: map[int64]struct{}{},
	}
}

// serve adds to the folds of the keys what the shelf has of them, and returns
// the matches that are still to be read, sorted by request as these are.
func (s *shelf) serve(run int64, baseURL string, keys []batch.Key, found []Match, folds []Fold) (left []Match) {
	left = found[:0]
	s.mu.RLock()
	defer s.mu.RUnlock()
	var slot []byte
	for len(found) > 0 {
		first := ofFirst(found)
		found = found[len(first):]
		r, known := s.requests[first[0].Request]
		for _, m := range first {
			if known && len(first) <= fewPeople {
				if p, a := s.find(&r, baseURL, keys[m.at], &slot); a != nil {
					folds[m.at].Add(run, &Request{ID: m.Request, Kind: a.kind, Application: a.application}, &p)
					continue
				}
			}
			left = append(left, m) // it is not there, or somebody else with the same hash is
		}
	}
	return left
}

// find returns what a request says of the person with the key, if it is kept.
func (s *shelf) find(r *shelved, baseURL string, k batch.Key, slot *[]byte) (Person, *alike) {
	a := r.like
	if a.baseURL != baseURL || a.interviewID != k.InterviewID {
		return Person{}, nil
	}
	hash := maphash.String(s.seed, k.Email)
	like := shelve(hash)
	for i, known := range s.people[r.people:r.end] {
		if known != like {
			continue
		}
		*slot = slices.Grow((*slot)[:0], int(r.width))[:r.width]
		if _, err := s.file.ReadAt(*slot, r.offset+int64(i)*int64(r.width)); err != nil {
			return Person{}, nil
		}
		if binary.LittleEndian.Uint64(*slot) == hash {
			return r.person(bytes.TrimRight((*slot)[slotHash:], slotMark)), a
		}
	}
	return Person{}, nil
}

// person returns what is known of the person with an id. Id and link get one
// text, since they are mostly kept together.
func (r *shelved) person(id []byte) Person {
	a := r.like
	p := Person{State: a.state, By: a.by, IDFrom: r.idFrom, URLFrom: r.urlFrom, owned: true}
	link := a.link.before + string(id) + a.link.after
	p.CandidateID = link[len(a.link.before):][:len(id)]
	if a.link != (commonLink{}) {
		p.InviteURL = link
	}
	return p
}

// put keeps a request that was read for few of its people, if that has happened
// often, and unless it has changed since the run began: it may have been read
// before that. Little is saved by one with few people.
func (s *shelf) put(r *Request) {
	if s.reads.Add(1) <= shelfAfter || r.ID > s.last || len(r.People) <= fewPeople || r.Kind == batch.KindResend {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, changed := s.changed[r.ID]
	_, known := s.requests[r.ID]
	if s.closed || changed || known {
		return
	}
	first := &r.People[max(0, slices.IndexFunc(r.People, func(p Person) bool { return p.CandidateID != "" }))]
	like := alike{baseURL: r.BaseURL, interviewID: r.InterviewID, application: r.Application, kind: r.Kind, state: first.State, by: first.By}
	if first.CandidateID != "" {
		like.link.before, like.link.after, _ = strings.Cut(first.InviteURL, first.CandidateID)
	}
	if s.like == nil || *s.like != like {
		s.like = &like
	}
	kept := shelved{
		people: int32(len(s.people)), end: int32(len(s.people) + len(r.People)), like: s.like,
		offset: s.size, idFrom: first.IDFrom, urlFrom: first.URLFrom,
	}
	if !s.write(s.slots(&kept, r)) {
		s.closeLocked() // whoever else needs the room shall have it
		return
	}
	s.requests[r.ID] = kept
}

// slots adds the people of a request, and returns their slots.
func (s *shelf) slots(kept *shelved, r *Request) (slots []byte) {
	kept.width = slotHash
	for i := range r.People {
		kept.width = max(kept.width, slotHash+int32(len(r.People[i].CandidateID)))
	}
	slots = make([]byte, 0, len(r.People)*int(kept.width))
	for i := range r.People {
		hash, p := maphash.String(s.seed, r.Emails[i]), &r.People[i]
		slots = append(binary.LittleEndian.AppendUint64(slots, hash), p.CandidateID...)
		for len(slots) < (i+1)*int(kept.width) {
			slots = append(slots, slotMark...)
		}
		person := shelvedPerson(0)
		// Nobody who is found here is asked for Since.
		if *p == (Person{
			State: kept.like.state, By: kept.like.by, IDFrom: kept.idFrom, URLFrom: kept.urlFrom,
			Since: p.Since, owned: p.owned, CandidateID: p.CandidateID, InviteURL: p.InviteURL,
		}) && kept.like.fits(p) {
			person = shelve(hash)
		}
		s.people = append(s.people, person)
	}
	return slots
}

// write writes slots, and reports whether there was room.
func (s *shelf) write(slots []byte) bool {
	if s.file == nil {
		spool, err := file.Unlinked("bulkinvite-requests-*")
		if err != nil {
			return false
		}
		s.file = spool
	}
	_, err := s.file.WriteAt(slots, s.size)
	s.size += int64(len(slots))
	return err == nil && s.size <= shelfBytes
}

// Drop takes out a request that has got another answer.
func (s *shelf) Drop(id int64) {
	if id > s.last {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	s.changed[id] = struct{}{}
}

func (s *shelf) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeLocked()
}

func (s *shelf) closeLocked() {
	if s.file != nil {
		_ = s.file.Close() // what could be lost is not needed
	}
	s.closed, s.requests, s.people = true, nil, nil
}

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
// It may lack anything, as for want of room: that is read from the database.
type shelf struct {
	seed maphash.Seed
	last int64 // requests behind this one are of the run itself, and change often

	reads atomic.Int64 // of requests for few of their people

	mu       sync.RWMutex
	requests map[int64]shelved
	changed  map[int64]struct{} // requests that got an answer since the run began
	people   []shelvedPerson
	groups   []shelvedGroup
	alike    []alike
	numbers  map[alike]int32 // positions in alike
	slots    []byte          // of the request that is being put
	file     *os.File
	size     int64
	closed   bool
}

// A shelved request has its people, groups and, in the file, slots one behind the
// other. A slot has 8 bytes of a hash of the address, and then the texts, filled
// up with the mark.
//
// Nobody is taken for somebody else by that hash. It is only looked for in a
// request that the index names for the address, and the seed is another one in
// each process.
type shelved struct {
	people, end int32 // positions
	groups      int32
	width       int32 // of a slot
	offset      int64
}

// A shelvedPerson has the low bits of the hash, and behind them, in groupBits, a
// group of the request. There may be millions.
type shelvedPerson uint16

func shelve(hash uint64, group int) shelvedPerson {
	return shelvedPerson(hash<<groupBits) | shelvedPerson(min(group, noGroup))
}

// A shelvedGroup are people of a request of whom the same is known, but for their ids
// and perhaps links.
type shelvedGroup struct {
	alike           int32
	idFrom, urlFrom int64
}

// alike is what people of many requests have in common.
type alike struct {
	baseURL, interviewID, application string
	kind                              batch.Kind
	state                             batch.State
	by                                int64
	ownLink                           bool   // the link is in the slot, behind the id and a mark; else it is
	before, after                     string // the id between these, if they are not empty
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

	groupBits = 3
	noGroup   = 1<<groupBits - 1 // of people who are not kept

	slotHash = 8
	slotMark = "\xff" // which no text has
)

func newShelf(last int64) *shelf {
	return &shelf{
		seed: maphash.MakeSeed(), last: last, requests: map[int64]shelved{},
		changed: map[int64]struct{}{}, numbers: map[alike]int32{},
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
				if p, a := s.find(r, baseURL, keys[m.at], &slot); a != nil {
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
func (s *shelf) find(r shelved, baseURL string, k batch.Key, slot *[]byte) (Person, *alike) {
	hash := maphash.String(s.seed, k.Email)
	like := shelve(hash, 0)
	for i, known := range s.people[r.people:r.end] {
		group := known & noGroup
		if known&^noGroup != like || group == noGroup {
			continue
		}
		g := &s.groups[r.groups+int32(group)]
		a := &s.alike[g.alike]
		if a.baseURL != baseURL || a.interviewID != k.InterviewID {
			return Person{}, nil
		}
		*slot = slices.Grow((*slot)[:0], int(r.width))[:r.width]
		if _, err := s.file.ReadAt(*slot, r.offset+int64(i)*int64(r.width)); err != nil {
			return Person{}, nil
		}
		if binary.LittleEndian.Uint64(*slot) == hash {
			p := a.person((*slot)[slotHash:])
			p.IDFrom, p.urlFrom = g.idFrom, g.urlFrom
			return p, a
		}
	}
	return Person{}, nil
}

// person returns what is known of somebody with the texts of a slot. Id and link
// get one text, since they are mostly kept together.
func (a *alike) person(texts []byte) Person {
	p := Person{State: a.state, by: a.by, owned: true}
	texts = bytes.TrimRight(texts, slotMark)
	switch {
	case a.ownLink:
		p.CandidateID, p.inviteURL, _ = strings.Cut(string(texts), slotMark)
	case a.before != "" || a.after != "":
		p.inviteURL = a.before + string(texts) + a.after
		p.CandidateID = p.inviteURL[len(a.before):][:len(texts)]
	default:
		p.CandidateID = string(texts)
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
	kept := shelved{people: int32(len(s.people)), groups: int32(len(s.groups)), offset: s.size, width: slotHash}
	before, after := linkIn(r)
	for i := range r.People {
		kept.width = max(kept.width, slotHash+int32(len(r.People[i].CandidateID)))
		if p := &r.People[i]; !isLink(p, before, after) {
			kept.width = max(kept.width, slotHash+int32(len(p.CandidateID)+len(slotMark)+len(p.inviteURL)))
		}
	}
	s.slots = s.slots[:0]
	for i := range r.People {
		s.add(&kept, r, i, before, after)
	}
	kept.end = int32(len(s.people))
	if s.requests[r.ID] = kept; !s.write() {
		s.closeLocked() // whoever else needs the room shall have it
	}
}

// linkIn returns what is around the id in the first link that has it.
func linkIn(r *Request) (before, after string) {
	for i := range r.People {
		if p := &r.People[i]; p.CandidateID != "" && p.CandidateID != p.inviteURL {
			if before, after, found := strings.Cut(p.inviteURL, p.CandidateID); found {
				return before, after
			}
		}
	}
	return "", ""
}

// isLink reports whether somebody's link, if any, is the id between these.
func isLink(p *Person, before, after string) bool {
	rest, begins := strings.CutPrefix(p.inviteURL, before)
	id, ends := strings.CutSuffix(rest, after)
	return p.inviteURL == "" || before+after != "" && begins && ends && id == p.CandidateID
}

// add adds somebody to a request that is being put, but for who was forgotten or
// has a mark: of these something else is known of each.
func (s *shelf) add(kept *shelved, r *Request, at int, before, after string) {
	p := &r.People[at]
	like := alike{baseURL: r.BaseURL, interviewID: r.InterviewID, application: r.Application, kind: r.Kind, state: p.State, by: p.by}
	hash := maphash.String(s.seed, r.Emails[at])
	slot := append(binary.LittleEndian.AppendUint64(s.slots, hash), p.CandidateID...)
	switch {
	case !isLink(p, before, after):
		like.ownLink, slot = true, append(append(slot, slotMark...), p.inviteURL...)
	case p.inviteURL != "":
		like.before, like.after = before, after
	}
	for end := len(s.slots) + int(kept.width); len(slot) < end; {
		slot = append(slot, slotMark...)
	}
	s.slots = slot
	group := noGroup
	if !p.Forgotten && p.Mark == "" {
		group = s.groupOf(kept, like, p)
	}
	s.people = append(s.people, shelve(hash, group))
}

// groupOf returns the group of somebody in a request that is being put.
func (s *shelf) groupOf(kept *shelved, like alike, p *Person) int {
	groups := s.groups[kept.groups:]
	at := slices.IndexFunc(groups, func(g shelvedGroup) bool {
		return g.idFrom == p.IDFrom && g.urlFrom == p.urlFrom && s.alike[g.alike] == like
	})
	if at >= 0 {
		return at
	}
	number, known := s.numbers[like]
	if !known {
		number = int32(len(s.alike))
		s.alike, s.numbers[like] = append(s.alike, like), number
	}
	s.groups = append(s.groups, shelvedGroup{number, p.IDFrom, p.urlFrom})
	return len(groups)
}

// write writes the slots, and reports whether there was room.
func (s *shelf) write() bool {
	if s.file == nil {
		spool, err := file.Unlinked("bulkinvite-requests-*")
		if err != nil {
			return false
		}
		s.file = spool
	}
	_, err := s.file.WriteAt(s.slots, s.size)
	s.size += int64(len(s.slots))
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
	s.closed, s.requests, s.people, s.groups = true, nil, nil, nil
}

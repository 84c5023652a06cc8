package sandbox

import (
	"fmt"
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Person is somebody in an interview. Two spellings of an address that
// differ in letter case, or of an interview id that is a UUID, are one Person.
type Person struct {
	InterviewID string `json:"interview_id"`
	Email       string `json:"email"`
}

func normalPerson(interviewID, email string) Person {
	return Person{InterviewID: normalID(interviewID), Email: strings.ToLower(email)}
}

// A store holds who was invited. It has to hold a million people beside the
// program under test, so ids and links are computed and not kept.
type store struct {
	tag   string // the first eight digits of every candidate id
	start time.Time

	mu         sync.Mutex
	sessions   []session // the index is in the candidate id
	interviews map[string]*interview
	unlisted   map[uint32]bool // sessions that Unlist took out of the list
	moved      map[uint32]int  // see ListShape.Moves: the higher, the later
	moves      int
	people     int
	twice      int // people with more than one session
	emails     int
}

type session struct {
	interview   *interview
	email, name string        // as sent
	created     time.Duration // since start; never before that of an earlier session
	emails      uint32
	next        uint32 // the same person's next session; 0: none, because 0 is somebody's first
}

type interview struct {
	id           string
	order        []uint32          // sessions, oldest first: pages and the lag are slices of it
	people       map[string]uint32 // the first session, by address in lower case
	posts, lists int               // requests that name the interview
}

func newStore(seed uint64) *store {
	tag := rand.New(rand.NewPCG(seed, 0)).Uint32()
	return &store{tag: fmt.Sprintf("%08x", tag), start: time.Now(), interviews: map[string]*interview{}}
}

// interview returns the interview with this normal id, made if it is new.
func (s *store) interview(id string) *interview {
	iv := s.interviews[id]
	if iv == nil {
		iv = &interview{id: strings.Clone(id), people: map[string]uint32{}}
		s.interviews[iv.id] = iv
	}
	return iv
}

// add makes a session, a second one for a person who has one.
func (s *store) add(iv *interview, email, name string, emails uint32) uint32 {
	n := uint32(len(s.sessions))
	created := time.Since(s.start)
	if n > 0 {
		created = max(created, s.sessions[n-1].created)
	}
	added := session{interview: iv, email: email, name: name, created: created, emails: emails}
	key := strings.ToLower(email)
	if first, known := iv.people[key]; known {
		if s.sessions[first].next == 0 {
			s.twice++
		}
		added.next, s.sessions[first].next = s.sessions[first].next, n
	} else {
		iv.people[key] = n
		s.people++
	}
	s.sessions = append(s.sessions, added)
	iv.order = append(iv.order, n)
	s.emails += int(emails)
	return n
}

// find returns the session with this candidate id in the interview.
func (s *store) find(iv *interview, candidateID string) (uint32, bool) {
	n, found := s.session(candidateID)
	return n, found && s.sessions[n].interview == iv
}

// session returns the session with this candidate id.
func (s *store) session(candidateID string) (uint32, bool) {
	if len(candidateID) != 36 {
		return 0, false
	}
	n, err := strconv.ParseUint(candidateID[24:], 16, 32)
	if err != nil || n >= uint64(len(s.sessions)) || s.candidateID(uint32(n)) != strings.ToLower(candidateID) {
		return 0, false
	}
	return uint32(n), true
}

// visible returns those of order, which is oldest first, that were made at
// least lag ago. The result is not to be changed.
func (s *store) visible(order []uint32, lag time.Duration) []uint32 {
	if lag == 0 {
		return order
	}
	horizon := time.Since(s.start) - lag
	return order[:sort.Search(len(order), func(i int) bool {
		return s.sessions[order[i]].created > horizon
	})]
}

// all returns all sessions, oldest first.
func (s *store) all() []uint32 {
	order := make([]uint32, len(s.sessions))
	for n := range order {
		order[n] = uint32(n)
	}
	return order
}

// candidateID returns the id of a session: a UUID that a person can tell from
// another store's.
func (s *store) candidateID(n uint32) string {
	id := []byte("xxxxxxxx-0000-4000-8000-000000000000")
	copy(id, s.tag)
	const digits = "0123456789abcdef"
	for i := len(id) - 1; n > 0; i-- {
		id[i] = digits[n&15]
		n >>= 4
	}
	return string(id)
}

func (s *store) link(n uint32) (candidateID, inviteURL string) {
	candidateID = s.candidateID(n)
	return candidateID, linkOf(candidateID)
}

func linkOf(candidateID string) string {
	return "https://interview.sandbox.invalid/intro/sandbox?cid=" + candidateID
}

// date returns when a session was made, as the API writes it: without a zone.
func (s *store) date(n uint32) string {
	return s.start.Add(s.sessions[n].created).UTC().Format(time.DateTime)
}

// sum returns a person's sessions, and the e-mails that went out for them.
func (s *store) sum(first uint32) (sessions, emails int) {
	for n := first; ; n = s.sessions[n].next {
		sessions++
		emails += int(s.sessions[n].emails)
		if s.sessions[n].next == 0 {
			return sessions, emails
		}
	}
}

// each calls f for every person with their first session, in no certain order.
func (s *store) each(f func(p Person, first uint32)) {
	for _, iv := range s.interviews {
		for email, first := range iv.people {
			f(Person{InterviewID: iv.id, Email: email}, first)
		}
	}
}

// unlist takes all sessions of a normal person out of the list.
func (s *store) unlist(p Person) {
	iv := s.interviews[p.InterviewID]
	if iv == nil {
		return
	}
	n, known := iv.people[p.Email]
	if s.unlisted == nil {
		s.unlisted = map[uint32]bool{}
	}
	for ; known; known = n != 0 {
		s.unlisted[n] = true
		n = s.sessions[n].next
	}
}

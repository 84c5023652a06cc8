package batch

import (
	"errors"
	"fmt"
	"slices"
)

// trust says what refusals of several people are known to mean. Whether they
// are all or nothing is documented nowhere, so the first one of a run is
// confirmed by the list before anybody in it is sent again.
//
// That nobody in it was invited is no proof yet: an API that invites one after
// another until it meets a bad one would show the same if the bad one came
// first, or last if it begins at the end. So the people of that chunk go one by
// one, and only if its first and its last are accepted and somebody else is
// refused are refusals believed from then on, and chunks halved. Until then
// every refused chunk is treated like the first.
type trust int

const (
	untested     trust = iota
	allOrNothing       // a refused chunk had nobody invited although it might have
	distrust           // somebody in a refused chunk was invited: every refusal is an unknown answer
)

// A trial is a refused chunk with nobody invited, whose people go one by one.
type trial struct {
	people int
	first  bool // the first was accepted
	last   bool // the last was accepted
	bad    bool // somebody was refused
}

// refusedInterview is how many people are refused alone, with one message and
// nobody accepted, before the interview counts as refused.
const refusedInterview = 10

// trustsRefusal reports whether a refusal of so many people says that none of
// them was invited. One alone can only be refused or not; that it was refused
// and invited is believed only of an API that was seen doing it.
func (q *queue) trustsRefusal(people int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.trust == allOrNothing || q.trust == untested && people == 1
}

// A refusal is a refused chunk whose people are being confirmed.
type refusal struct {
	chunk    *chunk
	people   []*person
	open     int // of them: not yet confirmed
	invited  int // of them: found in the list
	notFound map[*person]bool
}

// testRefusal lets the list tell what a refused chunk really did.
func (e *Engine) testRefusal(c *chunk, id int64, people []*person) error {
	then := oneByOne
	if len(people) == 1 {
		then = refusedAfterAll
	}
	if c.lane == resend {
		return e.doubtAll(c, id, people, then)
	}
	r := &refusal{chunk: c, people: people, open: len(people), notFound: map[*person]bool{}}
	e.queue.mu.Lock()
	c.iv.testing++
	e.queue.mu.Unlock()
	return e.doubtEach(c, id, people, then, r)
}

// resolved tells a refusal what became of one of its people. Once all are known
// it returns those who are known not to be invited, in the chunk's order.
func (q *queue) resolved(r *refusal, p *person, found, notFound bool) (absent []*person) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r.open--
	if found {
		r.invited++
	}
	if notFound {
		r.notFound[p] = true
	}
	if r.open > 0 {
		return nil
	}
	r.chunk.iv.testing--
	q.updateInterview(r.chunk.iv)
	q.work.Broadcast()
	for _, p := range r.people {
		if r.notFound[p] {
			absent = append(absent, p)
		}
	}
	if r.invited > 0 {
		q.trust = distrust
	} else if q.trust == untested && len(absent) == len(r.people) {
		t := &trial{people: len(absent)}
		for place, p := range absent {
			p.trial, p.place = t, place
		}
	}
	return absent
}

// tried notes that somebody from a refused chunk went alone, and what came of
// it.
func (q *queue) tried(p *person, accepted bool) {
	if p.trial == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	t := p.trial
	if accepted {
		t.first = t.first || p.place == 0
		t.last = t.last || p.place == t.people-1
	} else {
		t.bad = true
	}
	if q.trust == untested && t.first && t.last && t.bad {
		q.trust = allOrNothing
	}
}

// halve sends both halves of a chunk, for themselves.
func (e *Engine) halve(c *chunk, people []*person) error {
	if len(people) == 0 {
		return nil
	}
	middle := (len(people) + 1) / 2
	return e.resendParts(c, [][]*person{people[:middle], people[middle:]})
}

// resendParts lets parts of a chunk wait, each to go with nobody else and the
// first one first. All in it are known not to be invited.
func (e *Engine) resendParts(c *chunk, parts [][]*person) error {
	for _, people := range parts {
		e.release(people)
	}
	if e.queue.addParts(c, parts) {
		return nil
	}
	var err error
	for _, people := range parts {
		err = errors.Join(err, e.again(people)) // who says that nobody is sent
	}
	return err
}

// addParts lets parts of a chunk wait, or reports false if nobody is sent to
// their interview any more.
func (q *queue) addParts(c *chunk, parts [][]*person) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if c.iv.refused != "" {
		return false
	}
	for _, people := range slices.Backward(parts) { // the youngest group goes first
		g := q.newGroup(c.groupKey, c.iv, len(people))
		g.half = true
		g.people = people
		q.waiting += len(people)
		q.update(g)
	}
	q.work.Broadcast()
	return true
}

// refusedAlone records that the API refused one person, and gives the
// interview up if it is the interview that is refused.
func (e *Engine) refusedAlone(iv *interview, p *person, message string) error {
	err := e.record(p, Outcome{Code: CodeRefused, Error: "the API refused this candidate: " + message})
	e.queue.tried(p, false)
	if p.CandidateID != "" {
		return err // what is refused is the invitation to send again
	}
	people, why := e.queue.countRefusal(iv, sameRefusal(message, p.Candidate), message)
	if why == "" {
		return err
	}
	e.warn(fmt.Sprintf("interview %s is refused: %s", iv.asSent, maskText(message)))
	for _, p := range people {
		err = errors.Join(err, e.record(p, Outcome{Code: CodeInterviewRefused, Error: why}))
	}
	return err
}

// countRefusal counts a refusal of one person alone. If that makes the
// interview refused, it returns why, and everybody who waited for it.
func (q *queue) countRefusal(iv *interview, same, message string) (people []*person, why string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if iv.accepted || iv.refused != "" {
		return nil, ""
	}
	if iv.refusals == nil {
		iv.refusals = map[string]int{}
	}
	iv.refusals[same]++
	if iv.refusals[same] < refusedInterview {
		return nil, ""
	}
	iv.refused = fmt.Sprintf("the API refuses this interview (%d people alone, nobody accepted): %s; "+
		"check the interview, then send this row again", refusedInterview, message)
	return q.removeAll(iv), iv.refused
}

// removeAll takes everybody of an interview who waits out of the queue, but
// for those to be re-sent.
func (q *queue) removeAll(iv *interview) []*person {
	var people []*person
	for g := range iv.groups {
		if g.lane == resend {
			continue
		}
		people = append(people, g.people...)
		q.waiting -= len(g.people)
		g.people = nil
		q.drop(g)
	}
	q.admitted -= unclaimed(people)
	q.wakeLocked()
	return people
}

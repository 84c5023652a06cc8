package batch

import (
	"errors"
	"fmt"
)

// trust says what refusals of several people are known to mean. Whether they
// are all or nothing is documented nowhere, so the first one of a run is
// confirmed by the list before anybody in it is sent again.
type trust int

const (
	untested     trust = iota
	allOrNothing       // the first refused chunk had nobody invited
	distrust           // somebody in a refused chunk was invited: every refusal is an unknown answer
)

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
	people   int
	open     int       // of them: not yet confirmed
	invited  int       // of them: found in the list
	notFound []*person // of them: known not to be invited
}

// testRefusal lets the list tell what a refused chunk really did.
func (e *Engine) testRefusal(c *chunk, id int64, people []*person) error {
	then := halveAgain
	if len(people) == 1 {
		then = refusedAfterAll
	}
	if c.lane == resend {
		return e.doubtAll(c, id, people, then)
	}
	r := &refusal{chunk: c, people: len(people), open: len(people)}
	e.queue.mu.Lock()
	c.iv.testing++
	e.queue.mu.Unlock()
	return e.doubtEach(c, id, people, then, r)
}

// resolved tells a refusal what became of one of its people, and returns those
// to halve once all are known.
func (q *queue) resolved(r *refusal, p *person, found, notFound bool) (halve []*person) {
	q.mu.Lock()
	defer q.mu.Unlock()
	r.open--
	switch {
	case found:
		r.invited++
	case notFound:
		r.notFound = append(r.notFound, p)
	}
	if r.open > 0 {
		return nil
	}
	switch {
	case r.invited > 0:
		q.trust = distrust
	case q.trust == untested && len(r.notFound) == r.people && r.people > 1:
		q.trust = allOrNothing
	}
	r.chunk.iv.testing--
	q.updateInterview(r.chunk.iv)
	q.work.Broadcast()
	return r.notFound
}

// halve lets both halves of a refused chunk wait, the first on top.
func (q *queue) halve(c *chunk, people []*person) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return // not_sent
	}
	middle := (len(people) + 1) / 2
	for _, half := range [][]*person{people[middle:], people[:middle]} {
		if len(half) == 0 {
			continue
		}
		g := q.newGroup(c.groupKey, c.iv, len(half))
		g.half = true
		g.people = half
		q.waiting += len(half)
		q.ready.update(g)
	}
	q.work.Broadcast()
}

// refusedAlone records that the API refused one person, and gives the
// interview up if it is the interview that is refused.
func (e *Engine) refusedAlone(iv *interview, p *person, message string) error {
	err := e.record(p, Outcome{Code: CodeRefused, Error: "the API refused this candidate: " + message})
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
	iv.refused = fmt.Sprintf("the API refuses this interview (%d people in a row, nobody accepted): %s; "+
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
	for _, p := range people {
		if p.attempts == 0 {
			q.admitted--
		}
	}
	q.wakeLocked()
	return people
}

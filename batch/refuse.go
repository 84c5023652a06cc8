package batch

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"sync/atomic"
)

// A refusal of several people says nothing about what it did: whether it is all
// or nothing is documented nowhere, and that one was says nothing about the
// next. So the list is asked before anybody in it is sent again. One alone can
// only be refused or not, which is believed until a list shows somebody of a
// refused request: from then on every refusal counts as an unknown answer.

// refusedInterview is how many people are refused alone, with one message and
// nobody accepted, before the interview counts as refused; refusedAnyhow is the
// same for messages of any kind.
const (
	refusedInterview = 10
	refusedAnyhow    = 30
)

// trustsRefusals reports whether a refusal of one person alone is believed.
func (q *queue) trustsRefusals() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.distrust
}

// distrustRefusals notes that a list has shown somebody of a refused request.
func (q *queue) distrustRefusals() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.distrust = true
}

// A party is the people of a request that was sent again in parts.
type party struct{ accepted atomic.Bool }

// goThrough notes that somebody of the party was invited.
func (p *party) goThrough() {
	if p != nil {
		p.accepted.Store(true)
	}
}

// wentThrough reports whether somebody of the party was invited. What keeps the
// others back is then their own.
func (p *party) wentThrough() bool { return p != nil && p.accepted.Load() }

// A refusedPart is people of a refused request who are known not to be invited
// by it.
type refusedPart struct {
	chunk  *chunk
	people []*person
}

// sendParts sends what was refused again, in smaller requests: halves, or one by
// one if that takes fewer requests. look is how many requests it takes to look
// at the interview's list, which comes between two rounds of halves.
func (e *Engine) sendParts(parts []refusedPart, look int) error {
	into := halves
	if oneByOneIsLess(parts, look) {
		into = oneByOne
	}
	var err error
	for _, p := range parts {
		err = errors.Join(err, e.resendParts(p.chunk, into(p.people)))
	}
	return err
}

// oneByOneIsLess reports whether it takes fewer requests to send everybody alone
// than to find one bad row in each part by halving.
func oneByOneIsLess(parts []refusedPart, look int) bool {
	people, requests, rounds := 0, 0, 0
	for _, p := range parts {
		levels := bits.Len(uint(max(len(p.people)-1, 0)))
		people += len(p.people)
		requests += 2 * levels
		rounds = max(rounds, levels)
	}
	return people <= requests+max(rounds-1, 0)*look
}

// halves cuts people in two, or leaves one alone.
func halves(people []*person) [][]*person {
	if len(people) < 2 {
		return [][]*person{people}
	}
	middle := (len(people) + 1) / 2
	return [][]*person{people[:middle:middle], people[middle:]}
}

func oneByOne(people []*person) [][]*person {
	parts := make([][]*person, len(people))
	for i := range people {
		parts[i] = people[i : i+1 : i+1]
	}
	return parts
}

// tooMuch sends people again whose request was too large, or denied. Where it may
// be the key that is denied, they go as they did before: one at a time.
func (e *Engine) tooMuch(c *chunk, people []*person, apiErr error) error {
	if len(people) > 0 && isBadKey(apiErr) && !e.queue.keyWorks() {
		e.queue.suspectKey()
		return e.sendUnchanged(c, people)
	}
	return e.halve(c, people)
}

// halve sends both halves of a chunk, for themselves.
func (e *Engine) halve(c *chunk, people []*person) error {
	if len(people) == 0 {
		return nil
	}
	return e.resendParts(c, halves(people))
}

// resendParts lets parts of a chunk wait, each to go with nobody else and the
// first one first. All in it are known not to be invited.
func (e *Engine) resendParts(c *chunk, parts [][]*person) error {
	together := &party{}
	for _, people := range parts {
		e.release(people)
		for _, p := range people {
			if p.party == nil && len(parts) > 1 {
				p.party = together
			}
		}
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
	if p.CandidateID != "" {
		return err // what is refused is the invitation to send again
	}
	people, why := e.queue.countRefusal(iv, sameRefusal(message, p.Candidate), message)
	if why == "" {
		return err
	}
	e.warn(fmt.Sprintf("interview %s is refused: %s", iv.asSent, MaskText(message)))
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
	iv.refusedAlone++
	if iv.refusals[same] < refusedInterview && iv.refusedAlone < refusedAnyhow {
		return nil, ""
	}
	iv.refused = fmt.Sprintf("the API refuses this interview (%d people alone, nobody accepted): %s; "+
		"check the interview, then send this row again", iv.refusedAlone, message)
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

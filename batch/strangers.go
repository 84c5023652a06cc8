package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// strangers are the entries of an interview's list that are nobody's whom this
// run or the ledger knows. It is guarded by the queue's mutex.
type strangers struct {
	known     map[uint64]struct{} // those that were there early; nil: nobody has looked
	preflight bool                // before this run sent anybody
	spare     map[uint64][]string // candidate ids by loose key, for rows whose entry one may be
}

// setStrangers notes the strangers of a whole list. Those that a look shows first
// may be people whom this run has invited already.
func (q *queue) setStrangers(iv *interview, left []leftover, preflight bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := &iv.strangers
	if s.known != nil && !preflight {
		return
	}
	*s = strangers{known: make(map[uint64]struct{}, len(left)), preflight: preflight}
	for i := range left {
		s.known[left[i].is] = struct{}{}
		if loose := left[i].loose; preflight && loose != 0 {
			if s.spare == nil {
				s.spare = map[uint64][]string{}
			}
			s.spare[loose] = append(s.spare[loose], left[i].id)
		}
	}
}

// knowsStranger reports whether an entry was nobody's already.
func (q *queue) knowsStranger(iv *interview, is uint64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	_, known := iv.strangers.known[is]
	return known
}

// suspects returns how many of the entries that are nobody's may be those of
// people whom this run has in doubt, and of people whom an earlier run has:
// those who were not there early. What this run's preflight showed was there
// before it sent anybody.
func (q *queue) suspects(iv *interview, left []leftover) (ours, earlier int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := &iv.strangers
	for i := range left {
		if _, known := s.known[left[i].is]; !known {
			earlier++
		}
	}
	if !s.preflight {
		return len(left), earlier
	}
	return earlier, earlier
}

// rememberStrangers is what the ledger remembers of the strangers in an interview's
// list, with the interview's id behind it: which there were when nobody of it was
// in doubt.
const rememberStrangers = "strangers/"

// strangersSum is the same for two reads that show the same strangers.
func (r *reading) strangersSum() string {
	left, sum := r.strangers(), uint64(0)
	for i := range left {
		sum += left[i].is
	}
	return fmt.Sprintf("%d %016x", len(left), sum)
}

// noteStrangers remembers the strangers that a preflight shows, for a run that has
// to find out what became of this one's people. A list that is known to show
// addresses as they were sent needs none of that.
func (e *Engine) noteStrangers(ctx context.Context, r *reading) error {
	if len(r.left) == 0 || len(r.inDoubt) > 0 || e.habits.listed.Load() {
		return nil
	}
	return e.ledger.Remember(ctx, rememberStrangers+r.iv.id, r.strangersSum())
}

// areOldStrangers reports whether no stranger in a list can be somebody whom an
// earlier run has in doubt: addresses are shown as they were sent, or all of them
// were there before.
func (e *Engine) areOldStrangers(ctx context.Context, r *reading) (bool, error) {
	if e.habits.listed.Load() || len(r.left) == 0 {
		return true, nil
	}
	before, err := e.ledger.Recall(ctx, rememberStrangers+r.iv.id)
	return before == r.strangersSum(), err
}

// What becomes of somebody who is about to be sent and whose loose key is that of
// an entry.
type spareMatch int

const (
	noSpare    spareMatch = iota
	spareFound            // it is theirs
	spareTaken            // it was, but another row had it
)

// takeSpare gives somebody the entry of a stranger that the API may keep them
// under. Each is given once.
func (q *queue) takeSpare(iv *interview, loose uint64) (match spareMatch, candidateID string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	ids, there := iv.strangers.spare[loose]
	switch {
	case !there:
		return noSpare, ""
	case len(ids) == 0:
		return spareTaken, ""
	}
	iv.strangers.spare[loose] = ids[1:]
	return spareFound, ids[0]
}

func (q *queue) hasSpare(iv *interview) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(iv.strangers.spare) > 0
}

// withoutStrangers takes those out of a chunk whom the list has shown under
// another form of their address.
func (e *Engine) withoutStrangers(ctx context.Context, c *chunk, people []*person) ([]*person, error) {
	if c.lane == resend || !e.queue.hasSpare(c.iv) {
		return people, nil
	}
	found := &foundPeople{engine: e, iv: c.iv}
	var out []*person
	var err error
	kept := people[:0:0]
	for _, p := range people {
		match, id := noSpare, ""
		if p.key.HasAddress() {
			match, id = e.queue.takeSpare(c.iv, e.looseHash(p.key.Email))
		}
		switch match {
		case noSpare:
			kept = append(kept, p)
			continue
		case spareFound:
			err = errors.Join(err, found.take(ctx, p, id))
		case spareTaken:
			err = errors.Join(err, e.record(p, Outcome{Code: CodeUncertain, Error: "the API's list shows one entry for what may be this " +
				"person or the one of another row; look in the dashboard whether they are invited, and if they are not send this row with --no-preflight"}))
		}
		out = append(out, p)
	}
	e.queue.refund(unclaimed(out))
	return kept, errors.Join(err, found.flush(ctx))
}

// noteTimed notes that people of an interview were accepted in a request, just
// now.
func (q *queue) noteTimed(iv *interview, request int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	iv.timed = append(iv.timed, request)
	iv.lastAccepted = time.Now()
}

// timedRequests returns the requests of an interview whose people were accepted
// when the ledger says so, sorted.
func (q *queue) timedRequests(iv *interview) []int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	slices.Sort(iv.timed)
	return slices.Clone(iv.timed)
}

// A control is another interview's list that shows how soon lists show somebody.
// maxControl is how many requests it may take.
const maxControl = 5

// control returns the interview with the youngest acceptance whose list is short
// enough, or nil. One is read in each settle time at most.
func (q *queue) control(not *interview) *interview {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if now.Sub(q.controlled) < q.settle {
		return nil
	}
	var best *interview
	for _, iv := range q.inTurn {
		if iv == not || now.Sub(iv.lastAccepted) >= q.settle || iv.listCost(q.chunkSize) > maxControl {
			continue
		}
		if best == nil || iv.lastAccepted.After(best.lastAccepted) {
			best = iv
		}
	}
	if best != nil {
		q.controlled = now
	}
	return best
}

// listCost is how many requests it takes to read the list, at most; very many if
// it was never read.
func (iv *interview) listCost(chunkSize int) int {
	cost := int(iv.listRequests.Load())
	if cost == 0 {
		return maxControl + 1
	}
	return cost + (len(iv.timed)*chunkSize+listLimit-1)/listLimit
}

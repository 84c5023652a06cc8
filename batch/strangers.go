package batch

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// strangers are the entries of an interview's list that are nobody's whom this
// run or the ledger knows. It is guarded by the queue's mutex.
type strangers struct {
	known     map[uint64]struct{} // those that were there early; nil: nobody has looked
	preflight bool                // before this run sent anybody
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

// mayBeEarly reports whether one of these entries may have been there before this
// run sent anybody.
func (q *queue) mayBeEarly(iv *interview, left []leftover, places []int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := &iv.strangers
	return !s.preflight || slices.ContainsFunc(places, func(i int) bool {
		_, known := s.known[left[i].is]
		return known
	})
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

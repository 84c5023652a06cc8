package rows

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"

	"bulkinvite/batch"
)

// Owners finds the requests whose answers name a candidate id. Few runs ask for
// it, so it is not kept in the ledger but made in memory when it is needed
// first: some 11 bytes and a fraction of a microsecond for each answered person.
type Owners struct {
	mu         sync.Mutex
	lastAnswer int64 // all answers up to this one are in it
	requests   *Tail // by the hash of the id
}

// Of implements batch.Ledger's Owners over a source, which is always the same.
func (o *Owners) Of(ctx context.Context, s Source, candidateIDs []string) ([][]batch.Key, error) {
	asked := map[string][]int{} // positions
	for i, id := range candidateIDs {
		if id != "" {
			asked[id] = append(asked[id], i)
		}
	}
	found, err := o.namingRequests(ctx, s, asked)
	keys := make([][]batch.Key, len(candidateIDs))
	for err == nil && len(found) > 0 {
		n := min(len(found), ReadRequests)
		err = knownIn(ctx, s, found[:n], func(id string, k batch.Key) {
			for _, i := range asked[id] {
				if !slices.Contains(keys[i], k) {
					keys[i] = append(keys[i], k)
				}
			}
		})
		found = found[n:]
	}
	if err != nil {
		return nil, fmt.Errorf("ledger: owners: %w", err)
	}
	return keys, nil
}

// namingRequests returns the requests whose answers may name one of the ids,
// sorted.
func (o *Owners) namingRequests(ctx context.Context, s Source, ids map[string][]int) ([]int64, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.readAnswers(ctx, s); err != nil {
		return nil, err
	}
	var found []int64
	for id := range ids {
		found = slices.AppendSeq(found, o.requests.Requests(idHash(id)))
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// idHash is what owners have for a candidate id.
func idHash(id string) uint64 { return NewHasher("").Short(batch.Key{Email: id}) }

// readAnswers adds the answers that have come since it was called last.
func (o *Owners) readAnswers(ctx context.Context, s Source) error {
	if o.requests == nil {
		o.requests = &Tail{}
	}
	newest := o.lastAnswer
	for r, err := range s.RequestsSince(ctx, o.lastAnswer) {
		if err == nil && r.ID > math.MaxUint32 {
			err = fmt.Errorf("%w: there is no request %d", ErrDamaged, r.ID)
		}
		if err != nil {
			return err
		}
		for _, a := range r.Answers {
			newest = max(newest, a.ID)
			for _, out := range a.Outcomes {
				if out.CandidateID != "" {
					o.requests.Add(idHash(out.CandidateID), r.ID) // does nothing if it is there
				}
			}
		}
	}
	o.lastAnswer = newest
	return nil
}

// knownIn calls f for each id under which these requests have invited somebody.
func knownIn(ctx context.Context, s Source, ids []int64, f func(id string, k batch.Key)) error {
	for req, err := range s.RequestsByID(ctx, ids) {
		if err != nil {
			return err
		}
		for _, a := range req.Answers {
			for _, o := range a.Outcomes {
				if p := &req.People[o.Person]; p.State == batch.StateInvited && !p.Forgotten {
					f(o.CandidateID, req.Key(o.Person))
				}
			}
		}
	}
	return nil
}

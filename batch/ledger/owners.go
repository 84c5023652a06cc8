package ledger

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"bulkinvite/batch"
)

// owners finds the requests whose answers name a candidate id. Few runs ask for
// it, so it is not kept in the ledger but made in memory when it is needed
// first: some 11 bytes and a fraction of a microsecond for each answered person.
type owners struct {
	mu         sync.Mutex
	lastAnswer int64 // all answers up to this one are in it
	requests   *tail // by the hash of the id
}

// Owners implements batch.Ledger.
func (r *Run) Owners(ctx context.Context, candidateIDs []string) ([][]batch.Key, error) {
	asked := map[string][]int{} // positions
	for i, id := range candidateIDs {
		if id != "" {
			asked[id] = append(asked[id], i)
		}
	}
	found, err := r.namingRequests(ctx, asked)
	keys := make([][]batch.Key, len(candidateIDs))
	for err == nil && len(found) > 0 {
		n := min(len(found), readRequests)
		err = r.knownIn(ctx, found[:n], func(id string, k batch.Key) {
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
func (r *Run) namingRequests(ctx context.Context, ids map[string][]int) ([]int64, error) {
	if err := r.book.checkOpen(); err != nil || len(ids) == 0 {
		return nil, err
	}
	o := &r.owners
	o.mu.Lock()
	defer o.mu.Unlock()
	if err := o.readAnswers(ctx, r.store.read, r.base); err != nil {
		return nil, err
	}
	var found []int64
	for id := range ids {
		found = slices.AppendSeq(found, o.requests.requests(idHash(id)))
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// idHash is what owners have for a candidate id.
func idHash(id string) uint64 { return newHasher("").short(batch.Key{Email: id}) }

// readAnswers adds the answers at a base URL that have come since it was called
// last.
func (o *owners) readAnswers(ctx context.Context, db querier, baseURL string) error {
	if o.requests == nil {
		o.requests = &tail{}
	}
	rows, err := db.QueryContext(ctx, `select a.id, a.request_id, a.people from answers a
		join requests r on r.id = a.request_id join runs u on u.id = r.run_id
		where a.id > ? and u.base_url = ? order by a.id`, o.lastAnswer, baseURL)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var answer, request int64
		var people string
		if err := rows.Scan(&answer, &request, &people); err != nil {
			return err
		}
		if request > math.MaxUint32 {
			return fmt.Errorf("%w: answer %d is to request %d", errDamaged, answer, request)
		}
		outcomes, err := parseOutcomes(people)
		if err != nil {
			return fmt.Errorf("answer %d: %w", answer, err)
		}
		for _, out := range outcomes {
			if out.CandidateID != "" {
				o.requests.add(idHash(out.CandidateID), request)
			}
		}
		o.lastAnswer = answer
	}
	return rows.Err()
}

// knownIn calls f for each id under which these requests have invited somebody.
func (r *Run) knownIn(ctx context.Context, ids []int64, f func(id string, k batch.Key)) error {
	requests, err := r.book.read(ids, false)
	if err != nil {
		return err
	}
	for _, id := range ids {
		req := requests[id]
		if req == nil {
			return fmt.Errorf("%w: request %d, which has an answer, is missing", errDamaged, id)
		}
		answers, err := readTexts(ctx, r.store.read, every, "select id, people from answers where request_id = ?", id)
		if err != nil {
			return err
		}
		for _, answer := range slices.Sorted(maps.Keys(answers)) {
			outcomes, err := parseOutcomes(answers[answer])
			if err != nil {
				return fmt.Errorf("answer %d: %w", answer, err)
			}
			for _, o := range outcomes {
				// A request that was read before the newest answer may lack it.
				if p := &req.people[o.Person]; p.state == batch.StateInvited && !p.forgotten {
					f(o.CandidateID, batch.Key{InterviewID: req.interviewID, Email: req.emails[o.Person]})
				}
			}
		}
	}
	return nil
}

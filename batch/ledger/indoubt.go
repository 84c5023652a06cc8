package ledger

import (
	"context"
	"fmt"

	"bulkinvite/batch"
)

// InDoubt counts who is in doubt. It is what People tells of them, in memory
// that grows with those in doubt alone, for whoever asks after every run.
func (r *Reader) InDoubt(ctx context.Context) (n int, err error) {
	err = r.read(ctx, func() error {
		n, err = r.inDoubt(ctx)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("ledger: in doubt: %w", err)
	}
	return n, nil
}

// inDoubt goes over all requests for those who may have been sent, and once
// more for those of them whom another request is known to have reached: nothing
// else outweighs a doubt.
func (r *Reader) inDoubt(ctx context.Context) (int, error) {
	doubts := map[uint64]struct{}{}
	err := r.eachState(ctx, func(hash uint64, state batch.State) {
		if state == batch.StateSending {
			doubts[hash] = struct{}{}
		}
	})
	if err != nil || len(doubts) == 0 {
		return 0, err
	}
	err = r.eachState(ctx, func(hash uint64, state batch.State) {
		if rank(state) > rank(batch.StateSending) {
			delete(doubts, hash)
		}
	})
	return len(doubts), err
}

// eachState calls f for all people of all requests that say something of them.
func (r *Reader) eachState(ctx context.Context, f func(hash uint64, state batch.State)) error {
	rows, err := r.db.QueryContext(ctx, selectRequests+" order by r.id, a.id")
	if err != nil {
		return err
	}
	defer rows.Close()
	return scanRequests(rows, func(r *request) {
		h := newHasher(r.baseURL)
		for i := range r.people {
			if state := r.people[i].state; counts(r.kind, state) {
				f(h.hash(batch.Key{InterviewID: r.interviewID, Email: r.emails[i]}), state)
			}
		}
	})
}

package ledger

import (
	"context"
	"database/sql"

	"bulkinvite/batch"
)

// InDoubt counts who is in doubt. It is what People tells of them, in memory
// that grows with those in doubt alone, for whoever asks after every run.
func (r *Reader) InDoubt(ctx context.Context) (n int, err error) {
	err = r.read(ctx, func(tx *sql.Tx) error {
		n, err = inDoubt(ctx, tx)
		return err
	})
	return n, err
}

// inDoubt goes over all requests for those who may have been sent, and once
// more for those of them whom another request is known to have reached: nothing
// else outweighs a doubt.
func inDoubt(ctx context.Context, db querier) (int, error) {
	doubts := map[uint64]struct{}{}
	err := eachState(ctx, db, func(hash uint64, state batch.State) {
		if state == batch.StateSending {
			doubts[hash] = struct{}{}
		}
	})
	if err != nil || len(doubts) == 0 {
		return 0, err
	}
	err = eachState(ctx, db, func(hash uint64, state batch.State) {
		if rank(state) > rank(batch.StateSending) {
			delete(doubts, hash)
		}
	})
	return len(doubts), err
}

// eachState calls f for all people of all requests that say something of them.
func eachState(ctx context.Context, db querier, f func(hash uint64, state batch.State)) error {
	rows, err := db.QueryContext(ctx, selectRequests+" order by r.id, a.id")
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

package ledger

import (
	"context"
	"iter"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// Members implements batch.Ledger.
func (r *Run) Members(ctx context.Context, interviewID string, f func(batch.Member) error) error {
	return rows.Members(ctx, source{r}, interviewID, f)
}

// InDoubt implements batch.Ledger.
func (r *Run) InDoubt(ctx context.Context, interviewID string) ([]batch.Key, error) {
	return rows.InDoubt(ctx, source{r}, interviewID)
}

// Owners implements batch.Ledger.
func (r *Run) Owners(ctx context.Context, candidateIDs []string) ([][]batch.Key, error) {
	return r.owners.Of(ctx, source{r}, candidateIDs)
}

// A source is a run as package rows asks it.
type source struct{ *Run }

func (r source) RequestsFor(ctx context.Context, interview string, after int64) (page []*rows.Request, err error) {
	const of = "where r.interview_id = ? and r.id > ? and u.base_url = ?"
	for req, err := range r.requests(ctx, of, interview, after, r.BaseURL) {
		if err != nil {
			return nil, err
		}
		if page = append(page, req); len(page) == rows.ReadRequests {
			break
		}
	}
	return page, nil
}

func (r source) RequestsByID(ctx context.Context, ids []int64) iter.Seq2[*rows.Request, error] {
	return r.requests(ctx, rows.ByID, rows.Numbers(ids))
}

func (r source) RequestsSince(ctx context.Context, answer int64) iter.Seq2[*rows.Request, error] {
	return r.requests(ctx, "where u.base_url = ? and r.id in (select request_id from answers where id > ?)", r.BaseURL, answer)
}

func (r source) requests(ctx context.Context, where string, args ...any) iter.Seq2[*rows.Request, error] {
	if err := r.Cache.CheckOpen(); err != nil {
		return func(yield func(*rows.Request, error) bool) { yield(nil, err) }
	}
	return rows.Requests(ctx, r.store.read, where, args...)
}

package rows

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"

	"bulkinvite/batch"
)

// Members implements batch.Ledger.
func (l *Finder) Members(ctx context.Context, interviewID string, f func(batch.Member) error) error {
	return Members(ctx, l, interviewID, f)
}

// InDoubt implements batch.Ledger.
func (l *Finder) InDoubt(ctx context.Context, interviewID string) ([]batch.Key, error) {
	return InDoubt(ctx, l, interviewID)
}

// Owners implements batch.Lookuper.
func (l *Finder) Owners(ctx context.Context, candidateIDs []string) ([][]batch.Key, error) {
	return l.owners.Of(ctx, l, candidateIDs)
}

// RequestsFor implements Source.
func (l *Finder) RequestsFor(ctx context.Context, interview string, after int64) (page []*Request, err error) {
	const of = "where r.interview_id = ? and r.id > ? and u.base_url = ?"
	for req, err := range l.requests(ctx, of, interview, after, l.BaseURL) {
		if err != nil {
			return nil, err
		}
		if page = append(page, req); len(page) == ReadRequests {
			break
		}
	}
	return page, nil
}

// RequestsByID implements Source.
func (l *Finder) RequestsByID(ctx context.Context, ids []int64) iter.Seq2[*Request, error] {
	return l.requests(ctx, ByID, Numbers(ids))
}

// RequestsSince implements Source.
func (l *Finder) RequestsSince(ctx context.Context, answer int64) iter.Seq2[*Request, error] {
	return l.requests(ctx, "where u.base_url = ? and r.id in (select request_id from answers where id > ?)", l.BaseURL, answer)
}

func (l *Finder) requests(ctx context.Context, where string, args ...any) iter.Seq2[*Request, error] {
	if err := l.Cache.CheckOpen(); err != nil {
		return func(yield func(*Request, error) bool) { yield(nil, err) }
	}
	return Requests(ctx, l.db, where, args...)
}

// Recall implements batch.Lookuper.
func (l *Finder) Recall(ctx context.Context, name string) (string, error) {
	return l.recall(ctx, name, "where name = ? and base_url = ?", name, l.BaseURL)
}

// RecallAny is Recall for what is not of an API: it returns what was remembered
// last under the name at any base URL.
func (l *Finder) RecallAny(ctx context.Context, name string) (string, error) {
	return l.recall(ctx, name, "where name = ? order by at desc limit 1", name)
}

func (l *Finder) recall(ctx context.Context, name, which string, args ...any) (value string, err error) {
	if err := l.Cache.CheckOpen(); err != nil {
		return "", err
	}
	err = l.db.QueryRowContext(ctx, "select value from memory "+which, args...).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("ledger: recall %s: %w", name, err)
	}
	return value, nil
}

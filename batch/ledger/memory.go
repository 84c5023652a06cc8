package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Remember implements batch.Ledger.
func (r *Run) Remember(ctx context.Context, name, value string) error {
	return r.write(ctx, func() ([]row, error) {
		return []row{{r.remember, []any{r.BaseURL, name, value, r.store.now().UnixMicro()}, 0}}, nil
	})
}

// Recall implements batch.Ledger.
func (r *Run) Recall(ctx context.Context, name string) (string, error) {
	return r.recall(ctx, name, "where name = ? and base_url = ?", name, r.BaseURL)
}

// RecallAny is Recall for what is not of an API: it returns what was remembered
// last under the name at any base URL.
func (r *Run) RecallAny(ctx context.Context, name string) (string, error) {
	return r.recall(ctx, name, "where name = ? order by at desc limit 1", name)
}

func (r *Run) recall(ctx context.Context, name, which string, args ...any) (value string, err error) {
	if err := r.Cache.CheckOpen(); err != nil {
		return "", err
	}
	err = r.store.read.QueryRowContext(ctx, "select value from memory "+which, args...).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("ledger: recall %s: %w", name, err)
	}
	return value, nil
}

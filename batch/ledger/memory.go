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
func (r *Run) Recall(ctx context.Context, name string) (value string, err error) {
	if err := r.Cache.CheckOpen(); err != nil {
		return "", err
	}
	err = r.store.read.QueryRowContext(ctx, "select value from memory where base_url = ? and name = ?", r.BaseURL, name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("ledger: recall %s: %w", name, err)
	}
	return value, nil
}

// RecallAny is Recall for what is not of an API: it returns what was remembered
// last under the name at any base URL.
func (r *Run) RecallAny(ctx context.Context, name string) (value string, err error) {
	if err := r.Cache.CheckOpen(); err != nil {
		return "", err
	}
	err = r.store.read.QueryRowContext(ctx, "select value from memory where name = ? order by at desc limit 1", name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("ledger: recall %s: %w", name, err)
	}
	return value, nil
}

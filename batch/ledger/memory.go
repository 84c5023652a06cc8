package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// A note is an operation that writes what a run remembers.
type note struct {
	name, value string
	done        chan error
}

// Remember implements batch.Ledger.
func (r *Run) Remember(ctx context.Context, name, value string) error {
	return r.submit(ctx, &note{name: name, value: value, done: make(chan error, 1)})
}

func (n *note) conflicts(*touched) bool    { return false } // of two of one name, both are written in their order
func (n *note) prepare(*Run) (bool, error) { return true, nil }
func (n *note) committed(*book) error      { return nil }
func (n *note) finish(err error)           { n.done <- err }
func (n *note) finished() <-chan error     { return n.done }

func (n *note) write(ctx context.Context, tx *sql.Tx, r *Run) error {
	_, err := tx.ExecContext(ctx, `insert into memory (base_url, name, value, at) values (?, ?, ?, ?)
		on conflict do update set value = excluded.value, at = excluded.at`,
		r.base, n.name, n.value, r.store.now().UnixMicro())
	return err
}

// Recall implements batch.Ledger.
func (r *Run) Recall(ctx context.Context, name string) (value string, err error) {
	if err := r.book.checkOpen(); err != nil {
		return "", err
	}
	err = r.store.read.QueryRowContext(ctx, "select value from memory where base_url = ? and name = ?", r.base, name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("ledger: recall %s: %w", name, err)
	}
	return value, nil
}

// RecallAny is Recall for what is not of an API: it returns what was remembered
// last under the name at any base URL.
func (r *Run) RecallAny(ctx context.Context, name string) (value string, err error) {
	if err := r.book.checkOpen(); err != nil {
		return "", err
	}
	err = r.store.read.QueryRowContext(ctx, "select value from memory where name = ? order by at desc limit 1", name).Scan(&value)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("ledger: recall %s: %w", name, err)
	}
	return value, nil
}

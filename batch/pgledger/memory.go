package pgledger

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

// Remember implements batch.Ledger.
func (r *Run) Remember(ctx context.Context, name, value string) error {
	return r.do(ctx, "remember", func(ctx context.Context, c *pgx.Conn, _ bool) error {
		_, err := c.Exec(ctx, `insert into bulkinvite.memory (base_url, name, value, at) values ($1, $2, $3, $4)
			on conflict (base_url, name) do update set value = excluded.value, at = excluded.at`,
			r.info.BaseURL, []byte(name), []byte(value), time.Now().UnixMicro())
		return err
	})
}

// Recall implements batch.Ledger.
func (r *Run) Recall(ctx context.Context, name string) (string, error) {
	return r.recall(ctx, "where name = $1 and base_url = $2", []byte(name), r.info.BaseURL)
}

// RecallAny is Recall for what is not of an API: it returns what was remembered
// last under the name at any base URL.
func (r *Run) RecallAny(ctx context.Context, name string) (string, error) {
	return r.recall(ctx, "where name = $1 order by at desc limit 1", []byte(name))
}

func (r *Run) recall(ctx context.Context, which string, args ...any) (value string, err error) {
	err = r.do(ctx, "recall", func(ctx context.Context, c *pgx.Conn, _ bool) error {
		var text []byte
		err := c.QueryRow(ctx, "select value from bulkinvite.memory "+which, args...).Scan(&text)
		if value = string(text); errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return value, err
}

package pgledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"bulkinvite/batch"
)

// beatOn says again and again that the run lives, on a connection of its own: those
// of the pool may all be waiting for something.
func (r *Run) beatOn(ctx context.Context) {
	var c *pgx.Conn
	defer func() {
		if c != nil {
			_ = c.Close(context.Background())
		}
	}()
	ticks := time.NewTicker(r.store.opts.Beat)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		var err error
		if c, err = r.beat(ctx, c); err == nil {
			r.beats.Add(1)
		}
		var fenced *batch.Fenced
		if errors.As(err, &fenced) {
			r.fenced.Store(fenced)
			return
		}
	}
}

// beat raises the run's number. It returns the connection for the next time, nil if
// there is none.
func (r *Run) beat(ctx context.Context, c *pgx.Conn) (*pgx.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, max(r.store.opts.Beat, 2*time.Second))
	defer cancel()
	var err error
	if c == nil {
		if c, err = pgx.ConnectConfig(ctx, r.store.pool.Config().ConnConfig); err != nil {
			return nil, err
		}
		if err = r.store.recognise(ctx, c); err != nil {
			_ = c.Close(ctx)
			return nil, r.final(err)
		}
	}
	active, asked := r.active.Swap(false), time.Now()
	var server time.Time
	var now identity
	err = c.QueryRow(ctx, `update bulkinvite.runs set beat = beat + 1, beat_at = clock_timestamp(),
			settled_at = case when $2 then clock_timestamp() else settled_at end
		where id = $1 and fenced_at is null returning clock_timestamp(), `+askIdentity, r.id, active).
		Scan(&server, &now.system, &now.timeline)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return c, r.askFenced(ctx, c)
	case err != nil:
		if active { // the next beat says so
			r.active.Store(true)
		}
		_ = c.Close(ctx)
		return nil, err
	case now != r.store.server: // a proxy may have changed it behind a connection that stays
		return c, &batch.Fenced{Reason: "the database is another one than when the run began; the same command goes on"}
	}
	r.setSkew(asked, server)
	return c, nil
}

// final is err, which ends the run if the server is not the one that it was.
func (r *Run) final(err error) error {
	var refusal *refusedError
	if errors.As(err, &refusal) {
		return &batch.Fenced{Reason: refusal.why}
	}
	return err
}

// askFenced returns why the run must not send any more, or nil.
func (r *Run) askFenced(ctx context.Context, c *pgx.Conn) error {
	var by *int64
	var at *time.Time
	var host *string
	err := c.QueryRow(ctx, `select r.fenced_at, r.fenced_by, f.host from bulkinvite.runs r
		left join bulkinvite.runs f on f.id = r.fenced_by where r.id = $1`, r.id).Scan(&at, &by, &host)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return &batch.Fenced{Reason: "the ledger does not know this run any more: its database was replaced"}
	case err != nil || at == nil:
		return err
	case by == nil || host == nil:
		return &batch.Fenced{Reason: fmt.Sprintf("this run was taken for dead at %s; the same command goes on", at.Local().Format(time.TimeOnly))}
	}
	return &batch.Fenced{Reason: fmt.Sprintf("run %d on %s took this run for dead at %s; the same command goes on", *by, *host, at.Local().Format(time.TimeOnly))}
}

// MayLeave implements batch.Shared. What the ledger said is good for requests that
// come soon after; for half as long, so that it still is when they leave.
func (r *Run) MayLeave(ctx context.Context) error {
	for {
		if fenced := r.fenced.Load(); fenced != nil {
			return fenced
		}
		if at := r.asked.Load(); at != nil && isYoung(*at, r.store.opts.Valid/2) {
			return ctx.Err()
		}
		var asked time.Time
		err := r.do(ctx, "may it leave", func(ctx context.Context, c *pgx.Conn, _ bool) error {
			asked = time.Now()
			return r.askFenced(ctx, c)
		})
		if err = r.final(err); err != nil {
			var fenced *batch.Fenced
			if errors.As(err, &fenced) {
				r.fenced.Store(fenced)
				return fenced
			}
			return err
		}
		if isYoung(asked, r.store.opts.Valid) {
			r.asked.Store(&asked)
			return ctx.Err()
		}
	}
}

// isYoung reports whether a time is less than so long ago by both clocks: one of
// them stands still while the machine sleeps, and the other may be set.
func isYoung(at time.Time, d time.Duration) bool {
	now := time.Now()
	wall := now.Round(0).Sub(at.Round(0))
	return now.Sub(at) < d && 0 <= wall && wall < d
}

// Package pgledger is the durable memory of what was sent, in one PostgreSQL that
// several machines share, and the rate that all of them keep together. It knows
// SQL, the protocol by which a run is taken for dead, and the words of package
// batch. It must not know inputs and outputs, nor the API.
//
// No lock of a session says who lives: a proxy or a cut network lets such locks
// stay and go at the wrong time. A run raises a number every few seconds. Whoever
// sees it stand still fences that run, and then waits until nothing can be under
// way any more that was allowed to leave before. Times of different machines are
// never compared, but those of the server's clock; waiting is on the own one.
package pgledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// Options are what a Store may be told. Zero fields mean what stands beside them.
type Options struct {
	Valid  time.Duration    // 5 s: how long a permission to send is good, from when it was asked for
	Beat   time.Duration    // 5 s: how often a run says that it lives
	Silent time.Duration    // 30 s: how long nothing may be heard of one before it is fenced
	GiveUp time.Duration    // 10 min: how long a database is waited for that does not answer
	Now    func() time.Time // the server's clock; tests have another for claims and answers
}

func (o *Options) setDefaults() {
	for _, d := range []struct {
		field   *time.Duration
		meaning time.Duration
	}{{&o.Valid, 5 * time.Second}, {&o.Beat, 5 * time.Second}, {&o.Silent, 30 * time.Second}, {&o.GiveUp, 10 * time.Minute}} {
		if *d.field == 0 {
			*d.field = d.meaning
		}
	}
}

// maxConns is how many connections a process has, with that of a run's beat.
const maxConns = 16

// A Store is an open ledger.
type Store struct {
	opts     Options
	pool     *pgxpool.Pool
	db       *sql.DB // the pool, for who reads whole requests
	server   identity
	isNew    bool
	warnings []string
}

// Open opens the ledger in the database that a URL or DSN names, and makes its
// tables if there are none. A server that may lose what it has confirmed, or that
// is not the one of this ledger, is refused.
func Open(ctx context.Context, dsn string, opts Options) (*Store, error) {
	opts.setDefaults()
	config, warnings, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	s := &Store{opts: opts, warnings: warnings}
	config.MaxConns = min(config.MaxConns, maxConns-1)
	config.AfterConnect = s.recognise
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	s.db = stdlib.OpenDBFromPool(s.pool)
	if err := s.prepare(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context) error {
	c, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	return inTx(ctx, c.Conn(), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1, 0)", lockEpoch); err != nil {
			return err
		}
		return s.checkEpoch(ctx, tx)
	})
}

// Warnings returns what is to be said about how the database is reached.
func (s *Store) Warnings() []string { return s.warnings }

// New reports whether Open made the ledger: it knows nobody.
func (s *Store) New() bool { return s.isNew }

// Close ends all use of the ledger. A run that was not ended looks as if it had
// died.
func (s *Store) Close() {
	_ = s.db.Close()
	s.pool.Close()
}

// What advisory locks are of. The second number is 0 or an interview's.
const (
	lockEpoch int32 = 0x62696e76 + iota
	lockRuns
	lockInterview
)

// beginTx names the isolation: with any stricter one a claim would see what was
// there before it had its lock. A client that is frozen within a transaction does
// not keep its locks for long.
const beginTx = "begin isolation level read committed; set local idle_in_transaction_session_timeout = 15000"

func inTx(ctx context.Context, c *pgx.Conn, f func(tx pgx.Tx) error) error {
	return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{BeginQuery: beginTx}, f)
}

// attempt bounds one try of a verb, so that a connection that died without a word
// is given up.
const attempt = 30 * time.Second

// do calls f with a connection until it succeeds, see repeat.
func (s *Store) do(ctx context.Context, what string, f func(ctx context.Context, c *pgx.Conn, repeated bool) error) error {
	return s.repeat(ctx, what, func(ctx context.Context, repeated bool) error {
		c, err := s.pool.Acquire(ctx)
		if err != nil {
			return away(err, true)
		}
		defer c.Release()
		err = f(ctx, c.Conn(), repeated)
		return away(err, c.Conn().IsClosed())
	})
}

// repeat calls f until it succeeds. While the database is away it is called again,
// with repeated set: what it did may have been committed, and only the answer been
// lost. It goes on for as long as GiveUp says, and ends earlier with ctx, but never
// within f: whether something was written must be known.
func (s *Store) repeat(ctx context.Context, what string, f func(ctx context.Context, repeated bool) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	begun := time.Now()
	for n := 0; ; n++ {
		trying, cancel := context.WithTimeout(context.WithoutCancel(ctx), attempt)
		err := f(trying, n > 0)
		cancel()
		if err == nil {
			return nil
		}
		var away *awayError
		if !errors.As(err, &away) || time.Since(begun) > s.opts.GiveUp {
			return fmt.Errorf("ledger: %s: %w", what, err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("ledger: %s: %w, and %w", what, context.Cause(ctx), err)
		case <-time.After(min(50*time.Millisecond<<min(n, 6), 2*time.Second)):
		}
	}
}

// now returns the time of a claim or an answer, of a server's.
func (s *Store) now(server time.Time) int64 {
	if s.opts.Now != nil {
		server = s.opts.Now()
	}
	return server.UnixMicro()
}

// farID stands for the number of a request that is being written.
const farID = math.MaxInt64

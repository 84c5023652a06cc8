package pgledger

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// RunInfo is what the ledger keeps of a run.
type RunInfo struct {
	BaseURL string // in normal form: people of another base URL are somebody else
	Input   string // the input's name
	SHA256  string // of the input, in hexadecimal
	Rows    int    // in the input

	// Timeout is how long a request may be under way from its last byte: others wait
	// so long before they look for its people.
	Timeout time.Duration
	Rate    float64 // how many requests a second this run wants to send at most
}

// A Run is one run's view of the ledger. It implements batch.Shared.
type Run struct {
	store *Store
	info  RunInfo
	id    int64

	pulse  errgroup.Group
	stop   context.CancelFunc // of the pulse
	beats  atomic.Int64       // that got through
	fenced atomic.Pointer[batch.Fenced]
	asked  atomic.Pointer[time.Time] // when a permission was asked for that was given
	active atomic.Bool               // something was settled since the last beat
	skew   atomic.Int64              // how far the server's clock is ahead
	ended  atomic.Bool
	owners rows.Owners

	mu         sync.Mutex
	interviews map[string]int32
	living     map[int64]bool // the runs that had not ended when this one began
	others     map[int64]*other
}

var _ batch.Shared = (*Run)(nil)

// Begin writes that a run has started, beside those that go on.
func (s *Store) Begin(ctx context.Context, info RunInfo) (*Run, error) {
	r := &Run{store: s, info: info, interviews: map[string]int32{}, living: map[int64]bool{}, others: map[int64]*other{}}
	err := s.do(ctx, "begin", func(ctx context.Context, c *pgx.Conn, _ bool) error {
		return inTx(ctx, c, func(tx pgx.Tx) error { return r.begin(ctx, tx) })
	})
	if err != nil {
		return nil, err
	}
	var beating context.Context
	beating, r.stop = context.WithCancel(context.Background())
	r.pulse.Go(func() error { r.beatOn(beating); return nil })
	return r, nil
}

func (r *Run) begin(ctx context.Context, tx pgx.Tx) error {
	// One after the other, so that of two runs one knows that the other goes on.
	if _, err := tx.Exec(ctx, "select pg_advisory_xact_lock($1, 0)", lockRuns); err != nil {
		return err
	}
	host, _ := os.Hostname() // for people to read
	asked := time.Now()
	var started time.Time
	err := tx.QueryRow(ctx, `insert into bulkinvite.runs (timeout_ms, host, pid, base_url, input, sha256, row_count)
		values ($1, $2, $3, $4, $5, $6, $7) returning id, started_at`,
		r.info.Timeout.Milliseconds(), host, os.Getpid(), r.info.BaseURL, []byte(r.info.Input), r.info.SHA256, r.info.Rows).
		Scan(&r.id, &started)
	if err != nil {
		return err
	}
	r.setSkew(asked, started)
	rows, err := tx.Query(ctx, "select id from bulkinvite.runs where ended_at is null and id <> $1", r.id)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for _, id := range ids {
		r.living[id] = true
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "insert into bulkinvite.rates (base_url, allowed) values ($1, $2) on conflict do nothing", r.info.BaseURL, r.info.Rate)
	return err
}

// ID returns the run's number in the ledger.
func (r *Run) ID() int64 { return r.id }

// End writes that nothing of the run is under way any more, with counts for people
// to read and the exit code. All verbs are refused from now on. The end is written
// whether or not ctx is cancelled: a stopped run has not died.
func (r *Run) End(ctx context.Context, counts map[string]int, exitCode int) error {
	text, err := json.Marshal(counts)
	if err != nil {
		return fmt.Errorf("ledger: end: %w", err)
	}
	if r.ended.Swap(true) {
		return rows.ErrEnded
	}
	err = r.store.do(context.WithoutCancel(ctx), "end", func(ctx context.Context, c *pgx.Conn, _ bool) error {
		_, err := c.Exec(ctx, `update bulkinvite.runs set ended_at = clock_timestamp(), counts = $2, exit_code = $3
			where id = $1 and ended_at is null`, r.id, string(text), exitCode)
		return err
	})
	return errors.Join(err, r.Leave())
}

// Leave ends what the run does by itself, without a word to the ledger: to the
// others it is as if it had died.
func (r *Run) Leave() error {
	r.ended.Store(true)
	r.stop()
	return r.pulse.Wait()
}

// do is Store.do for the verbs of a run.
func (r *Run) do(ctx context.Context, what string, f func(ctx context.Context, c *pgx.Conn, repeated bool) error) error {
	if r.ended.Load() {
		return rows.ErrEnded
	}
	return r.store.do(ctx, what, f)
}

// setSkew notes how far the server's clock is ahead of the own one. It stays where
// it is for less than a second, so that what is read twice is the same.
func (r *Run) setSkew(asked, server time.Time) {
	if r.store.opts.Now != nil {
		return // tests have one clock for both
	}
	ahead := server.Sub(asked.Add(time.Since(asked) / 2))
	if d := ahead - time.Duration(r.skew.Load()); d.Abs() > time.Second {
		r.skew.Store(int64(ahead))
	}
}

// local returns a time of the server's by the clock of this machine.
func (r *Run) local(micros int64) time.Time {
	return time.UnixMicro(micros).UTC().Add(-time.Duration(r.skew.Load()))
}

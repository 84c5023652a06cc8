// Package history answers questions to a ledger: which runs there were, who is in
// what state, what became of a run's requests, and all that is known of a person.
// It knows the rows of the file, also beside a run that writes them, and each
// answer is a fold over rows.Requests. It must not write, or know how a run does.
package history

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"

	"github.com/gofrs/flock"
)

// A Reader reads a ledger that a run may be writing. It needs no lock.
type Reader struct {
	path  string
	db    *sql.DB
	still fs.FileInfo // nil unless db takes the file for one that nobody writes
}

// OpenReadOnly opens the ledger at path for reading and creates nothing. The
// error is fs.ErrNotExist if there is no ledger.
func OpenReadOnly(ctx context.Context, path string) (*Reader, error) {
	real, err := rows.Resolve(path)
	if err == nil {
		err = rows.RefuseLost(real)
	}
	if err == nil {
		var info fs.FileInfo
		if info, err = os.Stat(real); err == nil && !info.Mode().IsRegular() {
			err = errors.New("is not a regular file")
		}
	}
	r := &Reader{path: real}
	if err == nil {
		err = r.open(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("ledger %s: %w", path, err)
	}
	return r, nil
}

func (r *Reader) open(ctx context.Context) error {
	source := rows.DSN(r.path, "ro", "query_only(on)")
	r.still = nil
	if !hasWAL(r.path) {
		info, err := os.Stat(r.path)
		if err != nil {
			return err
		}
		r.still = info
		// Otherwise SQLite would make the files that it keeps beside a
		// database, and leave them there.
		source += "&immutable=1"
	}
	db, err := rows.OpenDSN(source, 1)
	if err != nil {
		return err
	}
	if err = rows.CheckSchema(ctx, db); err != nil {
		return errors.Join(err, db.Close())
	}
	r.db = db
	return nil
}

// hasWAL reports whether a run has written, or died, since the file was whole.
func hasWAL(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() > 0
}

// overtaken reports whether a run has written into what was taken for still.
// One that has also ended leaves no WAL.
func (r *Reader) overtaken() bool {
	if r.still == nil {
		return false
	}
	now, err := os.Stat(r.path)
	return hasWAL(r.path) || err != nil || !os.SameFile(now, r.still) ||
		now.Size() != r.still.Size() || !now.ModTime().Equal(r.still.ModTime())
}

// read calls f with one state of the ledger, and once more if a run began to
// write into what was taken for still: f may have seen half of it.
func (r *Reader) read(ctx context.Context, f func(tx *sql.Tx) error) error {
	err := r.readOnce(ctx, f)
	if r.overtaken() {
		if err = r.db.Close(); err == nil {
			err = r.open(ctx)
		}
		if err == nil {
			err = r.readOnce(ctx, f)
		}
	}
	if err != nil {
		return fmt.Errorf("ledger %s: %w", r.path, err)
	}
	return nil
}

// readOnce refuses a ledger that has lost something.
func (r *Reader) readOnce(ctx context.Context, f func(tx *sql.Tx) error) error {
	// Before the first query, with which the state that the transaction shows
	// begins: a run that goes on has soon noted more than that has.
	noted, err := rows.ReadLastRequest(r.path)
	if err != nil {
		return err
	}
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	last, err := rows.LastRequest(ctx, tx)
	if err != nil {
		return err
	}
	if last < noted {
		return rows.LostError(r.path, last, noted)
	}
	return f(tx)
}

// Close lets go of the ledger.
func (r *Reader) Close() error { return r.db.Close() }

// Running reports whether a process has the ledger open for a run.
func (r *Reader) Running() (bool, error) { return isLocked(r.path) }

// isLocked reports whether a living process holds the lock. It creates
// nothing.
func isLocked(path string) (bool, error) {
	name := path + ".lock"
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	file := flock.New(name, flock.SetFlag(os.O_RDONLY))
	free, err := file.TryRLock()
	return !free, errors.Join(err, file.Close())
}

// Look calls f with a look-up of people of a base URL. All that it tells is of
// one state of the ledger, though a run goes on. If a run began meanwhile, f is
// called once more, and has to forget what it was told. After a run that died
// or is not over, Look reads what that run has written: about a second and
// 11 MB per million people.
func (r *Reader) Look(ctx context.Context, baseURL string, f func(batch.Lookuper) error) error {
	var told error // f's, which is not the ledger's
	err := r.read(ctx, func(tx *sql.Tx) error {
		l, err := rows.NewFinder(ctx, tx)
		if err == nil {
			l.BaseURL = baseURL
			told = f(&readOnly{lookup: l})
			l.Cache.Shelf.Close()
		}
		return err
	})
	return cmp.Or(err, told)
}

// A readOnly look-up lets one ask after the other: in a transaction they share
// one connection and its statements.
type readOnly struct {
	mu     sync.Mutex
	lookup *rows.Finder
}

// Lookup implements batch.Lookuper.
func (r *readOnly) Lookup(ctx context.Context, keys []batch.Key) ([]batch.Record, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lookup.Lookup(ctx, keys)
}

// A RunStatus is what the ledger knows of a run.
type RunStatus struct {
	ID        int64
	StartedAt time.Time
	EndedAt   time.Time // zero: it is running, or it died
	BaseURL   string
	Input     string
	SHA256    string
	Rows      int
	Counts    string // the JSON object that End wrote
	ExitCode  int
}

// Runs returns the newest n runs, the newest first. One that has no end is the
// running one if it is the newest and Running; else it died.
func (r *Reader) Runs(ctx context.Context, n int) (runs []RunStatus, err error) {
	err = r.read(ctx, func(tx *sql.Tx) error {
		runs, err = readRuns(ctx, tx, "order by id desc limit ?", n)
		return err
	})
	return runs, err
}

// readRuns returns the runs that the end of a select names.
func readRuns(ctx context.Context, db rows.Querier, which string, arg any) ([]RunStatus, error) {
	rows, err := db.QueryContext(ctx, `select id, started_at, coalesce(ended_at, 0), base_url, input, sha256, row_count,
		coalesce(counts, '{}'), coalesce(exit_code, 0) from runs `+which, arg)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var runs []RunStatus
	for rows.Next() {
		var s RunStatus
		var started, ended int64
		err := rows.Scan(&s.ID, &started, &ended, &s.BaseURL, &s.Input, &s.SHA256, &s.Rows, &s.Counts, &s.ExitCode)
		if err != nil {
			return nil, err
		}
		s.StartedAt = time.UnixMicro(started).UTC()
		if ended != 0 {
			s.EndedAt = time.UnixMicro(ended).UTC()
		}
		runs = append(runs, s)
	}
	return runs, rows.Err()
}

// An InterviewStatus counts the people of an interview by their state.
type InterviewStatus struct {
	BaseURL     string
	InterviewID string
	People      map[batch.State]int // StateSending: in doubt, or being sent by the running run
}

// People returns who is in what state: counts for each interview, and all who
// are StateSending, as InDoubt returns them. It reads the whole ledger:
// seconds and some 30 MB per million people.
func (r *Reader) People(ctx context.Context) ([]InterviewStatus, []OpenRequest, error) {
	var c *peopleCounts
	err := r.read(ctx, func(tx *sql.Tx) (err error) {
		c, err = readPeopleCounts(ctx, tx)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	interviews, doubts := c.result()
	return interviews, doubts, nil
}

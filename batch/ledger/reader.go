package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"bulkinvite/batch"
)

// A Reader reads a ledger that a run may be writing. It needs no lock.
type Reader struct {
	path  string
	db    *sql.DB
	still bool // db takes the file for one that nobody writes
}

// OpenReadOnly opens the ledger at path for reading and creates nothing. The
// error is fs.ErrNotExist if there is no ledger.
func OpenReadOnly(ctx context.Context, path string) (*Reader, error) {
	real, err := resolve(path)
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
	source := dsn(r.path, "ro", "query_only(on)")
	if r.still = !hasWAL(r.path); r.still {
		// Otherwise SQLite would make the files that it keeps beside a
		// database, and leave them there.
		source += "&immutable=1"
	}
	db, err := openDSN(source, 1)
	if err != nil {
		return err
	}
	if _, err := checkSchema(ctx, db); err != nil {
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

// read calls f, and once more if a run began to write into what was taken for
// still: f may have seen half of it.
func (r *Reader) read(ctx context.Context, f func() error) error {
	err := f()
	if !r.still || !hasWAL(r.path) {
		return err
	}
	if err := r.db.Close(); err != nil {
		return err
	}
	if err := r.open(ctx); err != nil {
		return err
	}
	return f()
}

// Close lets go of the ledger.
func (r *Reader) Close() error { return r.db.Close() }

// Running reports whether a process has the ledger open for a run.
func (r *Reader) Running() (bool, error) { return isLocked(r.path) }

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
	err = r.read(ctx, func() error {
		runs, err = r.runs(ctx, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: runs: %w", err)
	}
	return runs, nil
}

func (r *Reader) runs(ctx context.Context, n int) ([]RunStatus, error) {
	rows, err := r.db.QueryContext(ctx, `select id, started_at, coalesce(ended_at, 0), base_url, input, sha256, row_count,
		coalesce(counts, '{}'), coalesce(exit_code, 0) from runs order by id desc limit ?`, n)
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

// A Doubt is somebody who may have been invited.
type Doubt struct {
	BaseURL     string
	InterviewID string
	Email       string // or what stands for it, see batch.Candidate.Key
	RequestID   int64
	RunID       int64 // that claimed them
	ClaimedAt   time.Time
}

// People returns who is in what state: counts for each interview, and all who
// are StateSending, in the order of their requests. It reads the whole ledger:
// seconds and some 30 MB per million people.
func (r *Reader) People(ctx context.Context) ([]InterviewStatus, []Doubt, error) {
	var c *census
	err := r.read(ctx, func() (err error) {
		c, err = r.census(ctx)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("ledger: people: %w", err)
	}
	interviews, doubts := c.result()
	return interviews, doubts, nil
}

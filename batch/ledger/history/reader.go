// Package history answers questions to a ledger: which runs there were, who is in
// what state, what became of a run's requests, and all that is known of a person.
// It knows the rows of the file, also beside a run that writes them, and each
// answer is a fold over rows.Requests. It must not write, or know how a run does.
package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"bulkinvite/batch/ledger/rows"

	"github.com/gofrs/flock"
)

// A Reader reads a ledger that a run may be writing. It needs no lock.
type Reader struct {
	Questions
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
	r.Questions = Questions{r.read}
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
func (r *Reader) read(ctx context.Context, f func(rows.Querier) error) error {
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
func (r *Reader) readOnce(ctx context.Context, f func(rows.Querier) error) error {
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

// Running reports whether a living process has the ledger open for a run. It
// creates nothing.
func (r *Reader) Running() (bool, error) {
	name := r.path + ".lock"
	if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	file := flock.New(name, flock.SetFlag(os.O_RDONLY))
	free, err := file.TryRLock()
	return !free, errors.Join(err, file.Close())
}

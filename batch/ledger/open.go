// Package ledger is the durable memory of what was sent, in one SQLite file. It
// knows SQL, and the words of package batch. It must not know inputs and outputs,
// nor the API.
//
// Requests and answers are appended, by one goroutine for all that wait, so
// that sending waits for one short write to the disk and no more. An index says
// who was in which request. A run adds its own people to it at its end; until
// then a table in memory finds them. A person's state is never stored: it is
// folded from the requests that name them and the answers to these.
//
// To send, open a Store, which holds the ledger alone, and begin a Run in it,
// which is a batch.Ledger. To read what was sent, open a history.Reader, whether
// or not a run goes on. The sqlite3 shell has a view, invitations. A ledger must
// not be on a network file system, and what Files names is moved and restored
// together.
package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"time"

	"bulkinvite/batch/file"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/batch/ledger/rows"
)

// Options configure a Store. The zero value is fine.
type Options struct {
	Now func() time.Time // time.Now
}

// A Store is an open ledger, which no other process can open until Close.
//
// No run may be under way when it is asked Questions.
type Store struct {
	history.Questions
	path   string
	isNew  bool
	now    func() time.Time
	opened []io.Closer // in this order
	seen   *rows.LastRequestFile
	file   fs.FileInfo // of what SQLite has open
	write  *sql.DB     // one connection
	read   *sql.DB     // sees what write has committed, and does not wait for it
	run    *Run        // the newest, or nil
	closed bool
}

// Open opens the ledger at path for runs, creating folder and file (modes 0700
// and 0600) if they are missing. It waits a moment for the ledger's lock; the
// error is ErrLocked if another process keeps it. All that would keep a run
// from writing is an error here, before anything is sent.
//
// After a run that died, Open reads what that run has written, which takes
// about a second per million people.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	real, err := rows.Resolve(path)
	if err != nil {
		return nil, fmt.Errorf("ledger %s: %w", path, err)
	}
	s := &Store{path: real, now: opts.Now}
	s.Questions = history.NewQuestions(func(_ context.Context, f func(rows.Querier) error) error { return s.wrap(f(s.read)) })
	if s.now == nil {
		s.now = time.Now
	}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("ledger %s: %w", path, err), s.closeAll())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	noted, err := s.take(ctx)
	if err != nil {
		return err
	}
	if s.write, err = openForWriting(ctx, s.path); err != nil {
		return err
	}
	s.opened = append(s.opened, s.write) // closed behind read: it is the one that may remove the WAL
	if s.seen, err = rows.OpenLastRequestFile(s.path, noted); err != nil {
		return err
	}
	s.opened = append(s.opened, s.seen)
	// What is written from now on is lost if one of the names is. SQLite does so,
	// too, when it first writes to its WAL, and drops the error.
	if err = file.SyncFolder(s.path); err != nil {
		return err
	}
	if s.file, err = os.Stat(s.path); err != nil {
		return err
	}
	if s.read, err = openForReading(s.path); err != nil {
		return err
	}
	s.opened = append(s.opened, s.read)
	last, err := rows.LastRequest(ctx, s.read)
	if err != nil {
		return err
	}
	if last < noted {
		return rows.LostError(s.path, last, noted)
	}
	// It may be new beside an old ledger, and this run may have nothing to add.
	if err = s.seen.Note(last); err != nil {
		return err
	}
	return s.indexPeople(ctx)
}

// take locks the ledger, makes it if it is missing, and refuses a file that is
// none. It returns the last request that a run has noted.
func (s *Store) take(ctx context.Context) (noted int64, err error) {
	if err = makeFolder(s.path); err != nil {
		return 0, err
	}
	lock, err := takeLock(ctx, s.path)
	if err != nil {
		return 0, err
	}
	s.opened = append(s.opened, lock)
	if noted, err = rows.ReadLastRequest(s.path); err != nil {
		return 0, err
	}
	if s.isNew, err = isMissing(s.path); err == nil && s.isNew {
		if noted > 0 {
			return 0, rows.LostError(s.path, 0, noted)
		}
		err = create(ctx, s.path)
	}
	if err == nil {
		err = rows.Inspect(ctx, s.path)
	}
	if err == nil {
		err = tighten(s.path) // not before it is known to be ours
	}
	return noted, err
}

// indexPeople brings the index up to date after a run that died: it adds the
// people of all requests behind the last one that it has. No run may be
// writing.
func (s *Store) indexPeople(ctx context.Context) error {
	t, last, err := rows.ReadBehind(ctx, s.write)
	if err == nil && last > t.Base {
		var x *rows.Index
		if x, err = rows.ReadIndex(ctx, s.read); err == nil {
			err = s.addToIndex(ctx, x, t, last)
		}
	}
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

func (s *Store) wrap(err error) error {
	if err != nil {
		return fmt.Errorf("ledger %s: %w", s.path, err)
	}
	return nil
}

// addToIndex adds the people of a run that ends to the index.
func (s *Store) addToIndex(ctx context.Context, x *rows.Index, t *rows.Tail, last int64) error {
	if err := rows.AddSegment(ctx, s.write, x, t, last); err != nil {
		return err
	}
	return s.checkpoint(ctx)
}

func openForWriting(ctx context.Context, path string) (*sql.DB, error) {
	db, err := rows.OpenDSN(rows.DSN(path, "rw", "journal_mode(wal)", "synchronous(full)", "foreign_keys(on)",
		"wal_autocheckpoint(0)", "cache_size(-2000)"), 1) // see checkpoint
	if err != nil {
		return nil, err
	}
	var mode string
	if err := db.QueryRowContext(ctx, "pragma journal_mode").Scan(&mode); err != nil {
		return nil, errors.Join(fmt.Errorf("cannot be written: %w", err), db.Close())
	}
	if mode != "wal" {
		return nil, errors.Join(errors.New("this file system cannot hold a ledger (no shared memory); put it on a local disk"), db.Close())
	}
	return db, nil
}

// openForReading opens the ledger for a run's look-ups, which read each page
// about once: what is worth keeping is kept decoded.
func openForReading(path string) (*sql.DB, error) {
	return rows.OpenDSN(rows.DSN(path, "ro", "query_only(on)", "cache_size(-500)"), 2)
}

// checkPlace makes sure that the ledger is where it was opened. SQLite does not
// notice when somebody removes or replaces it, and goes on writing into what
// nobody will ever open again.
func (s *Store) checkPlace() error {
	now, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("ledger %s was removed while it was in use, and who was invited is lost with it: put it back, or a copy of it", s.path)
	case err != nil:
		return fmt.Errorf("ledger %s cannot be found any more: %w", s.path, err)
	case !os.SameFile(now, s.file):
		return fmt.Errorf("ledger %s was replaced while it was in use, and the one that is there now does not know who was invited: put the other back", s.path)
	}
	return nil
}

// walPages is how many pages may lie in the WAL before they are moved to where
// they belong.
const walPages = 4000

// checkpoint keeps the WAL from growing for ever. SQLite would do so by itself
// when something is committed, and say nothing when the disk fails meanwhile.
func (s *Store) checkpoint(ctx context.Context) error {
	var busy, pages, moved int
	err := s.write.QueryRowContext(ctx, "pragma wal_checkpoint(noop)").Scan(&busy, &pages, &moved)
	if err == nil && pages >= walPages {
		_, err = s.write.ExecContext(ctx, "pragma wal_checkpoint(passive)")
	}
	return err
}

// New reports whether Open made the ledger: it knows nobody. A run should say
// so, since a ledger in a wrong place lets people be invited twice.
func (s *Store) New() bool { return s.isNew }

// Path returns where the ledger is, without symbolic links.
func (s *Store) Path() string { return s.path }

// Close ends all use of the ledger and lets others open it. A run that was not
// ended looks as if it had died. Closing again does nothing.
func (s *Store) Close() error {
	if s.closed {
		return nil
	}
	s.closed = true
	if s.run != nil {
		s.run.stop()
	}
	ctx := context.Background()
	err := s.indexPeople(ctx)
	_, truncErr := s.write.ExecContext(ctx, "pragma wal_checkpoint(truncate)")
	if err = errors.Join(err, truncErr, s.closeAll()); err != nil {
		return fmt.Errorf("ledger %s: close: %w", s.path, err)
	}
	return nil
}

func (s *Store) closeAll() (err error) {
	for _, open := range slices.Backward(s.opened) {
		err = errors.Join(err, open.Close())
	}
	return err
}

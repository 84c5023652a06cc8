package ledger

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"bulkinvite/batch/file"
	"bulkinvite/batch/ledger/rows"
)

// makeFolder makes the ledger's folder, and those that it is in. Their names last
// like the ledger's own.
func makeFolder(path string) error {
	var made []string
	for folder := filepath.Dir(path); ; folder = filepath.Dir(folder) {
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		made = append(made, folder)
	}
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	for i := 0; err == nil && i < len(made); i++ {
		err = file.SyncFolder(made[i])
	}
	if err != nil {
		return fmt.Errorf("its folder cannot be made: %w", err)
	}
	return nil
}

// isMissing reports whether a ledger is still to be made, and refuses what can
// be none or cannot be written.
func isMissing(path string) (bool, error) {
	info, err := os.Stat(path)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case missing:
	case err != nil:
		return false, err
	case info.IsDir():
		return false, errors.New("is a folder; name a file in it")
	case !info.Mode().IsRegular():
		return false, errors.New("is not a regular file")
	case hasOtherName(info):
		return false, errors.New("has a second name, a hard link: what is written under the one is not seen under the other, " +
			"and people would be invited twice; remove one of the two, or make a copy of it while no run uses it")
	}
	if missing || info.Size() == 0 {
		return missing, rows.RefuseOrphan(path)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false, fmt.Errorf("cannot be written: %w", err)
	}
	return false, f.Close()
}

// hasOtherName reports whether a file has several names. Lock, WAL and last-request file
// of each are others: two runs would not know of each other, nor one of what
// another that was killed has written last.
func hasOtherName(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && stat.Nlink > 1
}

// create makes a ledger that knows nobody, whole or not at all: of a process
// that is killed meanwhile nothing is left but a hidden file beside it. So an
// empty or half-made ledger is always one that has lost something. Its name does
// not last before its folder is synced.
func create(ctx context.Context, path string) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".new-")
	if err != nil {
		return fmt.Errorf("cannot be made: %w", err)
	}
	defer func() {
		for _, suffix := range []string{"", "-journal", "-wal", "-shm"} {
			_ = os.Remove(f.Name() + suffix) // all are gone when it is in its place
		}
	}()
	if err := f.Close(); err != nil {
		return err
	}
	db, err := openForWriting(ctx, f.Name())
	if err != nil {
		return err
	}
	err = rows.CreateSchema(ctx, db)
	if err == nil {
		// Close would do so, too, and not tell if it could not.
		_, err = db.ExecContext(ctx, "pragma wal_checkpoint(truncate)")
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("cannot be made: %w", err)
	}
	return nil
}

// Files returns the names of a ledger and of what is kept beside it, whether or
// not they are there.
func Files(path string) []string {
	return []string{path, path + "-wal", path + "-shm", path + ".lock", path + rows.LastSuffix}
}

// tighten makes the ledger its owner's alone. SQLite gives the mode of the
// database to the files that it keeps beside it, so it has to be right before
// SQLite opens it for writing; they may be left of a time when it was not.
func tighten(path string) error {
	for _, name := range Files(path) {
		if err := tightenFile(name); err != nil {
			return err
		}
	}
	return nil
}

func tightenFile(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Perm()&0o077 == 0 {
		return nil
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return fmt.Errorf("others can read it, and its mode cannot be changed to 0600: %w", err)
	}
	return nil
}

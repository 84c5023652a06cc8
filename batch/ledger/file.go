package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// resolve returns the path of the ledger itself: the lock and SQLite's files
// must lie beside it, whatever links lead to it.
func resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		return real, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if _, err := os.Lstat(path); err == nil {
		return "", errors.New("is a symbolic link that leads nowhere; remove it or make its target")
	}
	folder, err := filepath.EvalSymlinks(filepath.Dir(path))
	if errors.Is(err, fs.ErrNotExist) {
		return path, nil // the folder is still to be made: it has no links
	}
	if err != nil {
		return "", err
	}
	return filepath.Join(folder, filepath.Base(path)), nil
}

func makeFolder(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("its folder cannot be made: %w", err)
	}
	return nil
}

// makeFile sees to it that the file exists and can be written.
func makeFile(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		info = nil
	}
	switch {
	case err == nil && info.IsDir():
		return errors.New("is a folder; name a file in it")
	case err == nil && !info.Mode().IsRegular():
		return errors.New("is not a regular file")
	}
	if err := refuseOrphan(path, info); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("cannot be written: %w", err)
	}
	return f.Close()
}

// refuseOrphan refuses to make a ledger beside what a run wrote last to one that
// is gone or empty: SQLite would throw that away, and with it who was invited.
func refuseOrphan(path string, ledger fs.FileInfo) error {
	if ledger != nil && ledger.Size() > 0 {
		return nil
	}
	log, err := os.Stat(path + "-wal")
	if errors.Is(err, fs.ErrNotExist) || err == nil && log.Size() == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("is missing or empty, but what a run wrote to it last is in %s-wal; "+
		"restore the ledger, or move that file away if nobody was invited", path)
}

// tighten makes the ledger its owner's alone. SQLite gives the mode of the
// database to the files that it keeps beside it, so it has to be right before
// SQLite opens it for writing; they may be left of a time when it was not.
func tighten(path string) error {
	for _, name := range []string{path, path + "-wal", path + "-shm", path + ".lock"} {
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

// syncFolder makes the entries of the folder durable: without it, a power cut
// could take away a file whose contents were synced.
func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

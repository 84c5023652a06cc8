package rows

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Resolve returns the path of the ledger itself: the lock and SQLite's files
// must lie beside it, whatever links lead to it.
func Resolve(path string) (string, error) {
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

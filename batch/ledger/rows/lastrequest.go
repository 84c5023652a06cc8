package rows

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// A LastRequestFile has the number of the last request in a small file of its own. It
// is what tells a ledger that has lost something from one that never knew more:
// SQLite takes a WAL that was damaged, cut or removed after a crash for one that
// ends there, and an old copy of a ledger looks like a ledger.
//
// The file is written behind each commit of requests, and not synced then, so it
// may lag behind the ledger after a power cut; it is never ahead.
type LastRequestFile struct {
	file *os.File
	last int64
}

// LastSuffix is what the name of a ledger's last request file ends with.
const LastSuffix = ".last"

// ReadLastRequest returns the last request that a run has noted, 0 if none did. It
// creates nothing.
func ReadLastRequest(path string) (int64, error) {
	text, err := os.ReadFile(path + LastSuffix)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	last, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, nil //nolint:nilerr // a power cut has left it empty: it tells nothing
	}
	return last, nil
}

// OpenLastRequestFile opens the file beside the ledger at path, or makes it. last
// is what stands in it.
func OpenLastRequestFile(path string, last int64) (*LastRequestFile, error) {
	file, err := os.OpenFile(path+LastSuffix, os.O_WRONLY|os.O_CREATE, 0o600)
	return &LastRequestFile{file, last}, err
}

// Note writes that the ledger has all requests to last.
func (w *LastRequestFile) Note(last int64) error {
	if last <= w.last {
		return nil
	}
	w.last = last
	_, err := w.file.WriteAt(fmt.Appendf(nil, "%019d\n", last), 0) // always as long: no part of it is ever old
	return err
}

// Close makes the file durable: until the next run it is the only trace of a
// ledger that is removed.
func (w *LastRequestFile) Close() error { return errors.Join(w.file.Sync(), w.file.Close()) }

// LostError is the error of a ledger that a run has known to have more.
func LostError(path string, last, noted int64) error {
	return fmt.Errorf("has lost something: its last request is %d, and a run has written %d; a new one or an old copy "+
		"does not know who was invited since: restore the newest copy with the files beside it, "+
		"or remove %s if the API's lists are to make up for it", last, noted, path+LastSuffix)
}

// RefuseOrphan refuses to make a ledger beside what was written last to one that
// is gone or empty: SQLite would throw that away, and with it who was invited,
// or take it for the new one's.
func RefuseOrphan(path string) error {
	for _, suffix := range []string{"-wal", "-journal"} {
		log, err := os.Stat(path + suffix)
		if errors.Is(err, fs.ErrNotExist) || err == nil && log.Size() == 0 {
			continue
		}
		if err != nil {
			return err
		}
		return fmt.Errorf("is missing or empty, but what a run wrote to it last is in %s; "+
			"restore the ledger, or move that file away if nobody was invited", path+suffix)
	}
	return nil
}

// RefuseLost refuses a ledger that is gone while something beside it is left: it
// existed once.
func RefuseLost(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	noted, err := ReadLastRequest(path)
	if err == nil && noted > 0 {
		err = LostError(path, 0, noted)
	}
	return errors.Join(err, RefuseOrphan(path))
}

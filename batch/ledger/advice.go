package ledger

import (
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"bulkinvite/batch/ledger/rows"
)

// Advice returns what a person can do about an error of this package, or "" if
// it says so itself. SQLite's own words name neither the cause nor the cure.
func Advice(err error) string {
	const damaged = "it is damaged; restore it from a backup, for a new one would not know who was invited"
	if errors.Is(err, rows.ErrDamaged) {
		return damaged
	}
	var sqliteErr *sqlite.Error
	if !errors.As(err, &sqliteErr) {
		return ""
	}
	switch sqliteErr.Code() & 0xff {
	case sqlite3.SQLITE_FULL:
		return "free some space on its disk"
	case sqlite3.SQLITE_IOERR: // a full disk may also show itself so
		return "see whether its disk is full or failing"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM, sqlite3.SQLITE_CANTOPEN:
		return "see whether it and its folder can be written"
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return damaged
	}
	return ""
}

// Advised adds to an error of the ledger at path what to do about it, where the
// error itself does not say it.
func Advised(err error, path string) error {
	if advice := Advice(err); advice != "" {
		return fmt.Errorf("%w; ledger %s: %s", err, path, advice)
	}
	return err
}

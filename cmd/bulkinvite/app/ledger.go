package app

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"github.com/spf13/pflag"

	"bulkinvite/batch"
	"bulkinvite/batch/file"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
)

// TakeLedger opens an existing ledger for a run. Unlike ledger.Open it creates
// none.
func (a *App) TakeLedger(ctx context.Context, named string) (store *ledger.Store, err error) {
	err = a.ReadLedger(ctx, named, func(_ *history.Reader, path string) error {
		store, err = ledger.Open(ctx, path, ledger.Options{})
		if errors.Is(err, ledger.ErrLocked) {
			return &Failure{Code: batch.ExitLocked, Err: err}
		}
		return err
	})
	return store, err
}

// IsLedger reports whether a file is the ledger at path or one of those beside
// it.
func IsLedger(name, path string) bool {
	for _, own := range ledger.Files(path) {
		if file.Same(name, own) {
			return true
		}
	}
	return false
}

// AddLedgerFlag adds --ledger, which is the same for all commands.
func AddLedgerFlag(flags *pflag.FlagSet, name *string) {
	flags.Var(File(name), "ledger", "the record of what was sent (default $XDG_STATE_HOME/bulkinvite/ledger.db, or in ~/.local/state)")
}

// LedgerPath returns the ledger's path: that of --ledger, else the one in the
// state folder of the XDG base directory specification.
func LedgerPath(named string, environ []string) (string, error) {
	if named != "" {
		return named, nil
	}
	state := lookup(environ, "XDG_STATE_HOME")
	if state == "" || !filepath.IsAbs(state) { // the specification ignores relative ones
		home := lookup(environ, "HOME")
		if home == "" {
			return "", Refusef("neither HOME nor XDG_STATE_HOME is set, so there is no place for the ledger; name one with --ledger")
		}
		state = filepath.Join(home, ".local", "state")
	}
	return filepath.Join(state, "bulkinvite", "ledger.db"), nil
}

// ReadLedger calls f with the ledger that --ledger names, or the usual one.
func (a *App) ReadLedger(ctx context.Context, named string, f func(reader *history.Reader, path string) error) error {
	path, err := LedgerPath(named, a.Environ)
	if err != nil {
		return err
	}
	reader, err := history.OpenReadOnly(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Refusef("there is no ledger at %s; send makes it, or name another one with --ledger", path)
	case err != nil:
		return ledger.Advised(err, path)
	}
	defer func() { _ = reader.Close() }() // only read from
	return ledger.Advised(f(reader, path), path)
}

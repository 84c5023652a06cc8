package main

import (
	"errors"
	"fmt"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
)

// The exit codes are interface: cron jobs and monitoring act on them. A signal
// that kept rows from going is 128 + its number.
const (
	exitOK         = 0
	exitBroken     = 1 // the run broke off: disk, ledger, a bug
	exitUsage      = 2 // nothing was sent, old outputs are untouched
	exitFailedRows = 3 // finished, some rows are in failed.csv, or there are none
	exitEndedEarly = 4 // the API ended the run: key, quota, down, deadline
	exitLocked     = 5 // another run holds the ledger; nothing was sent
)

// A failure is an error that knows its exit code. One without err has nothing
// more to say than its code: all was said before.
type failure struct {
	code int
	err  error
}

func (f *failure) Error() string {
	if f.err == nil {
		return fmt.Sprintf("exit %d", f.code)
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

// refuse makes err one that ended the command before anything was sent.
func refuse(err error) error { return &failure{code: exitUsage, err: err} }

// refusef is refuse for a new error.
func refusef(format string, args ...any) error { return refuse(fmt.Errorf(format, args...)) }

// advised adds to an error of the ledger at path what to do about it, where the
// error itself does not say it.
func advised(err error, path string) error {
	if advice := ledger.Advice(err); advice != "" {
		return fmt.Errorf("%w; ledger %s: %s", err, path, advice)
	}
	return err
}

// exitWith ends the command with a code and no further words.
func exitWith(code int) error {
	if code == exitOK {
		return nil
	}
	return &failure{code: code}
}

// codeOf returns the exit code of a command's error. A command's own errors
// without a code mean that it broke off.
func codeOf(err error) int {
	var (
		f *failure
		p *batch.Panic
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &p): // whatever else the command says
		return exitBroken
	case errors.As(err, &f):
		return f.code
	default:
		return exitBroken
	}
}

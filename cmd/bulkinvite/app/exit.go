package app

import (
	"context"
	"errors"
	"fmt"

	"bulkinvite/batch"
)

// A Failure is an error with an exit code. Without Err it prints nothing, because
// everything was printed before.
type Failure struct {
	Code int
	Err  error
}

func (f *Failure) Error() string {
	if f.Err == nil {
		return fmt.Sprintf("exit %d", f.Code)
	}
	return f.Err.Error()
}

func (f *Failure) Unwrap() error { return f.Err }

// Refuse gives err exit code 2: the command ended before anything was sent.
func Refuse(err error) error { return &Failure{Code: batch.ExitUsage, Err: err} }

// Refusef is Refuse for a new error.
func Refusef(format string, args ...any) error { return Refuse(fmt.Errorf(format, args...)) }

// ExitWith returns an error that ends the command with a code and prints nothing.
func ExitWith(code int) error {
	if code == batch.ExitOK {
		return nil
	}
	return &Failure{Code: code}
}

// CodeOf returns the exit code of a command's error. An error without a code is
// one of a command that broke off.
func CodeOf(err error) int {
	var (
		f *Failure
		p *batch.Panic
	)
	switch {
	case err == nil:
		return batch.ExitOK
	case errors.As(err, &p): // a bug comes before all else
		return batch.ExitBroken
	case errors.As(err, &f):
		return f.Code
	default:
		return batch.ExitBroken
	}
}

// Early gives err exit code 2 (nothing was sent and no output was touched), or
// the code of the signal that ended the command.
func Early(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if stop, ok := StoppedBy(ctx); ok {
		return &Failure{Code: stop.ExitCode(), Err: fmt.Errorf("%w; nothing was sent", stop)}
	}
	var (
		f *Failure
		p *batch.Panic
	)
	if errors.As(err, &f) || errors.As(err, &p) { // a bug is not the user's mistake
		return err
	}
	return Refuse(err)
}

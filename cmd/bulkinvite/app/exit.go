package app

import (
	"context"
	"errors"
	"fmt"

	"bulkinvite/batch"
)

// A Failure is an error that knows its exit code. One without Err has nothing
// more to say than its code: all was said before.
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

// Refuse makes err one that ended the command before anything was sent.
func Refuse(err error) error { return &Failure{Code: batch.ExitUsage, Err: err} }

// Refusef is Refuse for a new error.
func Refusef(format string, args ...any) error { return Refuse(fmt.Errorf(format, args...)) }

// ExitWith ends the command with a code and no further words.
func ExitWith(code int) error {
	if code == batch.ExitOK {
		return nil
	}
	return &Failure{Code: code}
}

// CodeOf returns the exit code of a command's error. A command's own errors
// without a code mean that it broke off.
func CodeOf(err error) int {
	var (
		f *Failure
		p *batch.Panic
	)
	switch {
	case err == nil:
		return batch.ExitOK
	case errors.As(err, &p): // whatever else the command says
		return batch.ExitBroken
	case errors.As(err, &f):
		return f.Code
	default:
		return batch.ExitBroken
	}
}

// Early makes err that of a command that has sent nothing and touched no
// output: the signal's, if one ended it, else one that says so by its code.
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
	if errors.As(err, &f) || errors.As(err, &p) { // a bug is none of those who use the program
		return err
	}
	return Refuse(err)
}

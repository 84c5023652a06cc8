package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
)

// A StopSignal is the cause with which a signal cancels a context.
type StopSignal struct{ Sig syscall.Signal }

func (s StopSignal) Error() string { return fmt.Sprintf("stopped by a signal (%v)", s.Sig) }

// ExitCode returns the exit code that shells give a process ended by the signal.
func (s StopSignal) ExitCode() int { return 128 + int(s.Sig) }

// StoppedBy returns the signal that cancelled ctx, if one did.
func StoppedBy(ctx context.Context) (StopSignal, bool) {
	var stop StopSignal
	ok := errors.As(context.Cause(ctx), &stop)
	return stop, ok
}

// WithSignals calls f with a context that the first SIGINT, SIGTERM or SIGHUP
// cancels, and calls onFirst then. The second signal ends the program at once,
// which the ledger makes safe. So does SIGQUIT (Ctrl-\), for which Go would exit
// with 2, the code for nothing sent. SIGABRT still prints all goroutines.
//
// Signals that are ignored when the program starts stay ignored, as nohup and a
// shell's & require.
func WithSignals(ctx context.Context, onFirst func(StopSignal), f func(ctx context.Context) error) error {
	signals := make(chan os.Signal, 2) // both a first and a second one, even while onFirst writes to a slow terminal
	for _, sig := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT} {
		if !signal.Ignored(sig) {
			signal.Notify(signals, sig)
		}
	}
	defer signal.Stop(signals)
	return withSignalsFrom(ctx, signals, onFirst, os.Exit, f)
}

// Reading is Action for commands that send nothing and change nothing: the first
// signal ends the program at once.
func (a *App) Reading(f func(ctx context.Context, log zerolog.Logger, args []string) error) func(*cobra.Command, []string) error {
	return a.Action(func(ctx context.Context, log zerolog.Logger, args []string) error {
		return WithSignals(ctx, a.EndAtOnce, func(ctx context.Context) error { return Early(ctx, f(ctx, log, args)) })
	})
}

// EndAtOnce ends the program at the first signal, for commands and steps that have
// sent nothing: a read of standard input, for example, cannot be cancelled.
func (a *App) EndAtOnce(stop StopSignal) {
	_, _ = fmt.Fprintf(a.Stderr, "bulkinvite: %v; nothing was sent\n", stop)
	a.Stderr.End()
	os.Exit(stop.ExitCode())
}

func withSignalsFrom(ctx context.Context, signals <-chan os.Signal, onFirst func(StopSignal), exit func(code int), f func(ctx context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	return Beside(func(ended <-chan struct{}) {
		watch(signals, ended, func(stop StopSignal) {
			cancel(stop)
			onFirst(stop)
		}, exit)
	}, func() error { return f(ctx) })
}

// Beside calls f, and besides it watch, which has to return when ended is closed.
func Beside(watch func(ended <-chan struct{}), f func() error) error {
	ended := make(chan struct{})
	var g errgroup.Group
	g.Go(batch.Guard(func() error { watch(ended); return nil }))
	err := batch.Guard(f)()
	close(ended)
	return errors.Join(err, g.Wait())
}

// watch calls first with the first signal and exit with the code of the
// second, SIGHUP apart, or with that of SIGQUIT, until ended is closed.
func watch(signals <-chan os.Signal, ended <-chan struct{}, first func(StopSignal), exit func(code int)) {
	for n := 0; ; n++ {
		select {
		case <-ended:
			return
		case received := <-signals:
			sig, ok := received.(syscall.Signal)
			if !ok {
				continue // no system that Go knows has others
			}
			switch {
			case sig == syscall.SIGQUIT:
				exit(StopSignal{sig}.ExitCode())
				return
			case n == 0:
				first(StopSignal{sig})
			case sig == syscall.SIGHUP:
				// The system and the shell both send one when a terminal is
				// closed, and the outputs are to be written then.
			default:
				exit(StopSignal{sig}.ExitCode())
				return
			}
		}
	}
}

// AskSignal asks a run for its progress.
const AskSignal = syscall.SIGUSR1

// SurviveAsking keeps AskSignal from ending the program, so that it does no harm
// too early in a run or in other commands.
func SurviveAsking() {
	signal.Notify(make(chan os.Signal, 1), AskSignal) // never read
}

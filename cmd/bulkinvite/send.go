package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"bulkinvite/batch/ledger"
	"bulkinvite/client"
	"bulkinvite/csvio"
)

func newSendCommand(a *app) *cobra.Command {
	var flags sendFlags
	cmd := &cobra.Command{
		Use:   "send FILE|-",
		Short: "Invite everyone in a CSV file or an Excel workbook, exactly once",
		Long: `send invites everyone in FILE (- is standard input) who was not invited yet, and
writes what became of each row: NAME.results.csv has those who are invited, with
their links, and NAME.failed.csv the others, with the reason. FILE is CSV or an
Excel workbook (.xlsx), as it is or compressed with gzip or zstd.

What was sent is remembered in the ledger. Whatever ends a run, a crash and
kill -9 included, running the same command again goes on where it stood, and
invites nobody twice. On a terminal send shows what it will do and asks first.`,
		Args: oneFile,
		RunE: a.action(func(ctx context.Context, log zerolog.Logger, args []string) error {
			s := &sender{app: a, flags: &flags, log: log, inputName: args[0]}
			return withSignals(ctx, s.stopping, s.run)
		}),
	}
	flags.add(cmd.Flags())
	return cmd
}

// A sender is one run of send. Its fields are filled by the steps of run, in
// the order of these steps.
type sender struct {
	*app
	flags     *sendFlags
	log       zerolog.Logger
	inputName string // as on the command line

	api        *client.Client
	input      *csvio.Input
	plan       planView
	outputs    *csvio.Outputs
	ledgerPath string
	store      *ledger.Store
	book       *ledger.Run
	begun      atomic.Bool // set before the ledger is opened: from then on a run is ended in order
	sending    atomic.Bool // set before anything is sent

	cleanups []func() error // run in reverse order
}

// run sends the file. All steps but the last end without
// anything sent and without touching what an earlier run wrote.
func (s *sender) run(ctx context.Context) error {
	defer s.cleanUp()
	if err := s.flags.check(s.app, s.inputName); err != nil {
		return err
	}
	for _, step := range []func(context.Context) error{
		s.connect,
		s.check,
		s.prepareOutputs,
		s.openLedger,
		s.confirm,
	} {
		if err := cmp.Or(step(ctx), context.Cause(ctx)); err != nil {
			return s.early(ctx, err)
		}
	}
	return s.send(ctx)
}

// early ends a run that has sent nothing.
func (s *sender) early(ctx context.Context, err error) error {
	err = early(ctx, advised(err, s.ledgerPath))
	if s.book != nil {
		err = errors.Join(err, s.book.End(ctx, nil, codeOf(err)))
	}
	return err
}

// atEnd registers what is to be closed or removed at the end.
func (s *sender) atEnd(f func() error) { s.cleanups = append(s.cleanups, f) }

// cleanUp closes what was opened. What fails here changes nothing for anybody:
// the outputs are written and the ledger has committed.
func (s *sender) cleanUp() {
	for i := len(s.cleanups) - 1; i >= 0; i-- {
		if err := s.cleanups[i](); err != nil {
			s.log.Warn().Err(err).Msg("cannot clean up")
		}
	}
}

// stopping is what the first signal does beside cancelling the run.
func (s *sender) stopping(stop stopSignal) {
	if !s.begun.Load() {
		s.endAtOnce(stop)
	}
	if !s.sending.Load() {
		return // the end is near, and says so
	}
	if s.stderrTerminal != nil {
		// Ctrl-C has left ^C behind the bar, which can be wiped out only from
		// the beginning of the line.
		_, _ = io.WriteString(s.stderr, "\r")
	}
	s.log.Warn().Stringer("signal", stop.sig).Stringer("at_most", s.flags.input.batch.Timeout).
		Msg("stopping: requests under way are awaited, nothing new is sent; another signal ends the program at once")
}

// Package send is the command that invites: its flags, the order of its steps,
// the progress on a terminal and in the log, and its summary for people,
// programs, monitoring and webhooks. It knows what the commands share, the
// preview and the library. It must not know other commands, nor decide who is
// invited: the library does.
package send

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/send"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/cmd/bulkinvite/preview"
)

const long = `send invites everyone in FILE (- is standard input) who was not invited yet, and
writes the outcome of each row: NAME.results.csv has the people who are invited,
with their links, and NAME.failed.csv the others, with the reason. FILE is CSV or
an Excel workbook (.xlsx), also compressed with gzip or zstd.

Several files are sent as if they were one, and so are the sheets of a workbook
with --sheet all: a person in two of them is invited once, and if one of them is
broken, nothing is sent. All rows are in one pair of outputs, named after the
first file, whose columns "file" and "sheet" say where a row is from. A sheet
that --sheet names is part of the outputs' names, as in NAME.SHEET.results.csv.

The ledger records what was sent. However a run ends, by a crash or kill -9 too,
the same command goes on where it stood and invites nobody twice. On a terminal
send shows the plan and asks first. Ctrl-C stops it: it waits for the requests
under way and writes the outputs. A second Ctrl-C ends it at once.

With --plan it sends nothing unless the input, the flags that say how it is read
and what the ledger knows about its people are as bulkinvite check --json saved
them. A plan is used up when somebody in it was sent to: after a run that did not
reach everybody, make a new plan.

On SIGUSR1 (kill -USR1) a run logs its progress, whatever --log-level is. At its
end it can write --metrics and call --notify: bulkinvite help monitoring.`

// NewCmdSend returns the command send.
func NewCmdSend(a *app.App) *cobra.Command {
	var flags Options
	cmd := &cobra.Command{
		Use:   "send FILE|-...",
		Short: "Invite everyone in a CSV file or an Excel workbook, exactly once",
		Example: `  # rehearse: no key, no API, nobody is invited
  bulkinvite send candidates.csv --sandbox

  # look at what is read from a workbook, and send it together with another list
  bulkinvite check june.xlsx --sheet Candidates
  bulkinvite send june.xlsx more.csv --sheet Candidates --api-key-file ~/.micro1-api-key

  # invite 10 people, look at the files, then the rest
  bulkinvite send candidates.csv --api-key-file ~/.micro1-api-key --limit 10
  bulkinvite send candidates.csv --api-key-file ~/.micro1-api-key

  # in cron: nothing is asked, and nothing is sent if too many people are left
  bulkinvite send /srv/bulkinvite/candidates.csv --api-key-file /etc/bulkinvite/micro1-api-key --max-invites 500

  # in cron, with monitoring: the URL of --notify is a secret, keep it in the environment
  BULKINVITE_NOTIFY=https://hc-ping.com/UUID bulkinvite send /srv/bulkinvite/candidates.csv --max-invites 500 --metrics /var/lib/prometheus/node-exporter/bulkinvite.prom

  # the rows that failed, once they are fixed
  bulkinvite send candidates.failed.csv --api-key-file ~/.micro1-api-key`,
		Long: long,
		Args: preview.SomeFiles,
		RunE: a.Action(func(ctx context.Context, log zerolog.Logger, args []string) error {
			names, err := app.ExpandInputs(args, a.Environ)
			if err != nil {
				return err
			}
			s := &sender{App: a, flags: &flags, log: log, inputNames: names}
			return app.WithSignals(ctx, s.stopping, func(ctx context.Context) error { return s.answering(ctx, s.runAndNotify) })
		}),
	}
	flags.add(cmd.Flags())
	return cmd
}

// A sender is one run of send.
type sender struct {
	*app.App
	flags      *Options
	log        zerolog.Logger
	inputNames []string // of the command line, with ~ expanded

	// What logStanding reads.
	meter atomic.Pointer[meter] // set when the sending begins
	sent  atomic.Bool           // nothing is sent any more

	plan       preview.Plan
	saved      *preview.SavedPlan // of --plan, or nil
	ledgerPath string
	number     int64             // of the run in the ledger; 0: none began
	bugs       chan *batch.Panic // the first of the run
	summary    *summary          // nil if nothing was sent
	begun      atomic.Bool       // set before the ledger is opened: from then on a run is ended in order
	sending    atomic.Bool       // set while something may be sent

	cleanups []func() error // run in reverse order
}

// run sends the input and reports on it.
func (s *sender) run(ctx context.Context) error {
	defer s.cleanUp()
	job, err := s.job()
	if err != nil {
		return app.Early(ctx, err)
	}
	report, err := send.Run(ctx, job)
	if report != nil {
		return s.report(ctx, report)
	}
	if errors.Is(err, ledger.ErrLocked) {
		err = &app.Failure{Code: batch.ExitLocked, Err: err}
	}
	return app.Early(ctx, err)
}

// report reports on a run that has sent: in the summary file, in the log and on
// stdout.
func (s *sender) report(ctx context.Context, r *send.Report) error {
	s.summary = s.newSummary(r)
	if r.Held.People > 0 {
		s.log.Warn().Int("held_back", r.HeldBack).Time("until", r.Held.Until).Msg(s.summary.heldBack)
	}
	app.LogBug(s.log, r.Broke)
	if s.flags.summary != "" {
		if err := s.summary.save(s.flags.summary); err != nil {
			r.Break(err)
		}
	}
	s.cleanUp()                                                                      // first, since a reader of the summary may be slow
	app.Patiently(ctx, func() { _, _ = io.WriteString(s.Stdout, s.summary.text()) }) // which drops errors
	if r.ExitCode == batch.ExitBroken {
		return errors.New(s.summary.lastLine())
	}
	return app.ExitWith(r.ExitCode)
}

// atEnd registers a clean-up for the end.
func (s *sender) atEnd(f func() error) { s.cleanups = append(s.cleanups, f) }

// cleanUp closes what was opened. A failure here changes nothing for the user: a
// run that has sent has closed its ledger.
func (s *sender) cleanUp() {
	for i := len(s.cleanups) - 1; i >= 0; i-- {
		if err := s.cleanups[i](); err != nil {
			s.log.Warn().Err(err).Msg("cannot clean up")
		}
	}
	s.cleanups = nil
}

// stopping is called at the first signal, which also cancels the run.
func (s *sender) stopping(stop app.StopSignal) {
	if !s.begun.Load() {
		s.EndAtOnce(stop)
	}
	if !s.sending.Load() {
		return // the run ends now, and its summary says so
	}
	s.log.Warn().Stringer("signal", stop.Sig).Stringer("at_most", s.flags.input.Batch.Timeout).
		Msg("stopping: requests under way are awaited, nothing new is sent; another signal ends the program at once")
}

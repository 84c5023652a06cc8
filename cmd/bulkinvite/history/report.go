package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"bulkinvite/batch/file"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/cmd/bulkinvite/app"
)

// ReportOptions are the flags of report.
type ReportOptions struct {
	*app.App
	ledger, output string
	number         int64 // of the run; 0: the newest
	noPersonalData bool
}

// NewCmdReport returns the command report.
func NewCmdReport(a *app.App) *cobra.Command {
	opts := ReportOptions{App: a}
	cmd := &cobra.Command{
		Use:   "report [RUN]",
		Short: "Write a page about a run: what went out, what came back, and what to do",
		Example: `  # the last run, as report-NUMBER.html in this folder
  bulkinvite report

  # run 7, for others: without addresses and messages
  bulkinvite report 7 --no-personal-data -o run-7.html`,
		Long: `report writes a page (HTML) about a run, for a browser or a printer: the outcomes
of its rows and what to do about those that failed, its requests over time, the
answers, the interviews, and the first people of each error code.

RUN is a number that status shows (default: the newest run). The page needs no
network and no scripts. It is written to report-RUN.html in the current folder,
readable by its owner alone, and its name to standard output. report may be used
while the run goes on, and does not change the ledger.`,
		Args: opts.takeRun,
		RunE: a.Reading(opts.run),
	}
	set := cmd.Flags()
	app.AddLedgerFlag(set, &opts.ledger)
	set.VarP(app.File(&opts.output), "output", "o", "where the page goes; - is standard output (default report-RUN.html)")
	set.BoolVar(&opts.noPersonalData, "no-personal-data", false, "leave out addresses and the API's messages, which may name people, and the input's name")
	return cmd
}

// takeRun takes the number of a run, or nothing.
func (o *ReportOptions) takeRun(_ *cobra.Command, args []string) (err error) {
	if len(args) > 1 {
		return errors.New("name one RUN, or none for the newest")
	}
	if len(args) == 1 {
		if o.number, err = strconv.ParseInt(args[0], 10, 64); err != nil || o.number < 1 {
			return fmt.Errorf("%q is no run; name it by its number in bulkinvite status", args[0])
		}
	}
	return nil
}

func (o *ReportOptions) run(ctx context.Context, _ zerolog.Logger, _ []string) error {
	return o.ReadLedger(ctx, o.ledger, func(reader *history.Reader, path string) error {
		source, err := readReport(ctx, reader, path, o.number)
		if err != nil {
			return err
		}
		if o.output == "" {
			o.output = fmt.Sprintf("report-%d.html", source.run.ID)
		}
		if err := o.check(path); err != nil {
			return err
		}
		return o.writeReport(source)
	})
}

// writeReport writes the page to --output.
func (o *ReportOptions) writeReport(source *reportSource) error {
	page, err := newPage(source, o.noPersonalData)
	if err != nil {
		return err
	}
	var b bytes.Buffer // the page is small, whatever the run was
	if err := page.writeTo(&b); err != nil {
		return err
	}
	if o.output == "-" {
		if _, err := o.Answers.Write(b.Bytes()); err != nil {
			return fmt.Errorf("write the page to standard output: %w", err)
		}
		return nil
	}
	if err := file.Replace(file.Followed(o.output), b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	_, err = fmt.Fprintln(o.Answers, o.output)
	return err
}

// check refuses an output that would overwrite the ledger, or cannot be written.
func (o *ReportOptions) check(ledgerPath string) error {
	if o.output == "-" {
		return nil
	}
	if app.IsLedger(o.output, ledgerPath) {
		return app.Refusef("--output %s is the ledger; name another file", o.output)
	}
	return app.CheckWritable("output", o.output)
}

// A reportSource is what the ledger has about a run.
type reportSource struct {
	run     history.RunStatus
	found   *history.RunReport
	running bool
	now     time.Time
}

// namedPeople is how many people the page names for each error code.
const namedPeople = 50

// readReport reads a run from the ledger, the newest if run is 0.
func readReport(ctx context.Context, reader *history.Reader, path string, run int64) (*reportSource, error) {
	running, err := reader.Running()
	if err != nil {
		return nil, err
	}
	newest, err := reader.Runs(ctx, 1)
	if err != nil {
		return nil, err
	}
	if len(newest) == 0 {
		return nil, app.Refusef("the ledger %s has no runs yet; send makes the first", path)
	}
	s := &reportSource{run: newest[0], now: time.Now()}
	if run != 0 {
		s.run, err = reader.Run(ctx, run)
	}
	switch {
	case errors.Is(err, history.ErrNoRun):
		return nil, app.Refusef("the ledger %s has no run %d; bulkinvite status shows the last ones", path, run)
	case err != nil:
		return nil, err
	}
	s.running = running && s.run.ID == newest[0].ID && s.run.EndedAt.IsZero()
	s.found, err = reader.Report(ctx, s.run.ID, namedPeople)
	return s, err
}

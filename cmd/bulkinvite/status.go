package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
)

// shownDoubts are how many of those in doubt status names.
const shownDoubts = 20

func newStatusCommand(a *app) *cobra.Command {
	var (
		path string
		runs = 10
	)
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the ledger knows: the last runs, counts, and who is in doubt",
		Example: `  bulkinvite status
  bulkinvite status --runs 1 --ledger /var/lib/bulkinvite/ledger.db`,
		Long: `status shows what the ledger knows: the last runs, how many people are invited
to which interview, and who is in doubt because an answer was lost. It may be
used while a run goes on, and changes nothing.`,
		Args: cobra.NoArgs,
		RunE: a.action(func(ctx context.Context, _ zerolog.Logger, _ []string) error {
			return withSignals(ctx, a.endAtOnce, func(ctx context.Context) error {
				return early(ctx, a.status(ctx, path, runs))
			})
		}),
	}
	cmd.Flags().Var(file{text{value: &path}}, "ledger", "the ledger (default $XDG_STATE_HOME/bulkinvite/ledger.db, or in ~/.local/state)")
	cmd.Flags().Var(whole{&runs, 1, 1000}, "runs", "how many of the last runs are shown")
	return cmd
}

func (a *app) status(ctx context.Context, path string, runs int) error {
	path, err := ledgerPath(path, a.environ)
	if err != nil {
		return err
	}
	return advised(a.showLedger(ctx, path, runs), path)
}

func (a *app) showLedger(ctx context.Context, path string, runs int) error {
	reader, err := ledger.OpenReadOnly(ctx, path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return refusef("there is no ledger at %s; send makes it, or name another one with --ledger", path)
	case err != nil:
		return err
	}
	defer func() { _ = reader.Close() }() // only read from
	s := statusView{ledger: path}
	if s.running, err = reader.Running(); err != nil {
		return err
	}
	if s.runs, err = reader.Runs(ctx, runs); err != nil {
		return err
	}
	if s.interviews, s.doubts, err = reader.People(ctx); err != nil {
		return err
	}
	return s.writeTo(a.stdout)
}

// A statusView is what status shows.
type statusView struct {
	ledger     string
	running    bool
	runs       []ledger.RunStatus // the newest first
	interviews []ledger.InterviewStatus
	doubts     []ledger.Doubt
}

func (s *statusView) writeTo(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "ledger %s\n", s.ledger)
	s.writeRuns(&b)
	s.writeInterviews(&b)
	s.writeDoubts(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (s *statusView) writeRuns(b *strings.Builder) {
	if len(s.runs) == 0 {
		fmt.Fprintln(b, "no runs yet")
		return
	}
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "run\tstarted\ttook\texit\tresults\tfailed\trows\tinput")
	for i, r := range s.runs {
		took, exit := "", strconv.Itoa(r.ExitCode)
		switch {
		case !r.EndedAt.IsZero():
			took = roughly(r.EndedAt.Sub(r.StartedAt))
		case s.running && i == 0:
			exit = "running"
		default:
			exit = "died"
		}
		var counts struct { // absent if the run wrote no outputs
			Results *int `json:"results"`
			Failed  *int `json:"failed"`
		}
		if err := json.Unmarshal([]byte(r.Counts), &counts); err != nil {
			exit += " (unreadable counts)"
		}
		_, _ = fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%s\t%s\t%d\t%s\n",
			r.ID, r.StartedAt.Local().Format(time.DateTime), took, exit,
			orDash(counts.Results), orDash(counts.Failed), r.Rows, r.Input)
	}
	_ = table.Flush() // a strings.Builder takes everything
}

// orDash writes a number that may not be known.
func orDash(n *int) string {
	if n == nil {
		return "-"
	}
	return strconv.Itoa(*n)
}

func (s *statusView) writeInterviews(b *strings.Builder) {
	if len(s.interviews) == 0 {
		return
	}
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "\ninvited\tin doubt\trefused\tfailed\tinterview\tapi")
	for _, i := range s.interviews {
		_, _ = fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%s\t%s\n", i.People[batch.StateInvited], i.People[batch.StateSending],
			i.People[batch.StateRefused], i.People[batch.StateFailed], i.InterviewID, i.BaseURL)
	}
	_ = table.Flush() // a strings.Builder takes everything
}

func (s *statusView) writeDoubts(b *strings.Builder) {
	if len(s.doubts) == 0 {
		return
	}
	why := "their answer was lost; the next run that names them asks the API first"
	if s.running {
		why = "being sent right now, or their answer was lost"
	}
	fmt.Fprintf(b, "\n%s in doubt: %s\n", people(len(s.doubts)), why)
	for _, d := range s.doubts[:min(shownDoubts, len(s.doubts))] {
		fmt.Fprintf(b, "  %s  %s  run %d, %s\n", d.Email, d.InterviewID, d.RunID, d.ClaimedAt.Local().Format(time.DateTime))
	}
	if more := len(s.doubts) - shownDoubts; more > 0 {
		fmt.Fprintf(b, "  and %d more\n", more)
	}
}

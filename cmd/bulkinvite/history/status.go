// Package history has the commands that show what the ledger knows: status,
// explain and report. It knows what the commands share and how the ledger is read.
// It must not know other commands, nor the API, nor change the ledger.
package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/cmd/bulkinvite/app"
)

// shownDoubts is how many people in doubt status names.
const shownDoubts = 20

// StatusOptions are the flags of status.
type StatusOptions struct {
	*app.App
	ledger string
	runs   int // how many
	only   int // the number of the only one; 0: all
	json   bool
}

const statusLong = `status shows what the ledger knows: the last runs, how many people are invited
to which interview, and who is in doubt because an answer was lost. With --run
it shows one run: its input, its requests by kind and answer, and who is in
doubt from it. It may be used while a run goes on, and changes nothing.
Addresses are shown in full, unlike in logs.

With --json it writes one JSON object: ledger, running (a run goes on now), runs
(the newest first), interviews and in_doubt (all people); with --run: ledger,
running, run, requests and in_doubt. A run's state is running, died or ended;
ended_at, seconds and exit_code are null unless it ended, counts is null if it
wrote no outputs. The mark of a person in doubt is other_address if the answer
named addresses that nobody asked for, else empty. A request's status_code is
null if it has no answer, and 0 if none came by HTTP. Times are UTC.`

// NewCmdStatus returns the command status.
func NewCmdStatus(a *app.App) *cobra.Command {
	opts := StatusOptions{App: a, runs: 10}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what the ledger knows: the last runs, counts, and who is in doubt",
		Example: `  bulkinvite status
  bulkinvite status --runs 1 --ledger /var/lib/bulkinvite/ledger.db
  bulkinvite status --run 12
  bulkinvite status --json | jq .in_doubt`,
		Long: statusLong,
		Args: app.NoArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("run") && cmd.Flags().Changed("runs") {
				return errors.New("--run and --runs exclude each other; leave one out")
			}
			return nil
		},
		RunE: a.Reading(opts.run),
	}
	app.AddLedgerFlag(cmd.Flags(), &opts.ledger)
	cmd.Flags().Var(app.Whole(&opts.runs, 1, 1000), "runs", "how many of the last runs are shown")
	cmd.Flags().Var(app.Whole(&opts.only, 1, math.MaxInt), "run", "show only the run of this number, in detail")
	cmd.Flags().BoolVar(&opts.json, "json", false, "write JSON, for programs")
	return cmd
}

func (o *StatusOptions) run(ctx context.Context, _ zerolog.Logger, _ []string) error {
	return o.ReadLedger(ctx, o.ledger, func(reader *history.Reader, path string) error {
		s := statusView{ledger: path}
		var err error
		if s.running, err = reader.Running(); err != nil {
			return err
		}
		if s.runs, err = reader.Runs(ctx, o.runs); err != nil {
			return err
		}
		if o.only != 0 {
			return o.showRun(ctx, reader, &s)
		}
		if s.interviews, s.doubts, err = reader.People(ctx); err != nil {
			return err
		}
		return show(o.App, o.json, &s)
	})
}

// A view is what a command shows.
type view interface {
	document() (any, error) // for programs
	text() (string, error)  // for people
}

// show writes a view to standard output.
func show(a *app.App, asJSON bool, v view) error {
	if asJSON {
		document, err := v.document()
		if err != nil {
			return err
		}
		return app.WriteJSON(a.Answers, document)
	}
	text, err := v.text()
	if err == nil {
		_, err = io.WriteString(a.Stdout, text)
	}
	return err
}

// A statusView is what status shows.
type statusView struct {
	ledger     string
	running    bool
	runs       []history.RunStatus // the newest first
	interviews []history.InterviewStatus
	doubts     []history.OpenRequest
}

// stateOf returns the state of a run. Only the newest can be running.
func (s *statusView) stateOf(r *history.RunStatus) string {
	switch {
	case !r.EndedAt.IsZero():
		return "ended"
	case s.running && r.ID == s.runs[0].ID:
		return "running"
	default:
		return "died"
	}
}

func (s *statusView) text() (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "ledger %s\n", s.ledger)
	s.writeRuns(&b)
	s.writeInterviews(&b)
	if len(s.doubts) > 0 {
		fmt.Fprintf(&b, "\n%s in doubt: %s\n", batch.People(len(s.doubts)), s.whyDoubt())
		writeDoubts(&b, s.doubts)
	}
	return b.String(), nil
}

func (s *statusView) writeRuns(b *strings.Builder) {
	if len(s.runs) == 0 {
		fmt.Fprintln(b, "no runs yet")
		return
	}
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "run\tstarted\ttook\texit\tresults\tfailed\trows\tinput")
	for i := range s.runs {
		r := &s.runs[i]
		took, exit := "", s.stateOf(r)
		if !r.EndedAt.IsZero() {
			took, exit = app.Roughly(r.EndedAt.Sub(r.StartedAt)), strconv.Itoa(r.ExitCode)
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

// orDash writes a number, or - if it is not known.
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
	_, _ = fmt.Fprintln(table, "\ninvited\tin doubt\trefused\tno invitation\tfailed\tinterview\tapi")
	leftOut := 0
	for _, i := range s.interviews {
		_, _ = fmt.Fprintf(table, "%d\t%d\t%d\t%d\t%d\t%s\t%s\n", i.People[batch.StateInvited], i.People[batch.StateSending],
			i.People[batch.StateRefused], i.People[batch.StateNoInvitation], i.People[batch.StateFailed], i.InterviewID, i.BaseURL)
		leftOut += i.People[batch.StateNoInvitation]
	}
	_ = table.Flush() // a strings.Builder takes everything
	if leftOut > 0 {
		fmt.Fprintf(b, "\n%s without an invitation: the API accepted the request and left them out; "+
			"their rows are not sent again until they change, or after bulkinvite confirm --assume not-sent\n", batch.People(leftOut))
	}
}

// whyDoubt explains why people are in doubt.
func (s *statusView) whyDoubt() string {
	if s.running {
		return "being sent right now, or their answer was lost"
	}
	return "their answer was lost; the next run that names them asks the API first, or bulkinvite confirm now"
}

// markWords explains the mark of a person in doubt.
func markWords(mark string) string {
	if mark == batch.MarkOtherAddress {
		return ", the answer named an address that nobody asked for: look in the dashboard, and use bulkinvite confirm --assume"
	}
	return ""
}

// writeDoubts names the first people in doubt.
func writeDoubts(b *strings.Builder, doubts []history.OpenRequest) {
	for _, d := range doubts[:min(shownDoubts, len(doubts))] {
		fmt.Fprintf(b, "  %s  %s  run %d, %s%s\n", d.Key.Email, d.Key.InterviewID, d.RunID, d.ClaimedAt.Local().Format(time.DateTime), markWords(d.Mark))
	}
	if more := len(doubts) - shownDoubts; more > 0 {
		fmt.Fprintf(b, "  and %d more; --json shows all\n", more)
	}
}

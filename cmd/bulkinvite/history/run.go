package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/cmd/bulkinvite/app"
)

// A runView is what status --run shows.
type runView struct {
	status   *statusView
	run      history.RunStatus
	requests []history.RequestCount
	doubts   []history.OpenRequest // from this run
}

func (o *StatusOptions) showRun(ctx context.Context, reader *history.Reader, s *statusView) error {
	v, id := runView{status: s}, int64(o.only)
	var err error
	v.run, err = reader.Run(ctx, id)
	switch {
	case errors.Is(err, history.ErrNoRun):
		return app.Refusef("the ledger %s has no run %d; bulkinvite status shows the last ones", s.ledger, id)
	case err != nil:
		return err
	}
	if v.requests, err = reader.Requests(ctx, id); err != nil {
		return err
	}
	if v.doubts, err = reader.InDoubt(ctx, id); err != nil {
		return err
	}
	return show(o.App, o.json, &v)
}

func (v *runView) text() (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "ledger %s\n", v.status.ledger)
	if err := v.writeRun(&b); err != nil {
		return "", err
	}
	v.writeRequests(&b)
	if len(v.doubts) > 0 {
		fmt.Fprintf(&b, "\n%s in doubt from this run: %s\n", batch.People(len(v.doubts)), v.status.whyDoubt())
		writeDoubts(&b, v.doubts)
	}
	return b.String(), nil
}

func (v *runView) writeRun(b *strings.Builder) error {
	r := &v.run
	fmt.Fprintf(b, "run %d: %s\n", r.ID, v.status.stateOf(r))
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	if isConfirm(r) {
		_, _ = fmt.Fprintf(table, "  input\tnone, it was bulkinvite %s for %s in doubt\n", r.Input, batch.People(r.Rows))
	} else {
		_, _ = fmt.Fprintf(table, "  input\t%s, %s\n", r.Input, batch.Count(r.Rows, "row"))
		_, _ = fmt.Fprintf(table, "  sha256\t%s\n", r.SHA256)
	}
	_, _ = fmt.Fprintf(table, "  api\t%s\n", r.BaseURL)
	_, _ = fmt.Fprintf(table, "  started\t%s\n", r.StartedAt.Local().Format(time.DateTime))
	if !r.EndedAt.IsZero() {
		_, _ = fmt.Fprintf(table, "  ended\t%s, after %s\n", r.EndedAt.Local().Format(time.DateTime), app.Roughly(r.EndedAt.Sub(r.StartedAt)))
		_, _ = fmt.Fprintf(table, "  exit\t%d\n", r.ExitCode)
	}
	counts, err := countsOf(r)
	if err != nil {
		return err
	}
	if perHour, known := counts[batch.RatePerHour]; known {
		_, _ = fmt.Fprintf(table, "  rate\t%s requests per second\n", app.FormatFloat(app.Round(float64(perHour)/3600)))
		delete(counts, batch.RatePerHour)
	}
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		_, _ = fmt.Fprintf(table, "  %s\t%d\n", name, counts[name])
	}
	return table.Flush()
}

// countsOf returns the counts of a run, nil if it wrote none.
func countsOf(r *history.RunStatus) (counts map[string]int, err error) {
	if err := json.Unmarshal([]byte(r.Counts), &counts); err != nil {
		return nil, fmt.Errorf("the counts of run %d cannot be read: %w", r.ID, err)
	}
	if len(counts) == 0 {
		return nil, nil
	}
	return counts, nil
}

func (v *runView) writeRequests(b *strings.Builder) {
	if len(v.requests) == 0 {
		fmt.Fprintln(b, "no requests, lists apart")
		return
	}
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "\nrequests\tpeople\tkind\tanswer\tits newest message")
	for _, r := range v.requests {
		_, _ = fmt.Fprintf(table, "%d\t%d\t%s\t%s\t%s\n", r.Requests, r.People, r.Kind, answerOf(r.Answered, r.StatusCode), batch.OneLine(r.Message))
	}
	_ = table.Flush() // a strings.Builder takes everything
}

// answerOf describes the answer to a request in a word.
func answerOf(answered bool, statusCode int) string {
	switch {
	case !answered:
		return "none yet"
	case statusCode == 0:
		return "-"
	default:
		return strconv.Itoa(statusCode)
	}
}

// isConfirm reports whether a run was one of confirm, which reads no input.
func isConfirm(r *history.RunStatus) bool { return r.SHA256 == "" }

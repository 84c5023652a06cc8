package send

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/file"
	"bulkinvite/batch/send"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/cmd/bulkinvite/preview"
)

// A summary is a report in the words of this program, for people on stdout. With
// --summary, programs get the report as a JSON object.
type summary struct {
	*send.Report
	again     string // the advice after most ends
	rehearsed bool   // with --sandbox
	heldBack  string // who was not re-sent, in words
}

func (s *sender) newSummary(r *send.Report) *summary {
	r.Version = app.ThisBuild().Version
	sum := &summary{Report: r, again: s.again(), rehearsed: s.flags.sandbox}
	if r.Held.People > 0 {
		sum.heldBack = preview.HeldBackWords(r.Held, s.flags.input.Batch.ResendAfter)
	}
	return sum
}

// text returns the summary for people.
func (r *summary) text() string {
	var b strings.Builder
	elapsed := time.Duration(r.Seconds * float64(time.Second))
	fmt.Fprintf(&b, "%s: %s, %s in %s\n", r.Input, batch.Count(r.Rows, "row"), batch.Count(r.Requests, "request"), app.Roughly(elapsed))
	switch {
	case r.Rows == 0:
		fmt.Fprintf(&b, "%s and %s are left as they were\n", r.ResultsFile, r.FailedFile)
	case r.OutputsLost:
		fmt.Fprintf(&b, "%s and %s could not be written and are not those of this run; the ledger knows who was invited\n",
			r.ResultsFile, r.FailedFile)
	default:
		writeFileCounts(&b, r.ResultsFile, r.ResultsRows, batch.Statuses(), r.Results)
		writeFileCounts(&b, r.FailedFile, r.FailedRows, batch.Codes(), r.Failed)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", warning)
	}
	if r.Unlooked {
		b.WriteString("bulkinvite audit shows whether anybody is in the API's list twice\n")
	}
	fmt.Fprintf(&b, "%s\n", r.lastLine())
	return b.String()
}

func writeFileCounts[T ~string](b *strings.Builder, file string, rows int, order []T, counts map[T]int) {
	fmt.Fprintf(b, "%s: %s\n", file, batch.Count(rows, "row"))
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, name := range order {
		if counts[name] > 0 {
			_, _ = fmt.Fprintf(table, "  %s\t%d\n", name, counts[name])
		}
	}
	_ = table.Flush() // a strings.Builder takes everything
}

// planAgain is the advice after most ends of a run with a plan, which is used up
// when somebody in it was sent to.
const planAgain = "make a new plan with bulkinvite check --json and send it to go on"

// again returns the advice after most ends.
func (s *sender) again() string {
	if s.flags.plan != "" {
		return planAgain
	}
	return app.Again
}

// lastLine says how the run ended and what to do next.
func (r *summary) lastLine() string {
	switch {
	case r.End == send.EndBroken:
		return "broke off: " + r.Reason + "; " + r.again
	case r.End != batch.Finished.String():
		return "ended early: " + r.Reason + "; " + r.again
	case r.Rows == 0:
		return "finished; the input has no rows, nobody was invited; look at where it comes from"
	case r.FailedRows == 0 && r.Twice > 0:
		return "finished; everyone is invited, and " + batch.People(r.Twice) + " twice; see the warnings"
	case r.FailedRows == 0 && r.heldBack != "":
		return "finished; " + r.heldBack
	case r.FailedRows == 0 && r.rehearsed:
		return "finished; everyone is rehearsed, and nobody is invited"
	case r.FailedRows == 0:
		return "finished; everyone is invited"
	}
	line := "finished"
	if r.heldBack != "" {
		line += "; " + r.heldBack
	}
	open := r.Failed[batch.CodeAPIError] + r.Failed[batch.CodeUncertain] + r.Failed[batch.CodeNotSent]
	if open > 0 {
		line += fmt.Sprintf("; %s can still go unchanged, %s", batch.Count(open, "row"), r.again)
	}
	if fix := r.FailedRows - open; fix > 0 {
		need, them := "need", "them"
		if fix == 1 {
			need, them = "needs", "it"
		}
		line += fmt.Sprintf("; %s %s fixing: see the error column of %s, fix %s there, then send that file", batch.Count(fix, "row"), need, r.FailedFile, them)
	}
	return line
}

// save writes the JSON summary, whole or not at all.
func (r *summary) save(name string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = file.Replace(file.Followed(name), append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	return nil
}

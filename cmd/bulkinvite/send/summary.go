package send

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/file"
	"bulkinvite/cmd/bulkinvite/app"
)

// A report is what a run has to tell at its end: to people on stdout, and with
// --summary to programs, as this JSON object.
type report struct {
	Version  string    `json:"version"`
	RunID    int64     `json:"run_id"` // the run's number in the ledger
	Started  time.Time `json:"started"`
	Seconds  float64   `json:"seconds"`
	ExitCode int       `json:"exit_code"`
	End      string    `json:"end"`    // finished, stopped, key_refused, …; broken if the run broke off
	Reason   string    `json:"reason"` // why rows were not sent, in words; may be empty

	Input       string `json:"input"`
	Ledger      string `json:"ledger"`
	ResultsFile string `json:"results_file"`
	FailedFile  string `json:"failed_file"`

	Rows        int                  `json:"rows"`         // in the input
	ResultsRows int                  `json:"results_rows"` // Rows = ResultsRows + FailedRows, or exit code 1
	FailedRows  int                  `json:"failed_rows"`
	Results     map[batch.Status]int `json:"results"` // rows by status
	Failed      map[batch.Code]int   `json:"failed"`  // rows by code
	Requests    int                  `json:"requests"`
	HeldBack    int                  `json:"held_back"` // people who were re-sent too short a time ago to be sent again
	Warnings    []string             `json:"warnings"`

	planned     bool    // with --plan
	rehearsed   bool    // with --sandbox
	heldBack    string  // who was not re-sent, in words
	twice       int     // people whom this run invited and a list shows twice
	unlooked    bool    // not all lists were read at the end to find them
	rate        float64 // that the user allowed, in requests per second
	outputsLost bool    // the files could not be written
	invited     int     // people, by this run
	traffic     batch.Traffic
}

// endNames are how an end is called in the JSON summary.
var endNames = map[batch.End]string{
	batch.Finished:     "finished",
	batch.Stopped:      "stopped",
	batch.KeyRefused:   "key_refused",
	batch.QuotaUsedUp:  "quota_used_up",
	batch.WrongPath:    "wrong_path",
	batch.APIDown:      "api_down",
	batch.DeadlineOver: "deadline_over",
}

// endBroken is the end of a run that broke off.
const endBroken = "broken"

// count takes over what became of a row.
func (r *report) count(out batch.Outcome) {
	if out.Status != "" {
		r.Results[out.Status]++
	} else {
		r.Failed[out.Code]++
	}
}

// setBroken makes the report that of a run that broke off: with err, or with
// rows missing. What follows from the first error comes behind it.
func (r *report) setBroken(err error) {
	if err == nil {
		err = fmt.Errorf("%d rows came in and %d are in the files, which is a bug", r.Rows, r.ResultsRows+r.FailedRows)
	}
	reason := app.OneLine(app.Advised(err, r.Ledger).Error())
	if r.End == endBroken {
		reason = r.Reason + "; " + reason
	}
	r.ExitCode, r.End, r.Reason = app.ExitBroken, endBroken, reason
}

// notWritten takes back the counts of rows: no file has them.
func (r *report) notWritten() {
	clear(r.Results)
	clear(r.Failed)
	r.outputsLost = true
}

// flatCounts is how the ledger keeps the counts of a run, if it wrote any rows.
func (r *report) flatCounts() map[string]int {
	if r.outputsLost {
		return nil
	}
	counts := map[string]int{"rows": r.Rows, "results": r.ResultsRows, "failed": r.FailedRows, "requests": r.Requests}
	counts[app.RatePerHour] = int(math.Round(r.rate * 3600))
	for status, n := range r.Results {
		counts[string(status)] = n
	}
	for code, n := range r.Failed {
		counts[string(code)] = n
	}
	return counts
}

// balanced reports whether every row of the input is in one of the files, by
// two counts: of the outcomes, and of the rows written.
func (r *report) balanced() bool {
	sum := 0
	for _, n := range r.Results {
		sum += n
	}
	for _, n := range r.Failed {
		sum += n
	}
	written := r.ResultsRows + r.FailedRows
	return written == r.Rows && sum == r.Rows
}

// writeTo tells the run to people.
func (r *report) writeTo(w io.Writer) error {
	var b strings.Builder
	elapsed := time.Duration(r.Seconds * float64(time.Second))
	fmt.Fprintf(&b, "%s: %s, %s in %s\n", r.Input, app.Count(r.Rows, "row"), app.Count(r.Requests, "request"), app.Roughly(elapsed))
	switch {
	case r.Rows == 0:
		fmt.Fprintf(&b, "%s and %s are left as they were\n", r.ResultsFile, r.FailedFile)
	case r.outputsLost:
		fmt.Fprintf(&b, "%s and %s could not be written and are not those of this run; the ledger knows who was invited\n",
			r.ResultsFile, r.FailedFile)
	default:
		writeFileCounts(&b, r.ResultsFile, r.ResultsRows, app.StatusOrder, r.Results)
		writeFileCounts(&b, r.FailedFile, r.FailedRows, app.CodeOrder, r.Failed)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", warning)
	}
	if r.unlooked {
		b.WriteString("whether somebody stands in the API's list twice, bulkinvite audit can tell\n")
	}
	fmt.Fprintf(&b, "%s\n", r.lastLine())
	_, err := io.WriteString(w, b.String())
	return err
}

func writeFileCounts[T ~string](b *strings.Builder, file string, rows int, order []T, counts map[T]int) {
	fmt.Fprintf(b, "%s: %s\n", file, app.Count(rows, "row"))
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	for _, name := range order {
		if counts[name] > 0 {
			_, _ = fmt.Fprintf(table, "  %s\t%d\n", name, counts[name])
		}
	}
	_ = table.Flush() // a strings.Builder takes everything
}

// planAgain is what to do after most ends of a run with a plan: that does not
// hold any more once somebody in it was sent to.
const planAgain = "make a new plan with bulkinvite check --json and send it to go on"

// again is what to do after most ends.
func (r *report) again() string {
	if r.planned {
		return planAgain
	}
	return app.Again
}

// lastLine says how the run ended, and what to do next.
func (r *report) lastLine() string {
	switch {
	case r.End == endBroken:
		return "broke off: " + r.Reason + "; " + r.again()
	case r.End != endNames[batch.Finished]:
		return "ended early: " + r.Reason + "; " + r.again()
	case r.Rows == 0:
		return "finished; the input has no rows, nobody was invited; look at where it comes from"
	case r.FailedRows == 0 && r.twice > 0:
		return "finished; everyone is invited, and " + app.People(r.twice) + " twice; see the warnings"
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
		line += fmt.Sprintf("; %s can still go unchanged, %s", app.Count(open, "row"), r.again())
	}
	if mend := r.FailedRows - open; mend > 0 {
		line += fmt.Sprintf("; %s must be mended, see the error column of %s, and send that file then", app.Count(mend, "row"), r.FailedFile)
	}
	return line
}

// checkSummaryFile makes sure, before anything is sent, that the summary can
// be written where --summary says.
func checkSummaryFile(name string) error {
	if name == "" {
		return nil
	}
	return app.CheckWritable("summary", name)
}

// save writes the JSON summary, whole or not at all.
func (r *report) save(name string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err == nil {
		err = file.Replace(file.Followed(name), append(text, '\n'), 0o600)
	}
	if err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	return nil
}

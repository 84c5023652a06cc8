package send

import (
	"context"
	"fmt"
	"math"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/outlet"
)

// EndBroken is the end of a run that broke off. The others are those of
// batch.End.
const EndBroken = "broken"

// A Report is what became of a run that has sent.
type Report struct {
	Version  string    `json:"version"` // of the program, which sets it
	RunID    int64     `json:"run_id"`  // the run's number in the ledger
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

	Broke       error          `json:"-"` // what the run broke off for
	Held        batch.HeldBack `json:"-"` // who HeldBack are
	Invited     int            `json:"-"` // people, by this run
	Twice       int            `json:"-"` // of them: a list shows them twice
	Unlooked    bool           `json:"-"` // not all lists were read at the end to find them
	OutputsLost bool           `json:"-"` // the files could not be written
	Traffic     outlet.Traffic `json:"-"`

	rate float64 // that was allowed, in requests per second
}

// newReport returns the report before anything is sent.
func (s *sender) newReport() *Report {
	return &Report{
		RunID:   s.run.ID(),
		Started: time.Now().UTC().Truncate(time.Millisecond),
		Input:   s.input.Name(), Ledger: s.store.Path(),
		ResultsFile: s.Results, FailedFile: s.Failed,
		Rows:     s.preview.Plan.Rows,
		Results:  map[batch.Status]int{},
		Failed:   map[batch.Code]int{},
		Warnings: append(s.preview.WarningTexts(), s.notices...),
		rate:     s.preview.Options.Rate,
	}
}

// count counts the outcome of a row.
func (r *Report) count(out batch.Outcome) {
	if out.Status != "" {
		r.Results[out.Status]++
	} else {
		r.Failed[out.Code]++
	}
}

// take takes the engine's figures when nothing is sent any more.
func (r *Report) take(engine *engine.Engine) {
	r.Seconds = time.Since(r.Started).Seconds()
	p := engine.Progress()
	r.Requests, r.Invited, r.Traffic = p.Requests, p.Invited, engine.Traffic()
	r.Warnings = append(r.Warnings, engine.Warnings()...)
	r.Held = engine.HeldBack()
	r.HeldBack = r.Held.People
	r.Twice, r.Unlooked = engine.Twice(), engine.MissedLastLook()
}

// finish sets the end and the exit code of a run that did not break off.
func (r *Report) finish(ctx context.Context, end batch.End, reason string) {
	r.End, r.Reason = end.String(), reason
	r.ExitCode = batch.ExitCode(ctx, end, r.FailedRows)
	if r.ExitCode == batch.ExitOK && (r.Rows == 0 || r.Twice > 0) {
		r.ExitCode = batch.ExitFailedRows
	}
}

// Break marks the run as broken off, by err or, if that is nil, by missing rows.
// The reason begins with the first error.
func (r *Report) Break(err error) {
	if err == nil {
		err = fmt.Errorf("%d rows came in and %d are in the files, which is a bug", r.Rows, r.ResultsRows+r.FailedRows)
	}
	reason := batch.OneLine(ledger.Advised(err, r.Ledger).Error())
	if r.End == EndBroken {
		reason = r.Reason + "; " + reason
	} else {
		r.Broke = err
	}
	r.ExitCode, r.End, r.Reason = batch.ExitBroken, EndBroken, reason
}

// notWritten clears the counts of rows, which no file has.
func (r *Report) notWritten() {
	clear(r.Results)
	clear(r.Failed)
	r.OutputsLost = true
}

// Counts returns the counts that the ledger keeps, nil if the outputs are lost.
func (r *Report) Counts() map[string]int {
	if r.OutputsLost {
		return nil
	}
	counts := map[string]int{"rows": r.Rows, "results": r.ResultsRows, "failed": r.FailedRows, "requests": r.Requests}
	counts[batch.RatePerHour] = int(math.Round(r.rate * 3600))
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
func (r *Report) balanced() bool {
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

package send

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/send"
	"bulkinvite/cmd/bulkinvite/app"
)

// An ending is what monitoring and chats learn about the end of a send. It has no
// names, addresses or ids, no names of files, and no messages of the API, which
// may have any of these.
type ending struct {
	Text      string         `json:"text"`   // for people; Slack and many others show this field
	Status    string         `json:"status"` // finished, stopped, key_refused, …, broken; refused or locked if nothing was sent
	ExitCode  int            `json:"exit_code"`
	Run       int64          `json:"run"` // the run's number in the ledger; 0: none began
	Rehearsal bool           `json:"rehearsal"`
	Seconds   float64        `json:"seconds"`
	Counts    map[string]int `json:"counts"` // rows, by file, status and code, and requests; empty if no outputs were written

	begun, at time.Time
	summary   *summary // nil if nothing was sent
}

// runAndNotify is run with --metrics and --notify after it, but not after a mistake
// in the flags, which only their author needs to know.
func (s *sender) runAndNotify(ctx context.Context) error {
	if err := cmp.Or(s.flags.check(s.App, s.inputNames), s.flags.checkMetricsFile(s.inputNames, s.Environ)); err != nil {
		return err
	}
	begun := time.Now()
	err := batch.Guard(func() error { return s.run(ctx) })()
	if s.flags.metrics == "" && len(s.flags.notify) == 0 {
		return err
	}
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx) // the end of a stopped run is reported, too
	}
	e := s.newEnding(begun, app.CodeOf(err))
	if s.flags.metrics != "" {
		if !strings.HasSuffix(s.flags.metrics, ".prom") {
			s.log.Warn().Str("metrics", s.flags.metrics).Msg("the node exporter reads only files that end in .prom: alarms about this one stay silent")
		}
		if err := e.saveMetrics(ctx, s.log, s.flags.metrics, s.ledgerPath); err != nil {
			s.log.Warn().Err(err).Msg("the metrics cannot be written; the run is as good without them")
		}
	}
	notifyAll(ctx, s.log, s.flags.notify, e)
	return err
}

func (s *sender) newEnding(begun time.Time, code int) *ending {
	now := time.Now()
	e := &ending{
		ExitCode: code, Rehearsal: s.flags.sandbox, Seconds: app.Round(now.Sub(begun).Seconds()), Counts: map[string]int{},
		begun: begun, at: now, Run: s.number, summary: s.summary,
	}
	if r := s.summary; r != nil && !r.OutputsLost {
		e.Counts = r.Counts()
		delete(e.Counts, batch.RatePerHour) // the ledger's alone
	}
	e.Status = e.status()
	e.Text = e.words()
	return e
}

// status returns the report's end or, without a report, the reason why nothing was
// sent.
func (e *ending) status() string {
	switch {
	case e.ExitCode == batch.ExitBroken:
		return send.EndBroken
	case e.summary != nil:
		return e.summary.End
	case e.ExitCode == batch.ExitLocked:
		return "locked"
	case e.ExitCode == batch.ExitUsage:
		return "refused"
	default:
		return batch.Stopped.String()
	}
}

// words describes the end for people.
func (e *ending) words() string {
	text, now := "bulkinvite", "invited now"
	if e.Rehearsal {
		text, now = text+", a rehearsal in the sandbox", "rehearsed now"
	}
	text += ": " + e.what()
	switch r := e.summary; {
	case r == nil:
	case r.OutputsLost:
		text += fmt.Sprintf(". %d %s, which the ledger knows; the outputs could not be written", r.Invited, now)
	default:
		text += fmt.Sprintf(". %s in the results (%d %s), %d failed", batch.Count(r.ResultsRows, "row"), r.Invited, now, r.FailedRows)
	}
	if e.Run != 0 {
		text += fmt.Sprintf(". Run %d", e.Run)
	} else {
		text += ". No run"
	}
	return text + fmt.Sprintf(", %s, exit code %d.", app.Roughly(time.Duration(e.Seconds*float64(time.Second))), e.ExitCode)
}

// what describes the exit code and what to do.
func (e *ending) what() string {
	switch {
	case e.ExitCode == batch.ExitFailedRows && e.summary != nil && e.summary.Rows == 0:
		return "finished, the input has no rows, nobody was invited; look at where it comes from"
	case e.ExitCode == batch.ExitFailedRows && e.summary != nil && e.summary.FailedRows == 0:
		return "finished, but a list shows people of this run twice; see the warnings"
	case e.ExitCode == batch.ExitOK && e.summary != nil && e.summary.heldBack != "":
		return "finished; " + e.summary.heldBack
	case e.ExitCode == batch.ExitOK && e.Rehearsal:
		return "finished, everyone is rehearsed, nobody is invited"
	case e.ExitCode == batch.ExitOK:
		return "finished, everyone is invited"
	case e.ExitCode == batch.ExitBroken:
		return "broke off; see its log, fix what it names and run the same command again"
	case e.ExitCode == batch.ExitUsage:
		return "refused, nothing was sent; see its log"
	case e.ExitCode == batch.ExitFailedRows:
		return "finished, but some rows failed; see the file of failed rows"
	case e.ExitCode == batch.ExitEndedEarly:
		return "ended early by the API or a deadline (" + e.Status + "); see its log and run the same command again"
	case e.ExitCode == batch.ExitLocked:
		return "refused, nothing was sent: another run holds the ledger"
	default:
		return "stopped by a signal; run the same command again to go on"
	}
}

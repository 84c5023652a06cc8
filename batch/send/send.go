// Package send invites everyone in an input who was not invited yet, as one
// call: Run checks every row, takes the ledger, sends, writes both outputs, and
// looks once more at the API's lists. It knows inputs and outputs (csvio), the
// ledger, and the engine of package batch. It must not know flags, a terminal or
// exit: who calls Run is told by Events what goes on, has the last word before
// anything is sent, and stops it by its context.
package send

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/batch/file"
	"bulkinvite/batch/ledger"
	"bulkinvite/csvio"
)

// A Job is what Run sends.
type Job struct {
	Files []string      // sent as if they were one; -: Read.Stdin
	Read  csvio.Options // how they are read

	API     batch.API
	BaseURL string // of API, in normal form: the ledger keeps the people of each apart
	Ledger  string // its path; where there is none, one is made

	// Results and Failed are where the outputs go, whatever is there. One that is
	// empty goes beside the first file, and replaces only what was written for
	// these files.
	Results, Failed string

	Rehearsal bool          // nobody is invited: API is a sandbox
	Options   batch.Options // zero fields are the defaults

	Events Events
}

// Events are called by Run, in this order. Each may be nil. An error of an event
// before Watch ends the run, with nothing sent and no output touched.
type Events struct {
	// Read is called every 100,000 rows of the check pass, with the rows so far.
	Read func(rows int)

	// Checked is called when all rows are checked.
	Checked func(ctx context.Context, p *Preview) error

	// Named is called with the names of the outputs, and again if they change
	// because the files there belong to other inputs.
	Named func(results, failed string) error

	// Begun is called when the run holds the ledger, with its number.
	Begun func(run int64)

	// Approve is called last before anything is sent. Preview.Survey counts who
	// is left.
	Approve func(ctx context.Context, p *Preview) error

	// Watch is called in a goroutine of its own when sending begins. Its ctx is
	// done when nothing is sent any more; Run waits for it.
	Watch func(ctx context.Context, progress func() engine.Progress) error
}

// Run sends a job. It leaves out everybody whom the ledger or the API's lists know
// to be invited, so that running the same job again resumes one that was cut
// short. When ctx is cancelled, Run waits for the requests under way, at most
// batch.Options.Timeout, and writes the outputs.
//
// An error means that nothing was sent and no output was touched; it may be
// ledger.ErrLocked. A run that has sent returns a Report and no error, also if it
// broke off: Report.Broke says why.
func Run(ctx context.Context, j Job) (*Report, error) {
	s := &sender{Job: j}
	defer s.cleanUp()
	for _, step := range []func(context.Context) error{
		s.check,
		s.prepareOutputs,
		s.openLedger,
		s.keepOthers,
		s.approve,
		s.noteOutputs,
	} {
		if err := cmp.Or(step(ctx), context.Cause(ctx)); err != nil {
			return nil, s.early(ctx, err)
		}
	}
	return s.send(ctx)
}

// A sender is one Run, whose steps fill its fields in this order.
type sender struct {
	Job
	input   *csvio.Input
	preview *Preview
	unnamed []unnamedOutput
	outputs *csvio.Outputs
	notices []string // for the report
	store   *ledger.Store
	run     *ledger.Run

	cleanups []func() error // run in reverse order
}

// early ends a run that has sent nothing.
func (s *sender) early(ctx context.Context, err error) error {
	err = ledger.Advised(err, s.Ledger)
	if s.run == nil {
		return err
	}
	code := batch.ExitUsage
	if cause, named := batch.CauseCode(ctx); named {
		code = cause
	}
	if p := (*batch.Panic)(nil); errors.As(err, &p) {
		code = batch.ExitBroken
	}
	return errors.Join(err, s.run.End(ctx, nil, code))
}

// atEnd registers a clean-up for the end.
func (s *sender) atEnd(f func() error) { s.cleanups = append(s.cleanups, f) }

// cleanUp closes what was opened. A failure here changes nothing for the user: a
// run that has sent has closed its ledger.
func (s *sender) cleanUp() {
	for i := len(s.cleanups) - 1; i >= 0; i-- {
		if err := s.cleanups[i](); err != nil {
			s.Options.Log.Warn().Err(err).Msg("cannot clean up")
		}
	}
}

// check is pass 1: it reads the input into the spool and goes over every row.
func (s *sender) check(ctx context.Context) (err error) {
	if s.input, err = csvio.OpenAll(ctx, s.Files, s.Read); err != nil {
		return err
	}
	s.atEnd(s.input.Close)
	if s.preview, err = Check(ctx, s.input, s.Options, s.Events.Read); err != nil {
		return err
	}
	s.preview.Ledger = file.Absolute(s.Ledger)
	s.log()
	if s.Events.Checked == nil {
		return nil
	}
	return s.Events.Checked(ctx, s.preview)
}

// log logs what the check pass found, with row numbers instead of the names and
// addresses of the preview.
func (s *sender) log() {
	log, p := s.Options.Log, s.preview
	p.LogColumns(log.Info)
	for _, w := range p.Warnings {
		event := log.Warn().Str("input", cmp.Or(w.File, s.input.Name())).Str("kind", string(w.Kind))
		if w.Rows > 0 {
			event.Ints("first_rows", w.RowNumbers())
		}
		event.Msg(w.Brief())
	}
	log.Info().Str("input", s.input.Name()).Int("rows", p.Plan.Rows).Int("people", p.Plan.People).
		Int("interviews", len(p.Plan.Interviews)).Int("duplicates", p.Plan.Duplicates).
		Int("invalid", p.Invalid()).Int("blank", p.BlankRows).Msg("the input is read")
}

// openLedger opens the ledger and begins the run in it.
func (s *sender) openLedger(ctx context.Context) error {
	var err error
	s.store, err = ledger.Open(ctx, s.Ledger, ledger.Options{})
	if err != nil {
		return s.notOpened(err)
	}
	s.atEnd(s.store.Close)
	s.run, err = s.store.Begin(ctx, ledger.RunInfo{
		BaseURL: s.BaseURL,
		Input:   s.input.Name(),
		SHA256:  s.input.SHA256(),
		Rows:    s.preview.Plan.Rows,
		Claims:  s.preview.Claims(),
	})
	if err != nil {
		return s.notOpened(err)
	}
	s.preview.NewLedger, s.preview.ledger = s.store.New(), s.run
	event := s.Options.Log.Info().Str("ledger", s.store.Path()).Int64("run", s.run.ID()).Str("api", s.BaseURL)
	if s.store.New() {
		event.Msg("the ledger is new: nobody is known to be invited by this program")
	} else {
		event.Msg("the ledger is open")
	}
	if s.Events.Begun != nil {
		s.Events.Begun(s.run.ID())
	}
	return nil
}

// notOpened adds to an error of the ledger that nothing was sent.
func (s *sender) notOpened(err error) error {
	if errors.Is(err, ledger.ErrLocked) { // says so itself
		return err
	}
	return fmt.Errorf("%w; nothing was sent", err)
}

func (s *sender) approve(ctx context.Context) error {
	if s.Events.Approve == nil {
		return nil
	}
	return s.Events.Approve(ctx, s.preview)
}

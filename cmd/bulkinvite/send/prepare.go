package send

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/rs/zerolog"

	"bulkinvite/batch/ledger"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/cmd/bulkinvite/preview"
)

// The steps of send before anything is sent, in their order.

// connect makes the client, for the API or for a sandbox in this program. It
// sends nothing yet.
func (s *sender) connect(context.Context) error {
	opts := app.ClientOptions(s.flags.base.URL, s.flags.input.Batch)
	var err error
	if s.flags.sandbox {
		err = s.startSandbox(&opts)
	} else {
		opts.Key, err = app.FindKey(s.flags.apiKeyFile, s.Environ, s.log)
	}
	if err != nil {
		return err
	}
	if s.api, err = client.New(opts); err != nil {
		return err
	}
	s.atEnd(func() error { s.api.Close(); return nil })
	return nil
}

// check is pass 1: it reads the input into the spool and goes over every row.
func (s *sender) check(ctx context.Context) error {
	var err error
	if s.input, err = s.flags.input.Open(ctx, s.App, s.inputNames); err != nil {
		return err
	}
	s.atEnd(s.input.Close)
	s.plan, err = preview.MakePlan(ctx, preview.FileNames(s.input), s.input, s.flags.input.Batch)
	if err != nil {
		return err
	}
	s.plan.AddInput(s.input)
	preview.LogColumns(s.log, zerolog.InfoLevel, s.input)
	s.logWarnings()
	debug.SetGCPercent(app.GCPercent(s.plan.Plan.Rows))
	s.log.Info().Str("input", s.input.Name()).Int("rows", s.plan.Plan.Rows).Int("people", s.plan.Plan.People).
		Int("interviews", len(s.plan.Plan.Interviews)).Int("duplicates", s.plan.Plan.Duplicates).
		Int("invalid", s.plan.Invalid()).Int("blank", s.plan.BlankRows).Msg("the input is read")
	return s.flags.input.Refuse(&s.plan)
}

// logWarnings tells of the warnings, and of their rows the numbers: names and
// addresses are in the plan and in the summary.
func (s *sender) logWarnings() {
	for _, w := range s.plan.Warnings {
		event := s.log.Warn().Str("input", cmp.Or(w.File, s.input.Name())).Str("kind", string(w.Kind))
		if w.Rows > 0 {
			event.Ints("first_rows", w.RowNumbers())
		}
		event.Msg(w.Brief())
	}
}

// findLedger returns the ledger's path; for a sandbox in this program, which
// forgets everything, one in a folder that is removed at the end.
func (s *sender) findLedger() (string, error) {
	if s.flags.sandbox && s.flags.ledger == "" {
		folder, err := os.MkdirTemp("", "bulkinvite-sandbox-*")
		if err != nil {
			return "", err
		}
		s.atEnd(func() error { return os.RemoveAll(folder) })
		return filepath.Join(folder, "ledger.db"), nil
	}
	return app.LedgerPath(s.flags.ledger, s.Environ)
}

// comparePlan refuses a plan that was made for something else than this run, as
// far as that can be seen without the ledger.
func (s *sender) comparePlan(context.Context) error {
	if s.flags.plan == "" {
		return nil
	}
	var err error
	if s.saved, err = preview.ReadPlan(s.flags.plan); err != nil {
		return err
	}
	return s.refuseOther(s.saved.Differs(s.toSave()))
}

// compareLedger refuses a plan if the ledger, which no other run can write to
// any more, knows something else of the people than it did then.
func (s *sender) compareLedger(ctx context.Context) error {
	if s.saved == nil {
		return nil
	}
	if err := s.survey(ctx); err != nil {
		return err
	}
	return s.refuseOther(s.saved.Learned(s.toSave()))
}

// toSave is what check --json would save now.
func (s *sender) toSave() *preview.SavedPlan {
	return s.plan.Save(preview.PlannedRun{SHA256: s.input.SHA256(), BaseURL: s.flags.base.URL, Options: s.flags.input.Options()})
}

// refuseOther refuses a plan for what is different, if anything is.
func (s *sender) refuseOther(difference string) error {
	if difference == "" {
		return nil
	}
	return app.Refusef("--plan %s does not hold any more: %s; nothing was sent; look at it again with bulkinvite check, and save that",
		s.flags.plan, difference)
}

// survey asks the ledger who is left, once: while the run holds it, only the run
// itself changes it.
func (s *sender) survey(ctx context.Context) error {
	if s.plan.Plan.Surveyed {
		return nil
	}
	return s.plan.Plan.Survey(ctx, s.input, s.book)
}

// openLedger takes the ledger for this run.
func (s *sender) openLedger(ctx context.Context) error {
	s.begun.Store(true)
	var err error
	s.store, err = ledger.Open(ctx, s.ledgerPath, ledger.Options{})
	switch {
	case errors.Is(err, ledger.ErrLocked):
		return &app.Failure{Code: app.ExitLocked, Err: err}
	case err != nil:
		return fmt.Errorf("%w; nothing was sent", err)
	}
	s.atEnd(s.store.Close)
	s.book, err = s.store.Begin(ctx, ledger.RunInfo{
		BaseURL: s.flags.base.URL,
		Input:   s.input.Name(),
		SHA256:  s.input.SHA256(),
		Rows:    s.plan.Plan.Rows,
		Claims:  s.claims(),
	})
	if err != nil {
		return fmt.Errorf("%w; nothing was sent", err)
	}
	s.plan.NewLedger = s.store.New()
	event := s.log.Info().Str("ledger", s.store.Path()).Int64("run", s.book.ID()).Str("api", s.flags.base.URL)
	if s.store.New() {
		event.Msg("the ledger is new: nobody is known to be invited by this program")
	} else {
		event.Msg("the ledger is open")
	}
	return nil
}

// confirm asks the ledger who is left and, on a terminal, the user whether to
// go on.
func (s *sender) confirm(ctx context.Context) error {
	asks := s.OnTerminal() && !s.flags.yes
	if !asks && s.flags.maxInvites == 0 {
		return nil
	}
	plan := s.plan.Plan
	if err := s.survey(ctx); err != nil {
		return err
	}
	if limit := s.flags.maxInvites; limit > 0 && plan.Left() > limit {
		return app.Refusef("%s are left to invite, more than --max-invites %d; nothing was sent; look at the input, or allow more", app.People(plan.Left()), limit)
	}
	if !asks || plan.Left() == 0 {
		return nil
	}
	tty, err := app.OpenTerminal()
	if err != nil {
		return err
	}
	defer func() { _ = tty.Close() }() // nothing is lost with it
	if err := s.plan.FindRepeats(ctx, s.input); err != nil {
		return err
	}
	if err := s.plan.Show(tty); err != nil {
		return fmt.Errorf("show the plan: %w", err)
	}
	return app.Ask(ctx, tty, s.question())
}

// question is asked below the plan.
func (s *sender) question() string {
	return fmt.Sprintf("invite %s at %s? [y/N] ", app.People(s.claims()), s.flags.base.URL)
}

// claims is how many people the run may claim, as far as the plan knows.
func (s *sender) claims() int {
	left := s.plan.Plan.Left()
	if limit := s.flags.input.Batch.Limit; limit > 0 {
		return min(left, limit)
	}
	return left
}

// inProcessURL is the base URL of a sandbox inside this program. A ledger that
// is used with it keeps its people apart from those of any real API.
const inProcessURL = "http://localhost"

// startSandbox lets send talk to a sandbox inside this program.
func (s *sender) startSandbox(opts *client.Options) error {
	server, err := sandbox.New(sandbox.Config{})
	if err != nil {
		return err
	}
	pipe := sandbox.NewPipe()
	s.atEnd(app.ServeSandbox(pipe, server))
	s.flags.base.URL = inProcessURL
	opts.BaseURL = inProcessURL
	opts.DialContext = pipe.DialContext
	opts.Key, err = client.NewKey("sandbox")
	return err
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/client"
	"bulkinvite/csvio"
)

// The steps of send before anything is sent, in their order.

// connect makes the client, for the API or for a sandbox in this program. It
// sends nothing yet.
func (s *sender) connect(context.Context) error {
	opts := clientOptions(s.flags.base.url, s.flags.input.batch)
	var err error
	if s.flags.sandbox {
		err = s.startSandbox(&opts)
	} else {
		opts.Key, err = findKey(s.flags.apiKeyFile, s.environ, s.log)
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
	if s.input, err = s.flags.input.open(ctx, s.app, s.inputNames); err != nil {
		return err
	}
	s.atEnd(s.input.Close)
	s.plan, err = makePlan(ctx, fileNames(s.input), s.input, s.flags.input.batch)
	if err != nil {
		return err
	}
	s.plan.addInput(s.input)
	logColumns(s.log, zerolog.InfoLevel, s.input)
	s.logWarnings()
	debug.SetGCPercent(gcPercent(s.plan.plan.Rows))
	s.log.Info().Str("input", s.input.Name()).Int("rows", s.plan.plan.Rows).Int("people", s.plan.plan.People).
		Int("interviews", len(s.plan.plan.Interviews)).Int("duplicates", s.plan.plan.Duplicates).
		Int("invalid", s.plan.invalid()).Int("blank", s.plan.blankRows).Msg("the input is read")
	return s.flags.input.refuse(&s.plan)
}

// logColumns tells which headers were taken for what, and what stands below them,
// so that nobody can be recognised: logs are read by more people than the list.
func logColumns(log zerolog.Logger, level zerolog.Level, in *csvio.Input) {
	for _, file := range in.Files() {
		columns, samples := zerolog.Dict(), zerolog.Dict()
		for _, c := range file.Columns() {
			columns.Str(c.Field, c.Header)
			samples.Str(c.Field, maskSample(c))
		}
		log.WithLevel(level).Str("input", file.Name()).Dict("columns", columns).Dict("samples", samples).
			Str("delimiter", string(file.Delimiter())).Msg("the columns are taken")
	}
}

// maskSample is the beginning of a name, and anything else without the addresses
// in it.
func maskSample(c csvio.Column) string {
	if runes := []rune(c.Sample); strings.HasSuffix(c.Field, "name") && len(runes) > 2 {
		return string(runes[:2]) + "***"
	}
	return batch.MaskText(c.Sample)
}

// logWarnings tells of the warnings, and of their rows the numbers: names and
// addresses are in the plan and in the summary.
func (s *sender) logWarnings() {
	for _, w := range s.plan.warnings {
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
	return ledgerPath(s.flags.ledger, s.environ)
}

// comparePlan refuses a plan that was made for something else than this run, as
// far as that can be seen without the ledger.
func (s *sender) comparePlan(context.Context) error {
	if s.flags.plan == "" {
		return nil
	}
	var err error
	if s.saved, err = readPlan(s.flags.plan); err != nil {
		return err
	}
	return s.refuseOther(s.saved.differs(s.toSave()))
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
	return s.refuseOther(s.saved.learned(s.toSave()))
}

// toSave is what check --json would save now.
func (s *sender) toSave() *savedPlan {
	return s.plan.save(plannedRun{sha256: s.input.SHA256(), baseURL: s.flags.base.url, options: s.flags.input.options()})
}

// refuseOther refuses a plan for what is different, if anything is.
func (s *sender) refuseOther(difference string) error {
	if difference == "" {
		return nil
	}
	return refusef("--plan %s does not hold any more: %s; nothing was sent; look at it again with bulkinvite check, and save that",
		s.flags.plan, difference)
}

// survey asks the ledger who is left, once: while the run holds it, only the run
// itself changes it.
func (s *sender) survey(ctx context.Context) error {
	if s.plan.plan.Surveyed {
		return nil
	}
	return s.plan.plan.Survey(ctx, s.input, s.book)
}

// openLedger takes the ledger for this run.
func (s *sender) openLedger(ctx context.Context) error {
	s.begun.Store(true)
	var err error
	s.store, err = ledger.Open(ctx, s.ledgerPath, ledger.Options{})
	switch {
	case errors.Is(err, ledger.ErrLocked):
		return &failure{code: exitLocked, err: err}
	case err != nil:
		return fmt.Errorf("%w; nothing was sent", err)
	}
	s.atEnd(s.store.Close)
	s.book, err = s.store.Begin(ctx, ledger.RunInfo{
		BaseURL: s.flags.base.url,
		Input:   s.input.Name(),
		SHA256:  s.input.SHA256(),
		Rows:    s.plan.plan.Rows,
		Claims:  s.claims(),
	})
	if err != nil {
		return fmt.Errorf("%w; nothing was sent", err)
	}
	s.plan.newLedger = s.store.New()
	event := s.log.Info().Str("ledger", s.store.Path()).Int64("run", s.book.ID()).Str("api", s.flags.base.url)
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
	asks := s.onTerminal() && !s.flags.yes
	if !asks && s.flags.maxInvites == 0 {
		return nil
	}
	plan := s.plan.plan
	if err := s.survey(ctx); err != nil {
		return err
	}
	if limit := s.flags.maxInvites; limit > 0 && plan.Left() > limit {
		return refusef("%s are left to invite, more than --max-invites %d; nothing was sent; look at the input, or allow more", people(plan.Left()), limit)
	}
	if !asks || plan.Left() == 0 {
		return nil
	}
	tty, err := openTerminal()
	if err != nil {
		return err
	}
	defer func() { _ = tty.Close() }() // nothing is lost with it
	if err := s.plan.findRepeats(ctx, s.input); err != nil {
		return err
	}
	if err := s.plan.writeTo(tty); err != nil {
		return fmt.Errorf("show the plan: %w", err)
	}
	return ask(ctx, tty, s.question())
}

// question is asked below the plan.
func (s *sender) question() string {
	return fmt.Sprintf("invite %s at %s? [y/N] ", people(s.claims()), s.flags.base.url)
}

// claims is how many people the run may claim, as far as the plan knows.
func (s *sender) claims() int {
	left := s.plan.plan.Left()
	if limit := s.flags.input.batch.Limit; limit > 0 {
		return min(left, limit)
	}
	return left
}

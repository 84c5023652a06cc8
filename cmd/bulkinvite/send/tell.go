package send

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/cmd/bulkinvite/preview"
	"bulkinvite/csvio"
)

// send is passes 2 and 3: it sends, writes what became of each row, and tells
// about the run.
func (s *sender) send(ctx context.Context) error {
	opts := s.flags.input.Batch
	opts.Log = s.log
	bugs := make(chan *batch.Panic, 1)
	opts.Panicked = func(p *batch.Panic) { bugs <- p }
	engine, err := batch.New(s.input, s.plan.Plan, s.book, s.api, opts)
	if err != nil {
		return s.early(ctx, err)
	}

	r := s.newReport()
	s.sending.Store(true)
	broke := s.sendAll(ctx, r, engine, bugs)
	s.sending.Store(false)
	r.Seconds = time.Since(r.Started).Seconds()
	p := engine.Progress()
	r.Requests, r.invited, r.traffic = p.Requests, p.Invited, engine.Traffic()
	r.Warnings = append(r.Warnings, engine.Warnings()...)
	s.tellHeldBack(r, engine.HeldBack())
	end, reason := engine.End()
	r.End, r.Reason = endNames[end], reason

	// Signal or not, what was sent has to be told.
	told := context.WithoutCancel(ctx)
	if !r.outputsLost {
		broke = errors.Join(broke, s.writeOutputs(told, r, engine))
	}
	broke = errors.Join(broke, engine.Close())
	stop, _ := app.StoppedBy(ctx)
	r.twice, r.unlooked = engine.Twice(), engine.MissedLastLook()
	if r.ExitCode = app.ExitCode(end, stop, r.FailedRows); r.ExitCode == app.ExitOK && (r.Rows == 0 || r.twice > 0) {
		r.ExitCode = app.ExitFailedRows
	}
	if broke != nil || !r.balanced() {
		r.setBroken(broke)
		app.LogBug(s.log, broke)
	}
	s.tell(told, r, broke)
	s.cleanUp()                                            // before: whoever reads the summary may take their time
	app.Patiently(ctx, func() { _ = r.writeTo(s.Stdout) }) // which drops errors
	if r.ExitCode == app.ExitBroken {
		return errors.New(r.lastLine())
	}
	return app.ExitWith(r.ExitCode)
}

// sendAll lets the engine run while its progress is shown.
func (s *sender) sendAll(ctx context.Context, r *report, engine *batch.Engine, bugs <-chan *batch.Panic) error {
	watching, done := context.WithCancel(context.WithoutCancel(ctx)) // a stopping run is watched to its end
	defer done()
	var g errgroup.Group
	g.Go(batch.Guard(func() error { return s.watch(watching, engine.Progress) }))
	g.Go(batch.Guard(func() error { return s.endOverdue(watching, bugs) }))
	err := engine.Run(ctx)
	if err == nil && engine.WantsLinks() {
		err = s.fetchLinks(ctx, r, engine)
	}
	s.Stderr.Flush() // above the bar, before it ends
	done()
	return errors.Join(err, g.Wait())
}

// fetchLinks writes the outputs before it fetches the links that are missing
// from them: that may take minutes, in which whatever ends the program must not
// leave those of another day.
func (s *sender) fetchLinks(ctx context.Context, r *report, engine *batch.Engine) error {
	if err := s.writeOutputs(context.WithoutCancel(ctx), r, engine); err != nil {
		return err
	}
	return engine.FetchLinks(ctx)
}

// watch shows the progress until ctx is done.
func (s *sender) watch(ctx context.Context, progress func() batch.Progress) error {
	m := &meter{progress: progress}
	s.meter.Store(m)
	defer s.sent.Store(true)
	if s.StderrTerminal != nil {
		return showProgress(ctx, s.StderrTerminal, s.LogTo, m)
	}
	return logProgress(ctx, s.log, m)
}

// writeOutputs is pass 3. The report counts what the files are given, and not
// what the engine believes: that is what the equation is about.
func (s *sender) writeOutputs(ctx context.Context, r *report, engine *batch.Engine) error {
	if r.Rows == 0 {
		return nil // half an export must not take away what an earlier run wrote
	}
	var written csvio.Counts
	clear(r.Results)
	clear(r.Failed)
	err := batch.Guard(func() (err error) {
		written, err = s.outputs.Write(ctx, func(row *batch.Row) (batch.Outcome, error) {
			out, err := engine.Outcome(row)
			if s.flags.sandbox && out.Status != "" && out.Status != batch.StatusDuplicate {
				out.Status = batch.StatusRehearsed
			}
			r.count(out)
			return out, err
		})
		return err
	})()
	if err != nil {
		r.notWritten()
		return err
	}
	r.ResultsRows, r.FailedRows = written.Results, written.Failed
	return nil
}

// tell ends the run in the ledger, closes that, and tells of the run in the
// summary file: whoever reads it may begin the next. What fails here makes the
// run a broken one, unless it is what broke it before.
func (s *sender) tell(ctx context.Context, r *report, broke error) {
	if err := s.book.End(ctx, r.flatCounts(), r.ExitCode); err != nil && !errors.Is(broke, err) {
		r.setBroken(err)
	}
	// A disk that fails now may have failed before: a sync that fails once does not
	// fail again for what it has lost.
	if err := s.store.Close(); err != nil && r.End != endBroken {
		r.setBroken(err)
	}
	if s.flags.summary != "" {
		if err := r.save(s.flags.summary); err != nil {
			r.setBroken(err)
		}
	}
}

// tellHeldBack tells of people whose rows are in the results as if all were well,
// and who were not sent to.
func (s *sender) tellHeldBack(r *report, held batch.HeldBack) {
	if held.People == 0 {
		return
	}
	r.HeldBack, r.heldBack = held.People, preview.HeldBackWords(held, s.flags.input.Batch.ResendAfter)
	s.log.Warn().Int("held_back", held.People).Time("until", held.Until).Msg(r.heldBack)
}

// newReport returns what is known before anything is sent.
func (s *sender) newReport() *report {
	s.report = &report{
		Version: app.ThisBuild().Version,
		RunID:   s.book.ID(),
		Started: time.Now().UTC().Truncate(time.Millisecond),
		Input:   s.input.Name(), Ledger: s.store.Path(),
		ResultsFile: s.flags.results, FailedFile: s.flags.failed,
		Rows:      s.plan.Plan.Rows,
		Results:   map[batch.Status]int{},
		Failed:    map[batch.Code]int{},
		Warnings:  append(s.plan.WarningTexts(), s.notices...),
		planned:   s.flags.plan != "",
		rehearsed: s.flags.sandbox,
		rate:      s.flags.input.Batch.Rate,
	}
	return s.report
}

package send

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/csvio"
)

// send is passes 2 and 3: it sends, and writes what became of each row.
func (s *sender) send(ctx context.Context) (*Report, error) {
	engine, err := engine.New(s.input, s.preview.Plan, s.run, s.API, s.Options)
	if err != nil {
		return nil, s.early(ctx, err)
	}
	r := s.newReport()
	broke := s.sendAll(ctx, r, engine)
	r.take(engine)

	// A stopped run writes its outputs, too.
	after := context.WithoutCancel(ctx)
	if !r.OutputsLost {
		broke = errors.Join(broke, s.writeOutputs(after, r, engine))
	}
	broke = errors.Join(broke, engine.Close())
	end, reason := engine.End()
	r.finish(ctx, end, reason)
	if broke != nil || !r.balanced() {
		r.Break(broke)
	}
	s.endRun(after, r)
	return r, nil
}

// sendAll runs the engine and the event Watch beside it.
func (s *sender) sendAll(ctx context.Context, r *Report, engine *engine.Engine) error {
	watching, done := context.WithCancel(context.WithoutCancel(ctx)) // a stopping run is watched to its end
	defer done()
	var g errgroup.Group
	if watch := s.Events.Watch; watch != nil {
		g.Go(batch.Guard(func() error { return watch(watching, engine.Progress) }))
	}
	err := engine.Run(ctx)
	if err == nil && engine.WantsLinks() {
		err = s.fetchLinks(ctx, r, engine)
	}
	done()
	return errors.Join(err, g.Wait())
}

// fetchLinks writes the outputs before it fetches missing links: that may take
// minutes, and if the program ends meanwhile, yesterday's outputs must not remain.
func (s *sender) fetchLinks(ctx context.Context, r *Report, engine *engine.Engine) error {
	if err := s.writeOutputs(context.WithoutCancel(ctx), r, engine); err != nil {
		return err
	}
	return engine.FetchLinks(ctx)
}

// writeOutputs is pass 3. The report counts what is written and not what the
// engine believes, so that rows in = rows out is a check.
func (s *sender) writeOutputs(ctx context.Context, r *Report, engine *engine.Engine) error {
	if r.Rows == 0 {
		return nil // half an export must not take away what an earlier run wrote
	}
	var written csvio.Counts
	clear(r.Results)
	clear(r.Failed)
	err := batch.Guard(func() (err error) {
		written, err = s.outputs.Write(ctx, func(row *batch.Row) (batch.Outcome, error) {
			out, err := engine.Outcome(row)
			if s.Rehearsal && out.Status != "" && out.Status != batch.StatusDuplicate {
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

// endRun ends the run in the ledger and closes the ledger, so that the caller can
// begin another run. An error breaks the run, unless it has broken it before.
func (s *sender) endRun(ctx context.Context, r *Report) {
	if err := s.run.End(ctx, r.Counts(), r.ExitCode); err != nil && !errors.Is(r.Broke, err) {
		r.Break(err)
	}
	// A disk that fails now may have failed before: a sync that fails once does not
	// fail again for what it has lost.
	if err := s.store.Close(); err != nil && r.End != EndBroken {
		r.Break(err)
	}
}

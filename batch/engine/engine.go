// Package engine sends a plan: everyone in the input is invited exactly once,
// and every row is accounted for. It knows the order in which people are
// claimed, sent, settled and, where an answer is missing, looked for in the
// API's list. It must not know where rows come from, how the ledger remembers,
// and who watches.
//
// A run has three passes over its Source. plan.Check goes over every row, finds
// the duplicates and counts what would be sent: the Plan. An Engine sends it, with
// Run: people are claimed in the ledger before their request leaves, and
// settled there with what came back. Then Engine.Outcome tells for each row
// what became of it. Whatever ended a run before that, another run over the
// same Source and Ledger is how it is resumed.
//
// The API cannot be told that a request is a repetition. Where an answer is
// missing, the engine reads the API's list of invitations before it sends
// anything again, and a row of which even that does not tell enough is
// CodeUncertain and not a guess. A run with Options.ConfirmOnly does nothing but
// find that out, mostly over a Roster.
package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/account"
	"bulkinvite/batch/links"
	"bulkinvite/batch/lists"
	"bulkinvite/batch/outlet"
	"bulkinvite/batch/plan"
)

// An ending is the cause of a context that ends before everything is done.
type ending struct {
	end    batch.End
	reason string // in words, why rows were not sent
}

func (e *ending) Error() string { return e.reason }

// An Engine runs one input once. Use it in the order New, Run, Outcome for
// each row, FetchLinks and Outcome again, Close.
type Engine struct {
	src     batch.Source
	plan    *plan.Plan
	account *account.Account
	ledger  batch.Ledger
	facts   *lists.Facts
	out     *outlet.Outlet
	opts    batch.Options

	run       *run
	cancel    context.CancelCauseFunc
	panicOnce sync.Once

	end      batch.End
	reason   string // in words, why rows were not sent
	cutShort bool   // Run did not go over everything: no links are fetched
	last     lastLook
	links    links.Fetcher
	deadline time.Time // Options.Deadline; zero: never
}

// New prepares a run over src with the plan that Check made of it. The settle
// time of what dead runs left in doubt begins now: call it when the ledger's
// lock is held.
func New(src batch.Source, plan *plan.Plan, ledger batch.Ledger, api batch.API, opts batch.Options) (*Engine, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	opts = opts.WithDefaults()
	if err := plan.Account.Open(); err != nil {
		return nil, err
	}
	e := &Engine{src: src, plan: plan, account: plan.Account, ledger: ledger, facts: &lists.Facts{Ledger: ledger}, opts: opts}
	shared, _ := ledger.(batch.Shared)
	e.out = outlet.New(api, opts, outlet.Hooks{End: e.endRun, Learn: e.facts.Learn, Knows: e.knowsInterview, Shared: shared})
	e.links = links.Fetcher{
		Source: src, Account: plan.Account, Ledger: ledger, Outlet: e.out, Options: opts, Guard: e.guard,
		End: func(why string) { e.endRun(batch.Finished, why) },
	}
	e.run = newRun(e)
	e.run.worker.shared = shared
	return e, nil
}

// knowsInterview reports whether this run or an earlier one has to do with an
// interview.
func (e *Engine) knowsInterview(ctx context.Context, id string) (bool, error) {
	if slices.ContainsFunc(e.plan.Interviews, func(iv plan.InterviewPlan) bool { return batch.NormalInterviewID(iv.ID) == id }) {
		return true, nil
	}
	err := e.ledger.Members(context.WithoutCancel(ctx), id, func(batch.Member) error { return errKnown })
	if errors.Is(err, errKnown) {
		return true, nil
	}
	return false, err
}

// errKnown ends reading an interview's members with the first.
var errKnown = errors.New("somebody is known")

// Run is pass 2: it sends. When ctx is cancelled no new request is sent, those
// under way are awaited and settled, and the rest stays unsent: that is a stop
// and no error. An error means that the run broke off (ledger, disk, a bug);
// outcomes are then still those that are known.
func (e *Engine) Run(ctx context.Context) error {
	soft, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e.cancel, e.run.soft = cancel, soft
	if e.opts.Deadline > 0 {
		e.deadline = time.Now().Add(e.opts.Deadline)
		e.out.EndAt(e.deadline)
		timer := time.AfterFunc(e.opts.Deadline, e.overDeadline)
		defer timer.Stop()
	}
	hard := context.WithoutCancel(ctx)
	err := e.guard(func() error { return e.run.facts.Recall(hard, e.out.Lists.Facts()) })()
	if err == nil {
		err = e.guard(func() error { return e.send(soft) })()
	}
	e.out.Health.EndProbing()
	e.cutShort = err != nil || soft.Err() != nil
	if err == nil {
		err = e.guard(func() error { return e.lookTwice(soft, hard) })()
	}
	return errors.Join(err, e.guard(func() error { return e.finish(ctx, err) })())
}

// send runs the loop, its workers and the reader of the input until everything
// is dealt with or the run ends early.
func (e *Engine) send(soft context.Context) error {
	// What has begun is finished whatever soft says; only a broken ledger or disk
	// ends it, through hard.
	hard, breakUp := context.WithCancelCause(context.WithoutCancel(soft))
	defer breakUp(nil)
	probing, stopProbing := context.WithCancel(soft)
	defer stopProbing()
	reading, stopReading := context.WithCancel(hard)
	defer stopReading()

	r, n := e.run, workers(e.opts)
	feed, jobs, probes := make(chan []fedRow), make(chan job, n), make(chan job, 1)
	reports := make(chan done, n+1) // the last ones find room when the loop has ended
	r.feed, r.picker.jobs, r.prober.jobs, r.reports, r.picker.idlers, r.breakUp = feed, jobs, probes, reports, n, breakUp
	r.worker.Soft, r.worker.Hard, r.worker.reports = soft, hard, reports
	prober := *r.worker
	prober.Soft = probing

	var g errgroup.Group
	g.Go(e.guard(func() error { return (&feeder{worker: r.worker, feed: feed}).read(reading, e.src) }))
	var others errgroup.Group
	for range n {
		others.Go(e.guard(func() error { r.worker.work(jobs); return nil }))
	}
	others.Go(e.guard(func() error { prober.work(probes); return nil }))

	err := e.guard(r.loop)()
	stopProbing()
	stopReading()
	close(jobs)
	close(probes)
	return cmp.Or(err, drain(reports, &others), g.Wait()) // the later ones follow from the first
}

// workers is how many there are: those whose requests are under way, and those
// whose chunks are with the ledger beside them.
func workers(opts batch.Options) int { return opts.Concurrency + ahead(opts, 3*opts.Concurrency) }

// ahead is how many chunks may be with the ledger beside those whose requests
// are under way. Each claimed one is people in doubt if the process dies, so
// there are only as many as keep the limiter busy meanwhile, those of a quarter
// of a second; and as many as share a commit well: a commit costs about the
// same for one chunk as for ten.
func ahead(opts batch.Options, most int) int { return min(max(int(opts.Rate/4), 2), most) }

// drain awaits workers to whom nobody listens any more. What has left is awaited
// although a bug has ended the loop.
func drain(reports <-chan done, workers *errgroup.Group) error {
	ended := make(chan error, 1)
	go func() { ended <- workers.Wait() }()
	for {
		select {
		case <-reports:
		case err := <-ended:
			return err
		}
	}
}

// endRun ends the run early; only the first reason counts. It may be called from
// any goroutine. If nothing but links is left, it ends those.
func (e *Engine) endRun(end batch.End, reason string) { e.cancel(&ending{end, reason}) }

// finish settles what is left when nothing is under way any more: those in
// doubt stay so, and why the run ended is decided. broke is why it broke off, if
// it did.
func (e *Engine) finish(ctx context.Context, broke error) error {
	r := e.run
	e.end, e.reason = r.ended(ctx, e.plan.People, broke)
	var err error
	for _, d := range r.confirmer.all() {
		for _, p := range d.inOrder() {
			err = errors.Join(err, r.record(p, batch.Outcome{Code: batch.CodeUncertain,
				Error: r.confirmer.why(d, p, "the run ended before the API's list could tell")}))
		}
	}
	err = errors.Join(err, r.elsewhere.leave())
	for _, p := range r.left() {
		if p.Attempts > 0 { // the others' outcome is the same without a record
			err = errors.Join(err, r.record(p, e.notSent()))
		}
	}
	return err
}

// End tells why Run returned, and in words why what is left was not sent.
func (e *Engine) End() (batch.End, string) { return e.end, e.reason }

// Outcome returns what became of a row, for pass 3; of the row only Index and
// Offset count. Rows that the run did not get to are CodeNotSent; those that it
// was sending when it broke off are CodeUncertain.
func (e *Engine) Outcome(row *batch.Row) (batch.Outcome, error) {
	return e.account.Outcome(row, e.notSent())
}

// notSent is the outcome of those whom the run did not get to.
func (e *Engine) notSent() batch.Outcome {
	reason := e.reason
	if reason == "" {
		reason = "the run ended first"
	}
	return batch.Outcome{Code: batch.CodeNotSent, Error: reason + "; send this row again"}
}

// Warnings are what a person should know of the run and no row tells, such as
// that links were not fetched because the API made a second session of one. They
// are there when Run, or FetchLinks, has returned.
func (e *Engine) Warnings() []string { return append([]string(nil), e.run.warnings...) }

// Close frees what the engine and its plan hold, which is most of a run's
// memory.
func (e *Engine) Close() error {
	e.run.free()
	return e.account.Close()
}

// guard is Guard for the engine's goroutines: a bug, be it the goroutine's own
// or that of what it called, ends the run. Requests under way are awaited.
func (e *Engine) guard(f func() error) func() error {
	return func() error {
		err := batch.Guard(f)()
		var p *batch.Panic
		if err != nil {
			e.cancel(err) // nothing new is sent
		}
		if !errors.As(err, &p) {
			return err
		}
		e.panicOnce.Do(func() {
			if e.opts.Panicked != nil {
				e.opts.Panicked(p)
			}
		})
		return err
	}
}

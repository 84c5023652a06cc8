package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
)

// An End says why a run ended.
type End int

// The ends of a run.
const (
	Finished     End = iota // every row was dealt with
	Stopped                 // the context was cancelled and rows are left
	KeyRefused              // 401 or 403
	QuotaUsedUp             // 429 "Limit Exceeded"
	WrongPath               // the base URL leads nowhere
	APIDown                 // no accepted invitation for Options.GiveUpAfter
	DeadlineOver            // Options.Deadline
)

// An ending is the cause of a context that ends before everything is done.
type ending struct {
	end    End
	reason string // in words, why rows were not sent
}

func (e *ending) Error() string { return e.reason }

// An Engine runs one input once. Use it in the order New, Run, Outcome for
// each row, FetchLinks and Outcome again, Close.
type Engine struct {
	src     Source
	plan    *Plan
	account *account
	ledger  Ledger
	out     *outlet
	opts    Options
	log     zerolog.Logger

	run       *run
	cancel    context.CancelCauseFunc
	panicOnce sync.Once

	end      End
	reason   string // in words, why rows were not sent
	cutShort bool   // Run did not go over everything: no links are fetched
	last     lastLook
	links    linkState
}

// New prepares a run over src with the plan that Check made of it. The settle
// time of what dead runs left in doubt begins now: call it when the ledger's
// lock is held.
func New(src Source, plan *Plan, ledger Ledger, api API, opts Options) (*Engine, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	out, err := newOutcomes()
	if err != nil {
		return nil, err
	}
	e := &Engine{
		src: src, plan: plan, ledger: ledger, opts: opts, log: opts.Log,
		account: &account{src: src, index: plan.index, outcomes: out},
	}
	e.out = newOutlet(api, opts, hooks{end: e.endRun, remember: e.remember, knows: e.knowsInterview})
	e.run = newRun(e)
	e.last.engine = e
	return e, nil
}

// knowsInterview reports whether this run or an earlier one has to do with an
// interview.
func (e *Engine) knowsInterview(ctx context.Context, id string) (bool, error) {
	if slices.ContainsFunc(e.plan.Interviews, func(iv InterviewPlan) bool { return normalInterviewID(iv.ID) == id }) {
		return true, nil
	}
	err := e.ledger.Members(context.WithoutCancel(ctx), id, func(Member) error { return errKnown })
	if errors.Is(err, errKnown) {
		return true, nil
	}
	return false, err
}

// errKnown ends reading an interview's members with the first.
var errKnown = errors.New("somebody is known")

// remember lets later runs know something of the API.
func (e *Engine) remember(ctx context.Context, name string) error {
	return e.ledger.Remember(ctx, name, "yes")
}

// Run is pass 2: it sends. When ctx is cancelled no new request is sent, those
// under way are awaited and settled, and the rest stays unsent: that is a stop
// and no error. An error means that the run broke off (ledger, disk, a bug);
// outcomes are then still those that are known.
func (e *Engine) Run(ctx context.Context) error {
	soft, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e.cancel, e.run.soft = cancel, soft
	if e.opts.Deadline > 0 {
		e.out.ends = time.Now().Add(e.opts.Deadline)
		timer := time.AfterFunc(e.opts.Deadline, func() {
			e.endRun(DeadlineOver, fmt.Sprintf("the deadline of %v was reached", e.opts.Deadline))
		})
		defer timer.Stop()
	}
	hard := context.WithoutCancel(ctx)
	err := e.guard(func() error { return errors.Join(e.run.facts.recall(hard), e.out.lists.recall(hard, e.ledger)) })()
	if err == nil {
		err = e.guard(func() error { return e.send(soft) })()
	}
	e.out.health.endProbing()
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
	r.worker.soft, r.worker.hard, r.worker.reports = soft, hard, reports
	prober := *r.worker
	prober.soft = probing

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
	return firstError(err, drain(reports, &others), g.Wait())
}

// workers is how many there are: those whose requests are under way, and those
// whose chunks are with the ledger beside them.
func workers(opts Options) int { return opts.Concurrency + ahead(opts, 3*opts.Concurrency) }

// ahead is how many chunks may be with the ledger beside those whose requests
// are under way. Each claimed one is people in doubt if the process dies, so
// there are only as many as keep the limiter busy meanwhile, those of a quarter
// of a second; and as many as share a commit well: a commit costs about the
// same for one chunk as for ten.
func ahead(opts Options, most int) int { return min(max(int(opts.Rate/4), 2), most) }

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

// firstError returns the first of them, from which the others follow.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// endRun ends the run early; only the first reason counts. It may be called from
// any goroutine. If nothing but links is left, it ends those.
func (e *Engine) endRun(end End, reason string) { e.cancel(&ending{end, reason}) }

// finish settles what is left when nothing is under way any more: those in
// doubt stay so, and why the run ended is decided. broke is why it broke off, if
// it did.
func (e *Engine) finish(ctx context.Context, broke error) error {
	r := e.run
	e.end, e.reason = r.ended(ctx, e.plan.People, broke)
	var err error
	for _, d := range r.confirmer.all() {
		for _, p := range d.inOrder() {
			err = errors.Join(err, e.account.record(p, Outcome{Code: CodeUncertain,
				Error: r.confirmer.why(d, p, "the run ended before the API's list could tell")}))
		}
	}
	for _, p := range r.left() {
		if p.attempts > 0 { // the others' outcome is the same without a record
			err = errors.Join(err, e.account.record(p, e.notSent()))
		}
	}
	return err
}

// End tells why Run returned, and in words why what is left was not sent.
func (e *Engine) End() (End, string) { return e.end, e.reason }

// Outcome returns what became of a row, for pass 3; of the row only Index and
// Offset count. Rows that the run did not get to are CodeNotSent; those that it
// was sending when it broke off are CodeUncertain.
func (e *Engine) Outcome(row *Row) (Outcome, error) { return e.account.outcome(row, e.notSent()) }

// notSent is the outcome of those whom the run did not get to.
func (e *Engine) notSent() Outcome {
	reason := e.reason
	if reason == "" {
		reason = "the run ended first"
	}
	return Outcome{Code: CodeNotSent, Error: reason + "; send this row again"}
}

// Warnings are what a person should know of the run and no row tells, such as
// that links were not fetched because the API made a second session of one. They
// are there when Run, or FetchLinks, has returned.
func (e *Engine) Warnings() []string { return append([]string(nil), e.run.warnings...) }

// Close frees what the engine and its plan hold, which is most of a run's
// memory.
func (e *Engine) Close() error {
	e.run.free()
	return e.account.close()
}

package batch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

// An Engine runs one input once. Use it in the order New, Run, Outcome for
// each row, FetchLinks and Outcome again, Close.
type Engine struct {
	src    Source
	plan   *Plan
	index  *index
	ledger Ledger
	opts   Options
	log    zerolog.Logger

	start    time.Time // the settle time of what dead runs left in doubt begins here
	queue    *queue
	out      *outlet
	outcomes *outcomes
	claims   chan struct{} // held from the claim until the request may go
	links    linkState
	habits   addressHabits
	last     lastLook

	secondSession atomic.Bool // a re-send made one
	severalIDs    atomic.Bool // an answer had several of one person
	counts        counts

	heldBacks heldBacks

	endOnce sync.Once
	end     End
	reason  string // in words, why rows were not sent
	cancel  context.CancelFunc

	cutShort bool // Run did not go over everything: no links are fetched

	panicOnce sync.Once

	warnMu   sync.Mutex
	warnings []string
}

// counts are what Progress shows.
type counts struct{ done, invited, already, failed atomic.Int64 }

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
	queue := newQueue(opts, len(plan.Interviews))
	e := &Engine{
		src: src, plan: plan, index: plan.index, ledger: ledger,
		opts: opts, log: opts.Log,
		start:    time.Now(),
		queue:    queue,
		outcomes: out,
		claims:   make(chan struct{}, ahead(opts, 2*opts.Concurrency)),
	}
	e.out = newOutlet(api, opts, hooks{end: e.endRun, heard: queue.hear, remember: e.remember, knows: e.knowsInterview})
	queue.lists = e.out.lists
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

// ahead is how many chunks may be with the ledger beside those whose requests
// are under way. Each claimed one is people in doubt if the process dies, so
// there are only as many as keep the limiter busy meanwhile, those of a quarter
// of a second; and as many as share a commit well: a commit costs about the
// same for one chunk as for ten.
func ahead(opts Options, most int) int { return min(max(int(opts.Rate/4), 2), most) }

// Run is pass 2: it sends. When ctx is cancelled no new request is sent, those
// under way are awaited and settled, and the rest stays unsent: that is a stop
// and no error. An error means that the run broke off (ledger, disk, a bug);
// outcomes are then still those that are known.
func (e *Engine) Run(ctx context.Context) error {
	soft, cancel := context.WithCancel(ctx)
	defer cancel()
	e.cancel = cancel
	if e.opts.Deadline > 0 {
		e.out.ends = time.Now().Add(e.opts.Deadline)
		timer := time.AfterFunc(e.opts.Deadline, func() {
			e.endRun(DeadlineOver, fmt.Sprintf("the deadline of %v was reached", e.opts.Deadline))
		})
		defer timer.Stop()
	}
	err := e.guard(func() error { return e.recall(context.WithoutCancel(ctx)) })()
	if err == nil {
		err = e.guard(func() error { return e.send(soft) })()
	}
	e.out.health.endProbing()
	e.cutShort = err != nil || soft.Err() != nil
	if err == nil {
		err = e.guard(func() error { return e.lookTwice(soft, context.WithoutCancel(ctx)) })()
	}
	return errors.Join(err, e.guard(func() error { return e.finish(ctx, err) })())
}

// recall reads what earlier runs have learned of the API.
func (e *Engine) recall(ctx context.Context) error {
	return errors.Join(e.habits.recall(ctx, e.ledger), e.out.lists.recall(ctx, e.ledger))
}

// send runs the feeder and the workers until everything is dealt with or the
// run ends early.
func (e *Engine) send(soft context.Context) error {
	// What has begun is finished whatever soft says; only a broken ledger or
	// disk ends it, through hard.
	g, hard := errgroup.WithContext(context.WithoutCancel(soft))
	workersDone := make(chan struct{})
	stopClosing := context.AfterFunc(soft, e.queue.close)
	defer stopClosing()
	stopBreaking := context.AfterFunc(hard, e.queue.close)
	defer stopBreaking()
	defer e.queue.stopAlarm()

	beside := func(f func() error) {
		g.Go(func() error {
			err := e.guard(f)()
			if err != nil {
				e.cancel()
				<-workersDone // what has left is awaited, although the input or the prober broke
			}
			return err
		})
	}
	probing, stopProbing := context.WithCancel(soft)
	defer stopProbing()
	beside(func() error { return e.feed(hard) })
	beside(func() error { return e.probe(probing, hard) })
	workers, _ := errgroup.WithContext(hard)
	for range e.opts.Concurrency + ahead(e.opts, 3*e.opts.Concurrency) {
		workers.Go(func() error {
			err := e.guard(func() error { return e.work(soft, hard) })()
			if err != nil {
				e.cancel() // the others stop too, whatever they wait for
			}
			return err
		})
	}
	g.Go(func() error {
		defer close(workersDone)
		defer stopProbing()
		return workers.Wait()
	})
	return g.Wait()
}

// work does one task after another.
func (e *Engine) work(soft, hard context.Context) error {
	for {
		t := e.queue.next()
		if t == nil {
			return nil
		}
		var err error
		if t.chunk != nil {
			err = e.sendChunk(soft, hard, t.chunk)
		} else {
			err = e.readInterview(soft, hard, t.read)
		}
		e.queue.done(t)
		if err != nil {
			return err
		}
	}
}

// endRun ends the run early; only the first reason counts. If nothing but links
// is left, it ends those.
func (e *Engine) endRun(end End, reason string) {
	if e.links.fetching.Load() {
		e.endLinks(MaskText(reason))
		return
	}
	first := false
	e.endOnce.Do(func() { e.end, e.reason, first = end, reason, true })
	e.cancel()
	if first { // said last: a log takes its time, in which something would be sent
		e.log.Error().Msg(MaskText(reason) + "; nothing more is sent")
	}
}

// finish settles what is left when nothing is under way any more: those in
// doubt stay so, and why the run ended is decided. broke is why it broke off, if
// it did.
func (e *Engine) finish(ctx context.Context, broke error) error {
	var err error
	e.keyNeverWorked()
	allDone := int(e.counts.done.Load()) >= e.plan.People
	for _, d := range e.queue.allDoubts() {
		for _, p := range inInputOrder(slices.Collect(maps.Values(d.people))) {
			err = errors.Join(err, e.record(p, Outcome{Code: CodeUncertain, Error: e.why(d, p, "the run ended before the API's list could tell")}))
		}
	}
	e.endOnce.Do(func() {
		switch {
		case broke != nil:
			e.reason = "the run broke off (" + MaskText(strings.ReplaceAll(broke.Error(), "\n", "; ")) + ")"
		case ctx.Err() != nil:
			e.end, e.reason = Stopped, "the run was stopped"
		case e.opts.Limit > 0:
			e.reason = fmt.Sprintf("the limit of %d people was reached", e.opts.Limit)
		}
	})
	if allDone {
		e.end, e.reason = Finished, "" // what ended the run kept nobody from anything
	}
	for _, p := range e.queue.allWaiting() {
		if p.attempts > 0 { // the others' outcome is the same without a record
			err = errors.Join(err, e.record(p, e.notSent()))
		}
	}
	return err
}

// End tells why Run returned, and in words why what is left was not sent.
func (e *Engine) End() (End, string) { return e.end, e.reason }

// record notes what became of a row. Only the first outcome of a row counts:
// the feeder and an interview's list may tell of somebody at the same time.
func (e *Engine) record(p *person, o Outcome) error {
	return e.recordWanting(p, o, false)
}

// recordWanting is record for an outcome whose link may have to be fetched.
func (e *Engine) recordWanting(p *person, o Outcome, link bool) error {
	o.Attempts = p.attempts
	at, err := e.outcomes.put(known{Outcome: o, offset: p.offset, wantLink: link})
	if err != nil || !e.index.setOutcome(p.row, at) {
		return err
	}
	if link {
		e.links.wanted.Add(1)
	}
	e.counts.done.Add(1)
	switch {
	case o.Status == StatusAlreadyInvited:
		e.counts.already.Add(1)
	case o.Status != "":
		e.counts.invited.Add(1)
	default:
		e.counts.failed.Add(1)
	}
	return nil
}

// Outcome returns what became of a row, for pass 3; of the row only Index and
// Offset count. Rows that the run did not get to are CodeNotSent; those that it
// was sending when it broke off are CodeUncertain.
func (e *Engine) Outcome(row *Row) (Outcome, error) {
	w := e.index.word(row.Index)
	switch w.tag() {
	case tagInvalid:
		again, err := e.src.At(row.Offset)
		if err == nil && again.Problem == nil {
			err = errors.New("it was invalid and now is not")
		}
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{Code: again.Problem.Code, Error: again.Problem.Message}, nil
	case tagDuplicate:
		o, err := e.outcome(e.index.word(int(w.value())))
		if o.Status != "" {
			o.Status = StatusDuplicate
		}
		return o, err
	}
	return e.outcome(w)
}

func (e *Engine) outcome(w word) (Outcome, error) {
	switch w.tag() {
	case tagOutcome:
		k, err := e.outcomes.get(w.value())
		return k.Outcome, err
	case tagClaimed:
		return Outcome{Code: CodeUncertain, Error: "the run broke off while it sent this invitation; " +
			"send this row again: the API is asked before anything is sent"}, nil
	}
	return e.notSent(), nil
}

// notSent is the outcome of those whom the run did not get to.
func (e *Engine) notSent() Outcome {
	reason := e.reason
	if reason == "" {
		reason = "the run ended first"
	}
	return Outcome{Code: CodeNotSent, Error: reason + "; send this row again"}
}

// Warnings are what a person should know of the run and no row tells, such as
// that links were not fetched because the API made a second session of one.
func (e *Engine) Warnings() []string {
	e.warnMu.Lock()
	defer e.warnMu.Unlock()
	return append([]string(nil), e.warnings...)
}

func (e *Engine) warn(text string) {
	e.warnMu.Lock()
	defer e.warnMu.Unlock()
	e.warnings = append(e.warnings, text)
	e.log.Warn().Msg(text)
}

// Close frees what the engine and its plan hold, which is most of a run's
// memory.
func (e *Engine) Close() error {
	e.index.free()
	e.queue.free()
	return e.outcomes.close()
}

package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
	"bulkinvite/batch/account"
	"bulkinvite/batch/lists"
	"bulkinvite/batch/outlet"
	"bulkinvite/batch/queue"
)

// A run is all that is known while sending. Its loop alone touches it, so that
// nothing in it needs a lock; workers make requests, write to the ledger, and
// hand back reports.
type run struct {
	opts    batch.Options
	log     zerolog.Logger
	start   time.Time // the settle time of what dead runs left in doubt begins here
	account *account.Account
	out     *outlet.Outlet
	facts   *lists.Facts
	worker  *worker

	soft    context.Context         // ends when nothing more is to be sent
	endRun  func(batch.End, string) // ends soft; the first reason counts
	breakUp context.CancelCauseFunc // breaks off what has begun

	interviews map[string]*interview
	inTurn     []*interview // all of them, as they came up
	waiting    *queue.Queue
	admission  *admission
	refusals   *refusals
	confirmer  *confirmer
	prober     *prober
	elsewhere  *elsewhere
	picker     *picker
	alarm      *alarm

	feed    <-chan []fedRow
	reports <-chan done
	stopped bool  // nothing more is sent
	broken  error // why the run breaks off

	heldBack          batch.HeldBack
	warnings          []string
	saidDisplaced     bool
	saidSecondSession bool
	saidSeveralIDs    bool
	shown             shown
}

// A listRead is an interview whose list is to be read: before its first chunk,
// or for those in doubt.
type listRead struct {
	iv        *interview
	preflight bool
	try       int            // of a preflight, counted from 1
	pauses    *outlet.Pauses // before the next; nil: none was needed
}

func newRun(e *Engine) *run {
	r := &run{
		opts: e.opts, log: e.opts.Log, start: time.Now(), account: e.account, out: e.out, endRun: e.endRun,
		facts:      e.facts,
		interviews: map[string]*interview{},
		waiting:    queue.New(e.opts, len(e.plan.Interviews)),
		alarm:      newAlarm(),
	}
	r.worker = &worker{
		Reader: lists.Reader{
			Account: e.account, Ledger: e.ledger, Outlet: e.out, Facts: r.facts, SettleTime: e.opts.SettleTime, Start: r.start,
		},
		opts:   e.opts,
		claims: make(chan struct{}, ahead(e.opts, 2*e.opts.Concurrency)), guard: e.guard,
	}
	r.admission = &admission{run: r}
	r.refusals = &refusals{run: r}
	r.confirmer = &confirmer{run: r}
	r.prober = &prober{run: r}
	r.elsewhere = &elsewhere{run: r, asked: map[int]bool{}}
	r.picker = &picker{run: r}
	r.show()
	return r
}

// loop does what is to be done until everything is dealt with, or the run ends
// early and all that was out has come back.
func (r *run) loop() error {
	defer r.alarm.timer.Stop()
	stop := r.soft.Done()
	for {
		if err := r.admission.admit(); err != nil {
			r.breakOff(err)
		}
		r.picker.handOut()
		r.show()
		if r.finished() {
			return r.broken
		}
		feed := r.feed
		if len(r.admission.block) > 0 {
			feed = nil // no more rows while some wait for room
		}
		select {
		case block, more := <-feed:
			r.take(block, more)
		case d := <-r.reports:
			r.came(d)
		case now := <-r.alarm.timer.C:
			r.alarm.ring(now)
		case <-r.out.Health.WentDown:
			r.prober.begin()
		case <-r.out.Hear:
		case <-stop:
			r.stop()
			stop = nil
		}
	}
}

// take takes rows that have come up.
func (r *run) take(block []fedRow, more bool) {
	r.admission.block = block
	if !more {
		r.admission.fed, r.feed = true, nil
	}
}

// came lets follow what a job found out.
func (r *run) came(d done) {
	probed := r.prober.took(d.job)
	if !d.more && !probed {
		r.picker.busy--
		r.picker.idlers++
	}
	if err := r.follow(d); err != nil {
		r.breakOff(err)
	}
	if probed {
		r.prober.next()
	}
}

func (r *run) follow(d done) error {
	if d.err == nil && d.report != nil {
		return d.report.follow(r)
	}
	if s, isSend := d.report.(*sendReport); isSend && s.id == 0 {
		r.setClaimed(s.people, false) // nothing has left, and the ledger knows of nothing
	}
	return d.err
}

// stop lets nothing more be sent. What is out is awaited.
func (r *run) stop() {
	r.stopped = true
	if why := (*ending)(nil); errors.As(context.Cause(r.soft), &why) {
		r.log.Error().Msg(batch.MaskText(why.reason) + "; nothing more is sent")
	}
}

// breakOff ends the run because of an error that is not the API's. What is out is
// broken off as well, and its errors follow from the first.
func (r *run) breakOff(err error) {
	if r.broken == nil {
		r.broken = err
	}
	r.stopped = true
	r.breakUp(err)
}

// finished reports whether everything is done that is going to be.
func (r *run) finished() bool {
	switch {
	case !r.admission.fed || len(r.admission.block) > 0:
		return false
	case r.stopped:
		return r.picker.busy == 0 && (len(r.picker.todo) == 0 || r.broken != nil)
	}
	return r.idle()
}

// idle reports whether nobody waits, is out, or has to be found out about.
func (r *run) idle() bool {
	return r.waiting.People == 0 && r.picker.busy == 0 && r.confirmer.people == 0 && len(r.picker.reads) == 0 && len(r.picker.todo) == 0 &&
		len(r.elsewhere.people) == 0
}

// interview returns what the run knows of a person's interview.
func (r *run) interview(p *queue.Person) *interview {
	id := p.Key.InterviewID // in normal form
	iv := r.interviews[id]
	if iv == nil {
		iv = &interview{Interview: lists.Interview{ID: id, AsSent: p.InterviewID}, Line: queue.NewLine()}
		r.interviews[id] = iv
		r.inTurn = append(r.inTurn, iv)
	}
	return iv
}

// step lets something happen to an interview, and its people go or not.
func (r *run) step(iv *interview, e queue.Event) { r.waiting.Step(iv.Line, e) }

// letWait lets somebody wait to be sent.
func (r *run) letWait(p *queue.Person) {
	iv := r.interview(p)
	if p.CandidateID == "" && iv.State == queue.Unread {
		if r.opts.NoPreflight {
			r.step(iv, queue.ListNotWanted)
		} else {
			r.step(iv, queue.ListWanted)
			r.preflightNext(iv)
		}
	}
	p.Key.InterviewID = iv.ID // one text for all of them: it is compared again and again
	r.waiting.Add(p, iv.Line)
}

// preflightNext lets an interview's list be read before its people go.
func (r *run) preflightNext(iv *interview) {
	r.picker.reads = append(r.picker.reads, listRead{iv: iv, preflight: true, try: 1})
}

// later lets f be called after a time.
func (r *run) later(d time.Duration, f func()) { r.alarm.set(time.Now().Add(d), f) }

// took takes what a reading of an interview's list tells beside its purpose.
func (r *run) took(iv *interview, read *lists.Reading) {
	if read.Requests > 0 {
		iv.listRequests = read.Requests
	}
	if read.Age > 0 && (r.confirmer.age == 0 || read.Age < r.confirmer.age) {
		r.confirmer.age = read.Age
	}
	iv.memory.Took(read)
	if read.WrittenOff != "" && !iv.writtenOff {
		iv.writtenOff = true
		r.warn("interview " + iv.AsSent + ": its list " + read.WrittenOff + ", as in the runs before; it is believed all the same")
	}
}

// doneChunk notes that a chunk is dealt with.
func (r *run) doneChunk(c *chunk) {
	r.waiting.Done(c.Chunk)
	r.confirmer.schedule(c.iv)
}

func (r *run) warn(text string) {
	r.warnings = append(r.warnings, text)
	r.log.Warn().Msg(text)
}

// ended tells why the run ended, of so many people, and in words why what is left
// was not sent. broke is why it broke off, if it did.
func (r *run) ended(ctx context.Context, people int, broke error) (batch.End, string) {
	var why *ending
	key, keyRefused := r.refusals.key.neverWorked()
	switch {
	case r.account.Counts().Done >= people: // what ended the run kept nobody from anything
	case errors.As(context.Cause(r.soft), &why):
		return why.end, why.reason
	case keyRefused:
		return batch.KeyRefused, key
	case broke != nil:
		return batch.Finished, "the run broke off (" + batch.MaskText(strings.ReplaceAll(broke.Error(), "\n", "; ")) + ")"
	case ctx.Err() != nil:
		return batch.Stopped, "the run was stopped"
	case r.opts.Limit > 0:
		return batch.Finished, fmt.Sprintf("the limit of %d people was reached", r.opts.Limit)
	}
	return batch.Finished, ""
}

// left returns everybody who waits when the run ends, in input order.
func (r *run) left() []*queue.Person {
	people := slices.Clone(r.refusals.key.denied)
	for _, iv := range r.inTurn {
		people = append(people, iv.People()...)
	}
	return queue.InInputOrder(people)
}

// free gives the memory back.
func (r *run) free() {
	r.interviews, r.inTurn, r.waiting, r.picker.reads, r.picker.todo = nil, nil, nil, nil, nil
}

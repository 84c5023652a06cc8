package engine

import (
	"math"
	"sync/atomic"
	"time"

	"bulkinvite/batch/outlet"
)

// Progress is where a run stands.
type Progress struct {
	People   int     // to deal with in this run: Plan.People
	Done     int     // people whose outcome is known
	Invited  int     // of them: invited, confirmed or re-sent by this run
	Already  int     // of them: already invited
	Failed   int     // of them: in failed.csv
	InDoubt  int     // sent, and the answer is not known yet
	Requests int     // requests of all kinds that have left
	Rate     float64 // requests per second that the limiter allows now

	// What is left to do, as far as is known: an answer that is lost, or a
	// refusal, makes it more.
	Unsent       int           // people who have not been sent
	RequestsLeft int           // requests that they need
	LinksLeft    int           // links that are fetched when everybody is dealt with
	Held         time.Duration // until the next request may go: the API says so
	Down         bool          // the API is only probed
	ListIn       time.Duration // until the API's list is read for those in doubt; 0: now
}

// Progress may be called at any time from any goroutine.
func (e *Engine) Progress() Progress {
	rate, held := e.out.Pace()
	counts := e.account.Counts()
	p := Progress{
		People:   e.plan.People,
		Done:     counts.Done,
		Invited:  counts.Invited,
		Already:  counts.Already,
		Failed:   counts.Failed,
		Requests: e.out.Requests(),
		Rate:     rate,
		Held:     held,
		Down:     e.out.Health.IsDown(),

		LinksLeft: e.links.Left(),
	}
	s := &e.run.shown
	p.InDoubt, p.ListIn = int(s.inDoubt.Load()), max(time.Duration(s.listAt.Load()-time.Now().UnixNano()), 0)
	p.Unsent = max(min(p.People-p.Done-p.InDoubt, int(s.mayGo.Load())), 0)
	if p.People > 0 {
		p.RequestsLeft = int(math.Ceil(float64(p.Unsent) * float64(e.plan.Requests) / float64(p.People)))
	}
	return p
}

// shown is what Progress shows of the loop's state.
type shown struct {
	inDoubt atomic.Int64 // people
	mayGo   atomic.Int64 // people who may still be sent under the limit
	listAt  atomic.Int64 // when a list is read for those in doubt, in nanoseconds of Unix time; 0: now
}

// show lets others see where the run stands.
func (r *run) show() {
	mayGo := int64(math.MaxInt64)
	if r.opts.Limit > 0 {
		mayGo = int64(r.opts.Limit - r.admission.admitted + r.waiting.People)
	}
	r.shown.inDoubt.Store(int64(r.confirmer.people))
	r.shown.mayGo.Store(mayGo)
	r.shown.listAt.Store(r.alarm.next())
}

// Traffic may be called at any time from any goroutine.
func (e *Engine) Traffic() outlet.Traffic { return e.out.Traffic() }

package batch

import (
	"math"
	"time"
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
	rate, requests := e.out.pacer.state()
	p := Progress{
		People:   e.plan.People,
		Done:     int(e.counts.done.Load()),
		Invited:  int(e.counts.invited.Load()),
		Already:  int(e.counts.already.Load()),
		Failed:   int(e.counts.failed.Load()),
		Requests: requests,
		Rate:     rate,
		Held:     e.out.pacer.heldFor(),
		Down:     e.out.health.isDown(),
	}
	if !e.links.ended.Load() {
		p.LinksLeft = int(e.links.wanted.Load() - e.links.tried.Load())
	}
	var mayGo int
	p.InDoubt, mayGo, p.ListIn = e.queue.left()
	p.Unsent = max(min(p.People-p.Done-p.InDoubt, mayGo), 0)
	if p.People > 0 {
		p.RequestsLeft = int(math.Ceil(float64(p.Unsent) * float64(e.plan.Requests) / float64(p.People)))
	}
	return p
}

// left returns how many people are in doubt, how many may still be sent under
// the limit, and how long it is until a list is read for those in doubt.
func (q *queue) left() (inDoubt, mayGo int, listIn time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	mayGo = math.MaxInt
	if q.limit > 0 {
		mayGo = q.limit - q.admitted + q.waiting
	}
	if len(q.alarm.heap) > 0 {
		listIn = max(time.Until(q.alarm.heap[0].at), 0)
	}
	return q.doubtful, mayGo, listIn
}

package outlet

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"bulkinvite/batch"
)

// A pacer lets requests go one by one: never more than rate + burst in any
// second, and never slower than that without a reason. It is the only way out.
//
// x/time/rate gives the schedule. Alone it is not enough: a goroutine that
// wakes late sends closer to the next than the schedule has them, so the times
// at which requests really went are kept too, and the one that would be too
// many in a second waits.
type pacer struct {
	turn    chan struct{} // held by the one who is next: a place in the schedule is taken only when the one before has gone
	ceiling float64       // requests per second, what the user allows
	start   time.Time     // before the first request
	shared  *sharedPace   // what this run shares with others

	mu       sync.Mutex
	limiter  *rate.Limiter
	pace     batch.Pace
	window   int             // requests in any second at most: rate + burst
	went     []time.Duration // ring of the last window requests, since start
	oldest   int
	slow     time.Time // since when requests are held back, or the rate is below the ceiling; zero: they are not
	slowed   time.Duration
	requests int
}

func newPacer(ceiling float64, burst int) *pacer {
	return &pacer{
		turn:    make(chan struct{}, 1),
		ceiling: ceiling,
		pace:    batch.Pace{Allowed: ceiling},
		limiter: rate.NewLimiter(rate.Limit(ceiling), burst),
		start:   time.Now(),
		window:  max(int(ceiling)+burst, 1),
	}
}

// wait returns when the next request may go, and when that was. An error is
// ctx's: the request must not go.
func (p *pacer) wait(ctx context.Context) (time.Time, error) {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return time.Time{}, context.Cause(ctx)
	}
	defer func() { <-p.turn }()
	if err := p.schedule(ctx); err != nil {
		return time.Time{}, err
	}
	for {
		if err := context.Cause(ctx); err != nil { // the schedule may have had a place at the same moment
			return time.Time{}, err
		}
		now, pause := p.leave()
		if pause == 0 {
			return now, nil
		}
		if err := Sleep(ctx, pause); err != nil {
			return time.Time{}, err
		}
	}
}

// schedule waits for the limiter's next place.
func (p *pacer) schedule(ctx context.Context) error {
	p.mu.Lock()
	p.grow(time.Now())
	place := p.limiter.Reserve()
	p.mu.Unlock()
	if err := Sleep(ctx, place.Delay()); err != nil {
		place.Cancel()
		return err
	}
	return p.shared.wait(ctx)
}

// leave notes a request that goes now, or returns how long it still has to
// wait: for the end of a Retry-After, or because it would be one too many in
// the second. Half a place is added to the second, since requests that leave
// in time may still arrive closer together; less, where the schedule has less to
// spare.
func (p *pacer) leave() (now time.Time, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now = time.Now()
	earliest := p.pace.Until
	if len(p.went) == p.window {
		place := float64(time.Second) / p.ceiling
		slack := max(float64(p.window)*place-float64(time.Second), 0)
		second := time.Second + time.Duration(min(place/2, slack))
		if full := p.start.Add(p.went[p.oldest] + second); full.After(earliest) {
			earliest = full
		}
	}
	if pause = earliest.Sub(now); pause > 0 {
		return now, pause
	}
	p.note(now.Sub(p.start))
	p.requests++
	return now, 0
}

// note keeps when a request went. The ring grows with the requests: a rate that
// nobody reaches costs nothing.
func (p *pacer) note(went time.Duration) {
	if len(p.went) < p.window {
		p.went = append(p.went, went)
		return
	}
	p.went[p.oldest] = went
	p.oldest = (p.oldest + 1) % p.window
}

// hold keeps everybody back for a time: Retry-After. It returns by how much
// longer that is than they were kept back before.
func (p *pacer) hold(d time.Duration) (longer time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	until := now.Add(d)
	if d <= 0 || !until.After(p.pace.Until) {
		return 0
	}
	longer = min(d, until.Sub(p.pace.Until))
	p.pace = p.pace.HeldUntil(until)
	p.slowDown(now)
	return longer
}

func (p *pacer) slowDown(now time.Time) {
	if p.slow.IsZero() {
		p.slow = now
	}
}

// throttled is told of a 429 or 503 to a request that went at a time.
func (p *pacer) throttled(went time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if !went.After(p.pace.Halved) {
		return
	}
	p.slowDown(now)
	p.setPace(p.pace.Throttled(went, now, p.ceiling))
}

// grow brings the rate back.
func (p *pacer) grow(now time.Time) {
	atEase := p.pace.Allowed >= p.ceiling || now.Before(p.pace.Until)
	if atEase && !p.slow.IsZero() && !now.Before(p.pace.Until) {
		p.slowed += now.Sub(p.slow)
		p.slow = time.Time{}
	}
	p.setPace(p.pace.Grow(now, p.ceiling))
}

func (p *pacer) setPace(pace batch.Pace) {
	if pace.Allowed != p.pace.Allowed {
		p.limiter.SetLimit(rate.Limit(pace.Allowed))
	}
	p.pace = pace
}

// state returns the rate allowed now in requests per second, and how many
// requests have gone.
func (p *pacer) state() (rate float64, requests int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pace.Allowed, p.requests
}

// heldFor returns how long it is until the next request may go: Retry-After.
func (p *pacer) heldFor() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(time.Until(p.pace.Until), 0)
}

// slowedFor returns how long requests were slowed down because the API asked
// for it, up to now.
func (p *pacer) slowedFor() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	p.grow(now) // it may be over
	if p.slow.IsZero() {
		return p.slowed
	}
	return p.slowed + now.Sub(p.slow)
}

package outlet

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// LongestPause is between two tries of what does not work, and is not known to
// have worked before.
const LongestPause = 30 * time.Second

// Pauses grow, each with some jitter.
type Pauses struct {
	backoff backoff.ExponentialBackOff // has no jitter of its own: nobody can seed it
	random  func() float64
}

// jitter is by how much of itself a pause may be shorter or longer.
const jitter = 0.2

// NewPauses returns pauses that grow from about 1 s to about the longest.
func (o *Outlet) NewPauses(longest time.Duration) *Pauses {
	return &Pauses{
		backoff: backoff.ExponentialBackOff{InitialInterval: time.Second, MaxInterval: longest, Multiplier: 2},
		random:  o.opts.Random,
	}
}

// Next returns how long the next pause is.
func (p *Pauses) Next() time.Duration {
	return time.Duration(float64(p.backoff.NextBackOff()) * (1 - jitter + 2*jitter*p.random()))
}

// Sleep waits, or returns the cause for which ctx ends.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return context.Cause(ctx)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

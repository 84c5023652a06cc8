package batch

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// longestPause is between two tries of what does not work, and is not known to
// have worked before.
const longestPause = 30 * time.Second

// pauses grow, each with some jitter.
type pauses struct {
	backoff backoff.ExponentialBackOff // has no jitter of its own: nobody can seed it
	random  func() float64
}

// jitter is by how much of itself a pause may be shorter or longer.
const jitter = 0.2

// newPauses returns pauses that grow from about 1 s to about the longest.
func (o *outlet) newPauses(longest time.Duration) *pauses {
	return &pauses{
		backoff: backoff.ExponentialBackOff{InitialInterval: time.Second, MaxInterval: longest, Multiplier: 2},
		random:  o.opts.Random,
	}
}

func (p *pauses) next() time.Duration {
	return time.Duration(float64(p.backoff.NextBackOff()) * (1 - jitter + 2*jitter*p.random()))
}

// sleep waits, or returns the cause for which ctx ends.
func sleep(ctx context.Context, d time.Duration) error {
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

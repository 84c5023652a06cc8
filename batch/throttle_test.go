package batch_test

import (
	"sync"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// A spacing is a proxy that answers 503 to what comes sooner after the last
// request that it let through than a rate has them apart.
type spacing struct {
	every time.Duration
	wait  time.Duration // the Retry-After of its 503

	mu     sync.Mutex
	last   time.Time
	turned []time.Time // when requests were turned away
}

func (s *spacing) turnsAway() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.last) < s.every {
		s.turned = append(s.turned, now)
		return &client.Error{Cause: client.Busy, StatusCode: 503, RetryAfter: s.wait}
	}
	s.last = now
	return nil
}

// before lets a proxy stand before the API of a world.
func (s *spacing) before(w *world) {
	w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
		err := s.turnsAway()
		return nil, err != nil, err
	}
	w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) {
		err := s.turnsAway()
		return nil, err != nil, err
	}
}

// A throttle that answers 503 slows the run down as one that answers 429 does:
// it is no API that is down, and everybody is invited.
func TestThrottledBy503(t *testing.T) {
	for _, wait := range []time.Duration{0, 3 * time.Second} {
		inWorld(t, sandbox.Config{}, func(w *world) {
			s := &spacing{every: 200 * time.Millisecond, wait: wait}
			s.before(w)
			w.opts.Rate, w.opts.ChunkSize, w.opts.GiveUpAfter = 20, 10, time.Minute
			in := rows(people(1000, 0)...)
			r := w.withinADay(in)
			w.onceEach(in)
			if r.end != batch.Finished {
				t.Errorf("the run ended %d: %s", r.end, r.reason)
			}
			if n := len(s.turned); n > r.posts/2 {
				t.Errorf("%d requests were turned away, %d let through", n, r.posts)
			}
		})
	}
}

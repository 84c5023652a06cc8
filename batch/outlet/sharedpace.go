package outlet

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
)

// A sharedPace is the schedule of all runs that share a ledger, which a request
// passes behind the pacer: that one keeps this run within its own rate. Of a
// ledger that is this run's alone it is nil.
type sharedPace struct {
	ledger  batch.Shared
	ceiling float64
	log     zerolog.Logger
}

// tooLate is how late a request may go at least: so much is the system's doing.
const tooLate = 20 * time.Millisecond

// wait waits for the next place of all runs. One that is missed by more than half
// of the time to the next is given up, so that no two requests come close
// together; but never twice in a row, since whoever is always late must go on, too.
func (s *sharedPace) wait(ctx context.Context) error {
	if s == nil {
		return nil
	}
	for range 2 {
		wait, err := s.ledger.Slot(ctx)
		if err != nil {
			return err
		}
		due := time.Now().Add(wait)
		if err := Sleep(ctx, wait); err != nil {
			return err
		}
		if late := time.Since(due); late <= max(time.Duration(float64(time.Second)/s.ceiling/2), tooLate) {
			return nil
		}
	}
	return nil
}

// throttled lets all runs go slower after a 429 or 503 to a request that went at a
// time.
func (s *sharedPace) throttled(went time.Time) {
	ago := time.Since(went)
	s.change(func(p batch.Pace, now time.Time) batch.Pace { return p.Throttled(now.Add(-ago), now, s.ceiling) })
}

// longestHold is how much longer all runs are kept back by one answer: what one
// server says wrongly must not stop every machine for a day.
const longestHold = time.Hour

// hold keeps all runs back after a Retry-After.
func (s *sharedPace) hold(d time.Duration) {
	if d > 0 {
		s.change(func(p batch.Pace, now time.Time) batch.Pace { return p.HeldUntil(now.Add(min(d, longestHold))) })
	}
}

// change changes the schedule of all runs. If it cannot be changed, this run has
// slowed down by itself, and the others hear it from the API.
func (s *sharedPace) change(f func(batch.Pace, time.Time) batch.Pace) {
	if s == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := s.ledger.ChangePace(ctx, f); err != nil {
		s.log.Warn().Msg("the other runs do not know that the API asks to slow down: " + batch.MaskText(err.Error()))
	}
}

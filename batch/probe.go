package batch

import (
	"context"
	"fmt"
)

// probe waits for the API to go down, and then finds out when it is back. It
// alone tells the queue, so that going down and coming up keep their order.
func (e *Engine) probe(soft, hard context.Context) error {
	for {
		select {
		case <-soft.Done():
			return nil
		case <-e.out.health.wentDown:
			e.queue.setDown(true)
			err := e.probeUntilUp(soft, hard)
			e.queue.setDown(false)
			if err != nil {
				return err
			}
		}
	}
}

// probeUntilUp asks for a list and, if that works, sends one chunk, with
// growing pauses, until an answer to an invitation is good or it is time to
// give up.
func (e *Engine) probeUntilUp(soft, hard context.Context) error {
	pauses := e.out.newPauses(longestPause)
	for e.out.health.isDown() {
		left := e.opts.GiveUpAfter - e.out.health.badFor()
		if left <= 0 {
			missed := "accepted invitation"
			if e.opts.ConfirmOnly {
				missed = "usable answer"
			}
			what, why := e.out.health.lastBad()
			e.endRun(APIDown, fmt.Sprintf("%s: no %s for %v (%s)", what, missed, e.opts.GiveUpAfter, why))
			return nil
		}
		if soft.Err() != nil {
			return nil
		}
		if !e.out.probeList(soft, e.queue.toProbe(), pauses.next(), left) {
			continue
		}
		t := e.queue.takeProbe()
		if t == nil {
			if e.out.health.onlyListWasDown() {
				break
			}
			continue // everybody is in doubt: the list, which works, will tell
		}
		err := e.sendChunk(soft, hard, t.chunk)
		e.queue.done(t)
		if err != nil {
			return err
		}
	}
	e.log.Info().Msg("the API is up again")
	return nil
}

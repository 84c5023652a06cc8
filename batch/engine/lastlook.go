package engine

import (
	"context"
	"errors"
	"fmt"

	"bulkinvite/batch"
	"bulkinvite/batch/lists"
	"bulkinvite/client"
)

// MaxLastLook is how many requests a run makes at its end at most, to see
// whether somebody whom it invited stands in a list twice: another machine may
// have sent at the same time.
const MaxLastLook = 20

// A lastLook is what came of looking at the lists once more at the end.
type lastLook struct {
	missed bool // it would have taken too many requests, or could not be made
	twice  int  // people whom this run invited and a list shows twice
}

// Twice returns how many of those whom this run invited an interview's list shows
// twice.
func (e *Engine) Twice() int { return e.last.twice }

// MissedLastLook reports whether the run invited people and has not looked at
// all of their lists again.
func (e *Engine) MissedLastLook() bool { return e.last.missed }

// lookTwice looks once more at the lists of the interviews that the run sent to,
// where that takes few requests, and says who of those whom it invited stands
// there twice.
func (e *Engine) lookTwice(soft, hard context.Context) error {
	if e.opts.ConfirmOnly {
		return nil
	}
	interviews, cost := e.run.invitedTo(e.out.Lists.PageSize())
	if len(interviews) == 0 {
		return nil
	}
	if cost > MaxLastLook || soft.Err() != nil || e.out.Lists.IsNone() {
		e.last.missed = true
		return nil
	}
	reader := e.run.worker.Reader
	reader.Soft, reader.Hard = soft, hard
	before := e.out.Requests()
	for _, iv := range interviews {
		twice, err := reader.Twice(iv.Interview, MaxLastLook-(e.out.Requests()-before))
		if client.IsFatal(err) && !errors.Is(err, lists.ErrLong) && soft.Err() == nil {
			return err
		}
		if err != nil {
			e.last.missed = true
			continue
		}
		if e.last.twice += len(twice); len(twice) > 0 {
			e.run.warn(fmt.Sprintf("interview %s: its list has %d people twice whom this run has invited, such as %s: they have a second session, "+
				"does another machine send to it? bulkinvite audit %s names them all", iv.AsSent, len(twice), batch.MaskText(twice[0]), iv.AsSent))
		}
	}
	return nil
}

// invitedTo returns the interviews in which the run has invited somebody, and
// how many requests it takes to read their lists, about.
func (r *run) invitedTo(pageSize int) (interviews []*interview, cost int) {
	for _, iv := range r.inTurn {
		if iv.accepted {
			interviews = append(interviews, iv)
			cost += max(iv.listRequests, 2) + (len(iv.timed)*r.opts.ChunkSize+pageSize-1)/pageSize
		}
	}
	return interviews, cost
}

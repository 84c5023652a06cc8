package engine

import (
	"errors"
	"sync/atomic"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
)

// An account is what is known of every row. The loop alone writes it; workers
// look rows up in it meanwhile.
type account struct {
	src      batch.Source
	index    *plan.Index
	outcomes *outcomes
	counts   counts
}

// counts are what Progress shows of the rows. The loop alone changes them.
type counts struct{ done, invited, already, failed, links atomic.Int64 }

// record notes what became of a row. Only the first outcome of a row counts: an
// interview's list may tell of somebody who is out at the same time.
func (a *account) record(p *person, o batch.Outcome) error { return a.recordWanting(p, o, false) }

// recordWanting is record for an outcome whose link may have to be fetched.
func (a *account) recordWanting(p *person, o batch.Outcome, link bool) error {
	o.Attempts = p.attempts
	at, err := a.outcomes.put(known{Outcome: o, offset: p.offset, wantLink: link})
	if err != nil || !a.index.SetOutcome(p.row, at) {
		return err
	}
	if link {
		a.counts.links.Add(1)
	}
	a.counts.done.Add(1)
	switch {
	case o.Status == batch.StatusAlreadyInvited:
		a.counts.already.Add(1)
	case o.Status != "":
		a.counts.invited.Add(1)
	default:
		a.counts.failed.Add(1)
	}
	return nil
}

// recordAll records one outcome for all these people.
func (a *account) recordAll(people []*person, o batch.Outcome) error {
	var err error
	for _, p := range people {
		err = errors.Join(err, a.record(p, o))
	}
	return err
}

// setClaimed notes whether a request for these people may be out, so that a run
// that breaks off calls them uncertain and not not_sent.
func (a *account) setClaimed(people []*person, out bool) {
	for _, p := range people {
		a.index.SetClaimed(p.row, out)
	}
}

// locate returns the row that stands for key, and its candidate; -1 if the
// input has none.
func (a *account) locate(key batch.Key) (row int, c batch.Candidate, err error) {
	return a.index.Locate(key, a.outcomes)
}

// outcome returns what became of a row. What those get whom the run did not get
// to is up to the caller.
func (a *account) outcome(row *batch.Row, notSent batch.Outcome) (batch.Outcome, error) {
	w := a.index.Word(row.Index)
	switch w.Tag() {
	case plan.TagInvalid:
		again, err := a.src.At(row.Offset)
		if err == nil && again.Problem == nil {
			err = errors.New("it was invalid and now is not")
		}
		if err != nil {
			return batch.Outcome{}, err
		}
		return batch.Outcome{Code: again.Problem.Code, Error: again.Problem.Message}, nil
	case plan.TagDuplicate:
		o, err := a.outcomeOf(a.index.Word(int(w.Value())), notSent)
		if o.Status != "" {
			o.Status = batch.StatusDuplicate
		}
		return o, err
	}
	return a.outcomeOf(w, notSent)
}

func (a *account) outcomeOf(w plan.Word, notSent batch.Outcome) (batch.Outcome, error) {
	switch w.Tag() {
	case plan.TagOutcome:
		k, err := a.outcomes.get(w.Value())
		return k.Outcome, err
	case plan.TagClaimed:
		return batch.Outcome{Code: batch.CodeUncertain, Error: "the run broke off while it sent this invitation; " +
			"send this row again: the API is asked before anything is sent"}, nil
	}
	return notSent, nil
}

func (a *account) close() error {
	a.index.Free()
	return a.outcomes.close()
}

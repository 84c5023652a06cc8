package batch

import (
	"errors"
	"sync/atomic"
)

// An account is what is known of every row. The loop alone writes it; workers
// look rows up in it meanwhile.
type account struct {
	src      Source
	index    *index
	outcomes *outcomes
	counts   counts
}

// counts are what Progress shows of the rows. The loop alone changes them.
type counts struct{ done, invited, already, failed, links atomic.Int64 }

// record notes what became of a row. Only the first outcome of a row counts: an
// interview's list may tell of somebody who is out at the same time.
func (a *account) record(p *person, o Outcome) error { return a.recordWanting(p, o, false) }

// recordWanting is record for an outcome whose link may have to be fetched.
func (a *account) recordWanting(p *person, o Outcome, link bool) error {
	o.Attempts = p.attempts
	at, err := a.outcomes.put(known{Outcome: o, offset: p.offset, wantLink: link})
	if err != nil || !a.index.setOutcome(p.row, at) {
		return err
	}
	if link {
		a.counts.links.Add(1)
	}
	a.counts.done.Add(1)
	switch {
	case o.Status == StatusAlreadyInvited:
		a.counts.already.Add(1)
	case o.Status != "":
		a.counts.invited.Add(1)
	default:
		a.counts.failed.Add(1)
	}
	return nil
}

// recordAll records one outcome for all these people.
func (a *account) recordAll(people []*person, o Outcome) error {
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
		a.index.setClaimed(p.row, out)
	}
}

// locate returns the row that stands for key, and its candidate; -1 if the
// input has none.
func (a *account) locate(key Key) (row int, c Candidate, err error) {
	return a.index.locate(key, a.outcomes)
}

// outcome returns what became of a row. What those get whom the run did not get
// to is up to the caller.
func (a *account) outcome(row *Row, notSent Outcome) (Outcome, error) {
	w := a.index.word(row.Index)
	switch w.tag() {
	case tagInvalid:
		again, err := a.src.At(row.Offset)
		if err == nil && again.Problem == nil {
			err = errors.New("it was invalid and now is not")
		}
		if err != nil {
			return Outcome{}, err
		}
		return Outcome{Code: again.Problem.Code, Error: again.Problem.Message}, nil
	case tagDuplicate:
		o, err := a.outcomeOf(a.index.word(int(w.value())), notSent)
		if o.Status != "" {
			o.Status = StatusDuplicate
		}
		return o, err
	}
	return a.outcomeOf(w, notSent)
}

func (a *account) outcomeOf(w word, notSent Outcome) (Outcome, error) {
	switch w.tag() {
	case tagOutcome:
		k, err := a.outcomes.get(w.value())
		return k.Outcome, err
	case tagClaimed:
		return Outcome{Code: CodeUncertain, Error: "the run broke off while it sent this invitation; " +
			"send this row again: the API is asked before anything is sent"}, nil
	}
	return notSent, nil
}

func (a *account) close() error {
	a.index.free()
	return a.outcomes.close()
}

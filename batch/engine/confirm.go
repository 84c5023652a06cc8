package engine

import (
	"errors"
	"fmt"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/judge"
	"bulkinvite/batch/lists"
	"bulkinvite/batch/outlet"
	"bulkinvite/batch/plan"
	"bulkinvite/batch/queue"
)

// A settling is what is known of people of a request now. It is written first,
// and then what follows from it happens.
type settling struct {
	request int64
	answer  batch.Answer
	follow  func() error
}

// A settleJob writes what a look has shown.
type settleJob struct {
	settlings []settling
	then      func() error // when all of it is written and has been followed
}

func (j *settleJob) do(w *worker) (report, error) {
	for _, s := range j.settlings {
		if err := w.settle(s.request, s.answer); err != nil {
			return nil, err
		}
	}
	return j, nil
}

func (j *settleJob) follow(*run) error {
	var err error
	for _, s := range j.settlings {
		err = errors.Join(err, s.follow())
	}
	return errors.Join(err, j.then())
}

// settle settles everybody of whom the look could tell. One that a stop has
// cut short tells of those whom it has found.
func (l *look) settle(r *run) error {
	j := &settleJob{then: func() error { r.confirmer.endLook(l.iv); return nil }}
	for _, d := range l.doubts {
		found, rest := l.split(d)
		if l.showsMore(d, rest) || len(found) > 0 {
			r.confirmer.beginAnew(d)
		}
		if len(found) == 0 {
			continue
		}
		if d.refused() {
			r.facts.Distrust.Store(true)
		}
		j.settlings = append(j.settlings, l.settleFound(r, d, found))
	}
	var err error
	if r.soft.Err() == nil { // else finish says that the others are uncertain
		err = l.settleRest(r, j)
	}
	if len(j.settlings) == 0 {
		return errors.Join(err, j.then())
	}
	r.picker.todo = append(r.picker.todo, j)
	return err
}

// settleRest adds what becomes of those whom the look has not shown.
func (l *look) settleRest(r *run, j *settleJob) error {
	var err error
	var parts []refusedPart
	trusted := !r.facts.Distrust.Load()
	for _, d := range l.doubts {
		_, rest := l.split(d)
		if len(rest) == 0 {
			continue
		}
		switch l.absent(d, trusted, r.opts.SettleTime) {
		case judge.KnownAbsent:
			absent, unknown := l.believeAbsent(d, rest)
			err = errors.Join(err, d.cannotTell(r, unknown))
			r.confirmer.forget(d, unknown)
			if d.then == part {
				parts = append(parts, refusedPart{d.chunk, absent})
			}
			if len(absent) > 0 {
				j.settlings = append(j.settlings, d.settleAbsent(r, absent))
			}
		case judge.CannotTell:
			err = errors.Join(err, d.cannotTell(r, rest))
			r.confirmer.forget(d, rest)
		}
	}
	end := j.then
	look := l.Entries/outlet.PageLimit + 2
	j.then = func() error { return errors.Join(r.admission.sendParts(parts, look), end()) }
	return err
}

// absent judges that a look does not show somebody of a request, and notes what
// it was worth.
func (l *look) absent(d *doubt, trusted bool, settle time.Duration) judge.Absence {
	s := l.sight
	suspects := l.ours
	if d.earlier {
		suspects = l.earlier
	}
	if suspects > 0 && s.Faults == "" {
		s.Faults = fmt.Sprintf("the API's list shows %d people whom nobody asked for, and may show them under another address", suspects)
	}
	verdict := s.Absent(d.since, d.first, d.refused() && trusted, settle)
	switch {
	case verdict == judge.AbsentOnce:
		d.first = time.Now()
	case verdict == judge.NoProof && !l.excused:
		d.failed++
		d.problem = s.Faults
	case verdict == judge.NoProof:
		d.problem = s.Faults
	case verdict == judge.CannotTell:
		d.problem = lists.Unreadable(l.Err)
	}
	if d.failed >= maxFailedLooks {
		return judge.CannotTell
	}
	return verdict
}

// believeAbsent parts those whom a list would show under their address from the
// others, of whom its silence says nothing.
func (l *look) believeAbsent(d *doubt, people []*queue.Person) (absent, unknown []*queue.Person) {
	for _, p := range people {
		if d.notFoundCounts(p) && !l.Unclear[p.Key] {
			absent = append(absent, p)
		} else {
			unknown = append(unknown, p)
		}
	}
	if len(unknown) > 0 {
		d.problem = "the API's list does not show this address, but the invitation may be under another"
	}
	return absent, unknown
}

// cannotTell records that it stays unknown whether people were invited.
func (d *doubt) cannotTell(r *run, people []*queue.Person) error {
	var err error
	r.confirmer.handOver(d)
	for _, p := range people {
		err = errors.Join(err, r.record(p, batch.Outcome{Code: batch.CodeUncertain, Error: r.confirmer.why(d, p, "the API's list could not tell")}))
	}
	return err
}

// settleFound says that people of a request were invited after all.
func (l *look) settleFound(r *run, d *doubt, people []*queue.Person) settling {
	answer := batch.Answer{Message: "found in the API's list"}
	for _, p := range people {
		answer.Outcomes = append(answer.Outcomes, batch.Settlement{Key: p.Key, State: batch.StateInvited, CandidateID: l.Found[p.Key]})
	}
	return settling{d.request, answer, func() error { return l.followFound(r, d, people) }}
}

// followFound lets happen what follows for people who were invited after all.
func (l *look) followFound(r *run, d *doubt, people []*queue.Person) error {
	var err error
	if !d.earlier {
		err = r.refusals.accepted(d.iv, plan.Together)
		r.out.Health.Excuse()
		r.prober.acts = true
	}
	for _, p := range people {
		p.Party.GoThrough()
		err = errors.Join(err, r.recordWanting(p, batch.Outcome{Status: batch.StatusConfirmed, CandidateID: l.Found[p.Key]},
			r.opts.Links != batch.LinksNone && l.Found[p.Key] != ""))
	}
	r.confirmer.forget(d, people)
	return err
}

// settleAbsent says that people of a request were not invited by it, and lets
// follow what was to follow.
func (d *doubt) settleAbsent(r *run, people []*queue.Person) settling {
	answer := batch.Answer{Message: "not in the API's list, read twice"}
	d.countLost(r, people)
	for _, p := range people {
		answer.Outcomes = append(answer.Outcomes, d.absentSettlement(r, p))
	}
	return settling{d.request, answer, func() error {
		defer r.confirmer.forget(d, people)
		if r.opts.ConfirmOnly {
			r.picker.todo = append(r.picker.todo, &lookUpJob{people: people})
			return nil
		}
		return d.absentNow(r, people)
	}}
}

// leftUninvited is the outcome of those whom a run that only confirms leaves
// for one that invites.
var leftUninvited = batch.Outcome{Code: batch.CodeNotSent, Error: "known not to be invited, and this run invites nobody"}

// A lookUpJob asks the ledger about people of whom one request is settled, in a
// run that only confirms: a second one may have them in doubt as well.
type lookUpJob struct {
	people  []*queue.Person
	records []batch.Record
}

func (j *lookUpJob) do(w *worker) (report, error) {
	var err error
	j.records, err = plan.Lookup(w.Hard, w.Ledger, peopleKeys(j.people))
	return j, err
}

func (j *lookUpJob) follow(r *run) error {
	var err error
	for i, p := range j.people {
		held, heldErr := r.admission.hold(p, j.records[i], "")
		if heldErr == nil && !held {
			heldErr = r.record(p, leftUninvited)
		}
		err = errors.Join(err, heldErr)
	}
	return err
}

package engine

import (
	"errors"
	"fmt"

	"bulkinvite/batch"
	"bulkinvite/batch/queue"
)

// companyTries is how many requests for one person alone may bring no usable
// answer, where the company in which they first went got through: what makes
// the API fail is then in the row.
const companyTries = 2

// countLost counts a request that turned out not to have acted towards the
// attempts of the one person in it. A request of several proves nothing against
// any of them, and neither does one that came into an outage, unless that
// happens to it again and again.
func (d *doubt) countLost(r *run, people []*queue.Person) {
	if d.earlier || d.then != sendAgain {
		return
	}
	d.outage = d.outage || r.out.Health.InOutage(d.since)
	for _, p := range people {
		if d.outage && p.Outages < r.opts.MaxAttempts {
			p.Outages++
			continue
		}
		switch {
		case d.size > 1:
		case d.busy:
			p.Away++
		default:
			p.Lost++
		}
	}
}

// busyFactor is how many times more attempts somebody has for whom the API is too
// busy while it accepts others: a throttle turns people away by chance.
const busyFactor = 3

// spent reports whether somebody has used up their attempts.
func (r *run) spent(p *queue.Person) bool {
	most := r.opts.MaxAttempts
	return p.Lost >= most || p.Lost >= companyTries && p.Party.WentThrough() || p.Away >= busyFactor*most
}

// absentSettlement is what the ledger keeps of somebody known not to be invited
// by a request.
func (d *doubt) absentSettlement(r *run, p *queue.Person) batch.Settlement {
	s := batch.Settlement{Key: p.Key}
	switch {
	case d.then == notWanted:
		s.State, s.Mark = batch.StateNoInvitation, p.Digest()
	case d.then == refusedAfterAll:
		s.State = batch.StateRefused
	case d.then == sendAgain && r.spent(p):
		s.State = batch.StateFailed
	}
	return s
}

// absentNow lets follow what was to follow for people who are known not to be
// invited by a request. For parts of a refused one that is sendParts.
func (d *doubt) absentNow(r *run, people []*queue.Person) error {
	var err error
	switch {
	case d.then == notWanted:
		err = r.recordAll(people, noInvitation)
	case d.then == refusedAfterAll:
		for _, p := range people {
			err = errors.Join(err, r.refusals.refused(d.iv, p, p.Reason))
		}
	case d.then == sendAgain && d.earlier:
		err = r.admission.readmit(people)
	case d.then == sendAgain:
		err = d.sendLost(r, people)
	}
	return err
}

var noInvitation = batch.Outcome{Code: batch.CodeNoInvitation, Error: "the API accepted the request and left this candidate out; " +
	"check the address, it may be malformed"}

// stillLeftOut is the outcome of somebody whom an earlier run's answer left out,
// and whose row has not changed since.
var stillLeftOut = batch.Outcome{Code: batch.CodeNoInvitation, Error: "an earlier request went through without this candidate, and the row has not " +
	"changed since: fix the name or the address, or send it again unchanged after bulkinvite confirm --assume not-sent"}

// sendLost sends people again whose request has not acted: unchanged after an
// outage, else in halves, since somebody in it may be what the API cannot bear.
func (d *doubt) sendLost(r *run, people []*queue.Person) error {
	var left []*queue.Person
	var err error
	for _, p := range people {
		if r.spent(p) {
			err = errors.Join(err, r.record(p, batch.Outcome{Code: batch.CodeAPIError, Error: fmt.Sprintf(
				"not invited after %d attempts: %s; send this row again later", p.Attempts, p.Reason)}))
		} else {
			left = append(left, p)
		}
	}
	switch {
	case len(left) == 0:
		return err
	case d.outage && left[0].Outages < r.opts.MaxAttempts, d.size == 1:
		return errors.Join(err, r.admission.sendUnchanged(d.chunk, left))
	}
	return errors.Join(err, r.admission.halve(d.chunk, left))
}

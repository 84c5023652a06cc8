package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"bulkinvite/client"
)

// A doubt is a person of whom it is not known whether they were invited. Only
// the API's list ends it, or the end of the run.
type doubt struct {
	p       *person
	request int64     // in the ledger, to be settled
	since   time.Time // when the request had ended for certain
	first   time.Time // when the first look that did not show them ended; zero before
	then    then
	dead    bool     // from a run that died
	applied bool     // the request in doubt named a job application
	refusal *refusal // the refused chunk that they were in
	failed  int      // looks that could not tell
	problem string   // why the last of these could not
}

// then says what follows if somebody in doubt is known not to be invited.
type then int

const (
	sendAgain       then = iota
	notWanted            // no_invitation
	oneByOne             // those of a refused chunk go alone
	refusedAfterAll      // refused
)

// maxFailedLooks is how many looks at the list that cannot tell end in
// uncertain.
const maxFailedLooks = 3

// why returns the error of somebody who stays in doubt.
func (e *Engine) why(d *doubt, end string) string {
	if e.opts.ConfirmOnly { // that they are in doubt is known, and there is no row to send again
		return cmp.Or(d.problem, end)
	}
	cause := "the answer to this invitation was lost (" + d.p.reason + ")"
	switch {
	case d.dead:
		cause = "an earlier run died while it sent this invitation"
	case d.then == notWanted:
		cause = "the API left this person out of its answer"
	}
	if d.problem != "" {
		end = d.problem
	}
	hint := "send this row again: the API is asked before anything is sent"
	if !d.listable() || !d.notFoundCounts() {
		hint = "look in the dashboard whether they are invited, and say so with bulkinvite confirm --assume"
	}
	return cause + " and " + end + "; " + hint
}

// from is when the settle time before the next look that counts begins.
func (d *doubt) from() time.Time {
	if d.first.IsZero() {
		return d.since
	}
	return d.first
}

// listable reports whether the API's list can show the person at all.
func (d *doubt) listable() bool { return d.p.CandidateID == "" && d.p.key.HasAddress() }

// notFoundCounts reports whether it means something that the list does not
// show them: a job application may hold another address than the row.
func (d *doubt) notFoundCounts() bool { return d.p.JobApplicationID == "" && !d.applied }

// doubtAll puts people of a chunk in doubt, from now on.
func (e *Engine) doubtAll(c *chunk, id int64, people []*person, then then) error {
	return e.doubtEach(c, id, people, then, nil)
}

func (e *Engine) doubtEach(c *chunk, id int64, people []*person, then then, r *refusal) error {
	var err error
	now := time.Now()
	for _, p := range people {
		err = errors.Join(err, e.doubt(&doubt{p: p, request: id, since: now, then: then, refusal: r}))
	}
	return err
}

// doubt lets the list tell of somebody, or records that it cannot.
func (e *Engine) doubt(d *doubt) error {
	e.index.claimed(d.p.row, true)
	if d.listable() {
		e.queue.doubt(d)
		return nil
	}
	return errors.Join(
		e.record(d.p, Outcome{Code: CodeUncertain, Error: e.why(d, "the API's list cannot show who it was for")}),
		e.resolve(d, false, false))
}

// resolve tells the refused chunk of a doubt what became of it, and lets its
// people go alone once all is known.
func (e *Engine) resolve(d *doubt, found, notFound bool) error {
	if d.refusal == nil {
		return nil
	}
	people := e.queue.resolved(d.refusal, d.p, found, notFound)
	if d.then != oneByOne {
		return nil
	}
	parts := make([][]*person, len(people))
	for i := range people {
		parts[i] = people[i : i+1 : i+1]
	}
	return e.resendParts(d.refusal.chunk, parts)
}

// A look is one reading of an interview's list for those in doubt.
type look struct {
	begun  time.Time
	down   bool // the API was down: that the list cannot be read says nothing
	doubts map[Key]*doubt
	found  map[*doubt]client.Entry
	must   rowSet // rows that the list still has to show to be believed
}

// confirm reads an interview's list and settles whom it can.
func (e *Engine) confirm(soft, hard context.Context, iv *interview) error {
	l := e.queue.beginLook(iv)
	l.down = e.health.isDown()
	err := e.readList(soft, iv, func(entry client.Entry) error {
		key := NewKey(iv.id, entry.CandidateEmail)
		if d := l.doubts[key]; d != nil {
			if _, again := l.found[d]; !again {
				l.found[d] = entry
			}
			return nil
		}
		row, _, err := e.index.locate(key, e.outcomes)
		if row >= 0 {
			l.must.remove(uint32(row))
		}
		return err
	})
	if isFatal(err) && soft.Err() == nil {
		return err
	}
	if isRefusal(err) {
		e.queue.refuseList(iv)
	}
	settled, settleErr := e.settleLook(hard, l, err, soft.Err() != nil)
	e.queue.settleDoubts(iv, settled)
	e.queue.endLook(iv)
	return settleErr
}

// settleLook settles everybody of whom the look could tell, and returns them.
// One that a stop has cut short tells of those whom it has found.
func (e *Engine) settleLook(ctx context.Context, l *look, lookErr error, cutShort bool) ([]*doubt, error) {
	found, absent := map[int64][]*doubt{}, map[int64][]*doubt{}
	var settled []*doubt
	var err error
	for _, d := range inInputOrder(slices.Collect(maps.Values(l.doubts))) {
		if _, ok := l.found[d]; ok {
			found[d.request] = append(found[d.request], d)
			settled = append(settled, d)
			continue
		}
		if cutShort {
			continue // finish says that they are uncertain
		}
		switch l.absent(d, lookErr, e.opts.SettleTime) {
		case knownAbsent:
			absent[d.request] = append(absent[d.request], d)
			settled = append(settled, d)
		case cannotTell:
			settled = append(settled, d)
			err = errors.Join(err, e.record(d.p, Outcome{Code: CodeUncertain, Error: e.why(d, "the API's list could not tell")}),
				e.resolve(d, false, false))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		err = errors.Join(err, e.settleFound(ctx, id, found[id], l.found))
	}
	for _, id := range slices.Sorted(maps.Keys(absent)) {
		err = errors.Join(err, e.settleAbsent(ctx, id, absent[id]))
	}
	return settled, err
}

// absence is what a look means for somebody whom it did not show.
type absence int

const (
	lookAgain absence = iota
	knownAbsent
	cannotTell
)

// absent judges that the list does not show somebody. It counts only if the
// read was whole, begun the settle time after the request ended, showed
// everyone whom it had to, and a second read, begun as long after the first,
// agrees.
func (l *look) absent(d *doubt, lookErr error, settle time.Duration) absence {
	switch {
	case l.begun.Before(d.from().Add(settle)):
		return lookAgain // too early to mean anything
	case lookErr != nil:
		d.problem = "the API's list could not be read: " + lookErr.Error()
	case l.must.size > 0:
		d.problem = fmt.Sprintf("the API's list cannot be believed: it lacks %d people who are known to be invited", l.must.size)
	case d.first.IsZero():
		d.first = time.Now()
		return lookAgain
	case d.notFoundCounts():
		return knownAbsent
	default:
		d.problem = "the API's list does not show this address, but the job application may hold another"
		return cannotTell
	}
	if !l.down {
		d.failed++
	}
	if d.failed < maxFailedLooks {
		return lookAgain
	}
	return cannotTell
}

// settleFound writes that people of one request were invited after all.
func (e *Engine) settleFound(ctx context.Context, id int64, doubts []*doubt, entries map[*doubt]client.Entry) error {
	answer := Answer{Message: "found in the API's list"}
	for _, d := range doubts {
		answer.Outcomes = append(answer.Outcomes, Settlement{
			Key: d.p.key, State: StateInvited, CandidateID: entries[d].CandidateID,
		})
	}
	if err := e.ledger.Settle(ctx, id, answer); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	var err error
	for _, d := range doubts {
		e.queue.know(time.Now(), d.p)
		if !d.dead {
			e.queue.accept(e.queue.interviewOf(d.p))
			e.health.found()
		}
		candidate := entries[d].CandidateID
		err = errors.Join(err, e.recordWanting(d.p, Outcome{Status: StatusConfirmed, CandidateID: candidate},
			e.opts.Links != LinksNone && candidate != ""), e.resolve(d, true, false))
	}
	return err
}

// settleAbsent writes that people of one request were not invited, and lets
// follow what was to follow.
func (e *Engine) settleAbsent(ctx context.Context, id int64, doubts []*doubt) error {
	answer := Answer{Message: "not in the API's list, read twice"}
	for _, d := range doubts {
		if !d.dead && d.then == sendAgain {
			d.p.lost++
		}
		answer.Outcomes = append(answer.Outcomes, Settlement{Key: d.p.key, State: e.stateAfter(d)})
	}
	if err := e.ledger.Settle(ctx, id, answer); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	var err error
	for _, d := range doubts {
		if e.opts.ConfirmOnly {
			err = errors.Join(err, e.leaveUninvited(ctx, d.p))
		} else {
			err = errors.Join(err, e.absentNow(d))
		}
	}
	return err
}

// leftUninvited is the outcome of those whom a run that only confirms leaves
// for one that invites.
var leftUninvited = Outcome{Code: CodeNotSent, Error: "known not to be invited, and this run invites nobody"}

// leaveUninvited ends what a run that only confirms has to do with somebody of
// whom one request is settled, unless a second one has them in doubt as well.
func (e *Engine) leaveUninvited(ctx context.Context, p *person) error {
	records, err := lookup(ctx, e.ledger, []Key{p.key})
	if err != nil {
		return err
	}
	if held, err := e.held(p, records[0]); held || err != nil {
		return err
	}
	return e.record(p, leftUninvited)
}

// stateAfter is what the ledger keeps of somebody known not to be invited.
func (e *Engine) stateAfter(d *doubt) State {
	switch {
	case d.then == notWanted, d.then == refusedAfterAll:
		return StateRefused
	case d.then == sendAgain && d.p.lost >= e.opts.MaxAttempts:
		return StateFailed
	}
	return StateNone
}

func (e *Engine) absentNow(d *doubt) error {
	p := d.p
	switch d.then {
	case notWanted:
		return e.record(p, Outcome{Code: CodeNoInvitation, Error: "the API accepted the request and left this candidate out; " +
			"check the address, it may be malformed"})
	case oneByOne:
		return e.resolve(d, false, true)
	case refusedAfterAll:
		return errors.Join(e.refusedAlone(e.queue.interviewOf(p), p, p.reason), e.resolve(d, false, true))
	}
	if p.lost >= e.opts.MaxAttempts {
		return e.record(p, Outcome{Code: CodeAPIError, Error: fmt.Sprintf(
			"not invited after %d attempts: %s; send this row again later", p.attempts, p.reason)})
	}
	if d.dead {
		return e.readmit(p)
	}
	return e.again([]*person{p})
}

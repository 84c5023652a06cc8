package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"bulkinvite/client"
)

// A doubt is a request of which it is not known whom it invited. Only the API's
// list tells, or the end of the run.
type doubt struct {
	request int64 // in the ledger, to be settled
	iv      *interview
	chunk   *chunk          // what was sent; nil: by an earlier run
	size    int             // people in it
	people  map[Key]*person // of whom it is not known yet
	since   time.Time       // when the request had ended for certain
	first   time.Time       // when the first look that did not show them ended; zero before
	then    then
	earlier bool   // from an earlier run
	applied bool   // the request in doubt named a job application
	outage  bool   // the API was down or busy: that it did not act says nothing of the people
	unclear int    // people in it whose entry may be another's
	failed  int    // looks that could not tell
	problem string // why the last of these could not
	seq     int

	// displaced is set if the answer named addresses that nobody asked for: that
	// a list does not show the people never counts.
	displaced bool
}

// then says what follows if people in doubt are known not to be invited.
type then int

const (
	sendAgain       then = iota
	notWanted            // no_invitation
	part                 // of a refused request of several: smaller ones go
	refusedAfterAll      // refused
)

// maxFailedLooks is how many looks at the list that cannot tell end in
// uncertain.
const maxFailedLooks = 3

// why returns the error of somebody who stays in doubt.
func (e *Engine) why(d *doubt, p *person, end string) string {
	if e.opts.ConfirmOnly { // that they are in doubt is known, and there is no row to send again
		return cmp.Or(d.problem, end)
	}
	cause := "the answer to this invitation was lost (" + p.reason + ")"
	switch {
	case d.displaced, p.reason == namesOthers:
		cause = "the API's answer named another address"
	case d.earlier:
		cause = "an earlier run did not learn what became of this invitation"
	case d.then == notWanted:
		cause = "the API left this person out of its answer"
	}
	if d.problem != "" {
		end = d.problem
	}
	hint := "send this row again: the API is asked before anything is sent"
	if !p.listable() || !d.notFoundCounts(p) || e.out.lists.wasNeverThere() {
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
func (p *person) listable() bool { return p.CandidateID == "" && p.key.HasAddress() }

// notFoundCounts reports whether it means something that the list does not
// show somebody of the request: a job application may hold another address than
// the row.
func (d *doubt) notFoundCounts(p *person) bool {
	return p.JobApplicationID == "" && !d.applied && !d.displaced
}

// doubtAll puts people of a request in doubt, from now on. Those whom no list
// can show are uncertain at once.
func (e *Engine) doubtAll(d *doubt, people []*person) error {
	if len(people) == 0 {
		return nil
	}
	var err error
	d.iv, d.since, d.people = d.chunk.iv, time.Now(), make(map[Key]*person, len(people))
	for _, p := range people {
		e.index.claimed(p.row, true)
		if p.listable() && !e.out.lists.mayNotExist() {
			d.people[p.key] = p
		} else {
			err = errors.Join(err, e.unlisted(d, p))
		}
	}
	if len(d.people) > 0 {
		e.queue.doubt(d)
	}
	return err
}

// unlisted records that no list can tell of somebody in doubt.
func (e *Engine) unlisted(d *doubt, p *person) error {
	var why string
	switch {
	case p.listable():
		why = e.why(d, p, noProofWords(e.out.lists.why()))
	case p.CandidateID != "":
		why = "this invitation may have been sent again (" + p.reason + "), which no list of the API's shows; " + e.resendAgain(time.Now())
	default:
		why = e.why(d, p, "the API's list cannot show who it was for")
	}
	return e.record(p, Outcome{Code: CodeUncertain, Error: why})
}

// doubtEarlier lets the list tell of somebody whom an earlier run has in doubt.
func (e *Engine) doubtEarlier(p *person, rec Record) error {
	e.index.claimed(p.row, true)
	of := earlierRequest{id: rec.RequestID, displaced: rec.Mark == MarkOtherAddress}
	applied := rec.JobApplicationID != ""
	if !p.listable() || e.out.lists.wasNeverThere() {
		return e.unlisted(&doubt{earlier: true, applied: applied, displaced: of.displaced}, p)
	}
	e.queue.doubtEarlier(p, of, e.start, applied)
	return nil
}

// settleLook settles everybody of whom the look could tell. One that a stop has
// cut short tells of those whom it has found.
func (e *Engine) settleLook(ctx context.Context, l *look, cutShort bool) error {
	var err error
	for _, d := range l.doubts {
		found, rest := l.split(d)
		if len(found) > 0 {
			err = errors.Join(err, e.settleFound(ctx, d, found, l.found))
			e.queue.settleDoubt(d, found)
		}
		if l.showsMore(d, rest) || len(found) > 0 {
			e.queue.beginAnew(d)
		}
	}
	if cutShort {
		return err // finish says that the others are uncertain
	}
	var parts []refusedPart
	trusted := e.queue.trustsRefusals()
	for _, d := range l.doubts {
		_, rest := l.split(d)
		if len(rest) == 0 {
			continue
		}
		switch e.absent(l, d, trusted) {
		case knownAbsent:
			absent, unknown := l.believeAbsent(d, rest)
			err = errors.Join(err, e.cannotTell(d, unknown), e.settleAbsent(ctx, d, absent))
			if d.then == part {
				parts = append(parts, refusedPart{d.chunk, absent})
			}
			e.queue.settleDoubt(d, rest)
		case cannotTell:
			err = errors.Join(err, e.cannotTell(d, rest))
			e.queue.settleDoubt(d, rest)
		}
	}
	return errors.Join(err, e.sendParts(parts, l.entries/listLimit+2))
}

// absent judges that a look does not show somebody of a request, and notes what
// it was worth.
func (e *Engine) absent(l *look, d *doubt, trusted bool) absence {
	s := l.sight
	suspects := l.ours
	if d.earlier {
		suspects = l.earlier
	}
	if suspects > 0 && s.faults == "" {
		s.faults = fmt.Sprintf("the API's list shows %d people whom nobody asked for, and may show them under another address", suspects)
	}
	verdict := s.absent(d.since, d.first, d.refused() && trusted, e.opts.SettleTime)
	switch {
	case verdict == absentOnce:
		d.first = time.Now()
	case verdict == noProof && !l.excused:
		d.failed++
		d.problem = s.faults
	case verdict == noProof:
		d.problem = s.faults
	case verdict == cannotTell:
		d.problem = noProofWords(l.err)
	}
	if d.failed >= maxFailedLooks {
		return cannotTell
	}
	return verdict
}

// believeAbsent parts those whom a list would show under their address from the
// others, of whom its silence says nothing.
func (l *look) believeAbsent(d *doubt, people []*person) (absent, unknown []*person) {
	for _, p := range people {
		if d.notFoundCounts(p) && !l.unclear[p] {
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
func (e *Engine) cannotTell(d *doubt, people []*person) error {
	var err error
	for _, p := range people {
		err = errors.Join(err, e.record(p, Outcome{Code: CodeUncertain, Error: e.why(d, p, "the API's list could not tell")}))
	}
	return err
}

// settleFound writes that people of a request were invited after all.
func (e *Engine) settleFound(ctx context.Context, d *doubt, people []*person, entries map[*person]client.Entry) error {
	answer := Answer{Message: "found in the API's list"}
	for _, p := range people {
		answer.Outcomes = append(answer.Outcomes, Settlement{Key: p.key, State: StateInvited, CandidateID: entries[p].CandidateID})
	}
	if err := e.ledger.Settle(ctx, d.request, answer); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	var err error
	if !d.earlier {
		err = e.accepted(d.iv, together)
		e.out.health.found()
	}
	if d.refused() {
		e.queue.distrustRefusals()
	}
	for _, p := range people {
		p.party.goThrough()
		candidate := entries[p].CandidateID
		err = errors.Join(err, e.recordWanting(p, Outcome{Status: StatusConfirmed, CandidateID: candidate},
			e.opts.Links != LinksNone && candidate != ""))
	}
	return err
}

// settleAbsent writes that people of a request were not invited by it, and lets
// follow what was to follow.
func (e *Engine) settleAbsent(ctx context.Context, d *doubt, people []*person) error {
	if len(people) == 0 {
		return nil
	}
	answer := Answer{Message: "not in the API's list, read twice"}
	e.countLost(d, people)
	for _, p := range people {
		answer.Outcomes = append(answer.Outcomes, e.absentSettlement(d, p))
	}
	if err := e.ledger.Settle(ctx, d.request, answer); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	if e.opts.ConfirmOnly {
		return e.leaveUninvited(ctx, people)
	}
	return e.absentNow(d, people)
}

// leftUninvited is the outcome of those whom a run that only confirms leaves
// for one that invites.
var leftUninvited = Outcome{Code: CodeNotSent, Error: "known not to be invited, and this run invites nobody"}

// leaveUninvited ends what a run that only confirms has to do with people of
// whom one request is settled, unless a second one has them in doubt as well.
func (e *Engine) leaveUninvited(ctx context.Context, people []*person) error {
	records, err := lookup(ctx, e.ledger, peopleKeys(people))
	if err != nil {
		return err
	}
	for i, p := range people {
		held, heldErr := e.held(ctx, p, records[i])
		if heldErr == nil && !held {
			heldErr = e.record(p, leftUninvited)
		}
		err = errors.Join(err, heldErr)
	}
	return err
}

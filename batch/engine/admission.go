package engine

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
	"bulkinvite/batch/queue"
)

// admission decides who of the input waits to be sent, and lets those wait again
// who are known not to be invited.
type admission struct {
	run      *run
	admitted int      // of those who came up and were not turned away
	block    []fedRow // rows that have come up and are not dealt with
	fed      bool     // no more rows come
}

// maxDoubtful is how many people are in doubt before admission pauses.
const maxDoubtful = 100_000

// admit deals with the rows that have come up, as far as there is room: while there
// is none for anybody, none of them is judged.
func (a *admission) admit() error {
	for len(a.block) > 0 {
		full := a.limitReached() && !a.run.idle() || a.run.waiting.Crowded()
		if full && !a.run.stopped {
			return nil
		}
		admitted, err := a.row(&a.block[0])
		if !admitted || err != nil {
			return err
		}
		a.block = a.block[1:]
	}
	return nil
}

// row deals with one row, or reports false if too many are in doubt. Somebody
// who is not let in because the run ends keeps no outcome: that is not_sent.
func (a *admission) row(f *fedRow) (bool, error) {
	if !a.run.account.Pending(f.row.Index) {
		return true, nil // found in an interview's list since the row was read
	}
	p := &queue.Person{Candidate: f.row.Candidate, Key: f.row.Candidate.Key(), Row: f.row.Index}
	if held, err := a.hold(p, f.record, f.wrongID); held || err != nil {
		return true, err
	}
	if a.run.opts.ConfirmOnly {
		return true, a.run.record(p, leftUninvited)
	}
	if o, turned := a.run.interview(p).turnedAway(p); turned {
		return true, a.run.record(p, o)
	}
	switch {
	case a.run.stopped, a.limitReached():
		return true, nil
	case a.run.confirmer.people >= maxDoubtful:
		return false, nil
	}
	a.admitted++
	a.run.letWait(p)
	return true, nil
}

// hold deals with a person whom the ledger says not to send, and reports whether
// it does. wrongID is what is wrong with the candidate id of an invitation that
// is to be sent again.
func (a *admission) hold(p *queue.Person, rec batch.Record, wrongID string) (bool, error) {
	if wrongID != "" {
		return true, a.run.record(p, batch.Outcome{Code: batch.CodeInvalidValue, Error: wrongID})
	}
	switch rec.Next(p.Candidate, time.Now(), a.run.opts.ResendAfter) {
	case batch.Invite, batch.Resend:
		return false, nil
	case batch.Wait:
		return true, a.run.elsewhere.wait(p, rec.Holder)
	case batch.Ask:
		return true, a.run.confirmer.doubtEarlier(p, rec)
	case batch.SkipForgotten:
		// Nothing else is said or kept of them: no id, no link, and no list has
		// to show them in order to be believed.
		return true, a.run.record(p, batch.Outcome{Status: batch.StatusAlreadyInvited})
	case batch.SkipInvited:
		links := a.run.opts.Links
		link := rec.InviteURL == "" && rec.CandidateID != "" && (links == batch.LinksAll || links == batch.LinksConfirmed && rec.Kind != batch.KindFound)
		return true, a.run.recordWanting(p, batch.Outcome{
			Status: batch.StatusAlreadyInvited, CandidateID: rec.CandidateID, InviteURL: rec.InviteURL,
		}, link)
	case batch.SkipLeftOut:
		return true, a.run.record(p, stillLeftOut)
	case batch.SkipResent:
		a.run.heldBack.Add(rec.ResentAt.Add(a.run.opts.ResendAfter))
		return true, a.run.record(p, batch.Outcome{
			Status: batch.StatusAlreadyInvited, CandidateID: cmp.Or(rec.CandidateID, p.CandidateID), InviteURL: rec.InviteURL,
		})
	case batch.SkipMaybeResent:
		return true, a.run.record(p, batch.Outcome{Code: batch.CodeUncertain, Error: "an earlier run may have re-sent this invitation, " +
			"its answer was lost and the API's list cannot tell; " + a.run.opts.ResendAgain(rec.ResentAt)})
	}
	return true, fmt.Errorf("row %d was refused or failed in this run and came up again", p.Row+1)
}

func (a *admission) limitReached() bool {
	limit := a.run.opts.Limit
	return limit > 0 && a.admitted >= limit
}

// refund gives the places under the limit back of those of these people who were
// never claimed, and are not to be sent any more.
func (a *admission) refund(people []*queue.Person) {
	for _, p := range people {
		if !p.Claimed {
			a.admitted--
		}
	}
}

// again lets people wait once more who were let in before and are known not to
// be invited.
func (a *admission) again(people []*queue.Person) error {
	a.run.setClaimed(people, false)
	var err error
	for _, p := range people {
		if o, turned := a.run.interview(p).turnedAway(p); turned {
			err = errors.Join(err, a.run.record(p, o))
		} else {
			a.run.letWait(p) // when the run ends, finish finds them there
		}
	}
	return err
}

// readmit lets people wait to be sent whom a dead run had claimed. This run
// claims them anew, so they count under its limit.
func (a *admission) readmit(people []*queue.Person) error {
	var err error
	for _, p := range people {
		if !a.run.interview(p).TurnsAway(p) {
			if a.limitReached() {
				a.run.setClaimed([]*queue.Person{p}, false) // not_sent
				continue
			}
			a.admitted++
		}
		err = errors.Join(err, a.again([]*queue.Person{p}))
	}
	return err
}

// remove takes everybody of an interview who waits to be invited away, and
// returns them.
func (a *admission) remove(iv *interview) []*queue.Person {
	removed := a.run.waiting.Remove(iv.Line, func(g *queue.Group, _ *queue.Person) bool { return g.Lane == plan.Resend })
	a.refund(removed)
	return removed
}

// removeFound takes those of an interview away who were found to be invited, so
// that chunks are full.
func (a *admission) removeFound(iv *interview) {
	a.refund(a.run.waiting.Remove(iv.Line, func(_ *queue.Group, p *queue.Person) bool { return a.run.account.Pending(p.Row) }))
}

// A refusedPart is people of a refused request who are known not to be invited
// by it.
//
// A refusal of several people says nothing about what it did: whether it is all
// or nothing is documented nowhere, and that one was says nothing about the
// next. So the list is asked before anybody in it is sent again. One alone can
// only be refused or not, which is believed until a list shows somebody of a
// refused request: from then on every refusal counts as an unknown answer.
type refusedPart struct {
	chunk  *chunk
	people []*queue.Person
}

// sendParts sends what was refused again, in smaller requests: halves, or one by
// one if that takes fewer requests. look is how many requests it takes to look
// at the interview's list, which comes between two rounds of halves.
func (a *admission) sendParts(parts []refusedPart, look int) error {
	people := make([][]*queue.Person, len(parts))
	for i, p := range parts {
		people[i] = p.people
	}
	into := queue.Cutter(people, look)
	var err error
	for _, p := range parts {
		err = errors.Join(err, a.resendParts(p.chunk, into(p.people)))
	}
	return err
}

// halve sends both halves of a chunk, for themselves.
func (a *admission) halve(c *chunk, people []*queue.Person) error {
	if len(people) == 0 {
		return nil
	}
	return a.resendParts(c, queue.Halves(people))
}

// sendUnchanged lets people wait as they did before: for themselves if they
// went as a part of a request.
func (a *admission) sendUnchanged(c *chunk, people []*queue.Person) error {
	if c.Half {
		return a.resendParts(c, [][]*queue.Person{people})
	}
	return a.again(people)
}

// resendParts lets parts of a chunk wait, each to go with nobody else and the
// first one first. All in it are known not to be invited.
func (a *admission) resendParts(c *chunk, parts [][]*queue.Person) error {
	together := &queue.Party{}
	for _, people := range parts {
		a.run.setClaimed(people, false)
		for _, p := range people {
			if p.Party == nil && len(parts) > 1 {
				p.Party = together
			}
		}
	}
	if c.iv.State != queue.Refusing {
		a.run.waiting.AddParts(c.Chunk, parts)
		return nil
	}
	var err error
	for _, people := range parts {
		err = errors.Join(err, a.again(people)) // who says that nobody is sent
	}
	return err
}

package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// feed is the reader of pass 2: it asks the ledger for each row that can be
// sent and lets those wait in the queue who are to be invited. It reads to the
// end of the input even when the run has ended early, since every row gets its
// due: who was invited before is not reported as not sent.
func (e *Engine) feed(ctx context.Context) error {
	defer e.queue.endFeed()
	err := lookupRows(ctx, e.src, e.ledger, e.index.pending, func(row *Row, rec Record) error {
		if !e.index.pending(row.Index) {
			return nil // found in an interview's list since the block was read
		}
		p := &person{Candidate: row.Candidate, key: row.Candidate.Key(), row: row.Index, offset: row.Offset}
		if held, err := e.held(ctx, p, rec); held || err != nil {
			return err
		}
		if e.opts.ConfirmOnly {
			return e.record(p, leftUninvited)
		}
		return e.admit(p)
	})
	if err != nil {
		return fmt.Errorf("read the input again: %w", err)
	}
	return nil
}

// held deals with a person whom the ledger says not to send, and reports
// whether it does.
func (e *Engine) held(ctx context.Context, p *person, rec Record) (bool, error) {
	next := rec.Next(p.Candidate, time.Now(), e.opts.ResendAfter)
	if p.CandidateID != "" && next != SkipForgotten {
		if wrong, err := e.wrongID(ctx, p, rec); wrong != "" || err != nil {
			return true, errors.Join(err, e.record(p, Outcome{Code: CodeInvalidValue, Error: wrong}))
		}
	}
	switch next {
	case Invite, Resend:
		return false, nil
	case Ask:
		return true, e.doubtEarlier(p, rec)
	case SkipForgotten:
		// Nothing else is said or kept of them: no id, no link, and no list has
		// to show them in order to be believed.
		return true, e.record(p, Outcome{Status: StatusAlreadyInvited})
	case SkipInvited:
		link := rec.InviteURL == "" && rec.CandidateID != "" &&
			(e.opts.Links == LinksAll || e.opts.Links == LinksConfirmed && rec.Kind != KindFound)
		return true, e.recordWanting(p, Outcome{
			Status: StatusAlreadyInvited, CandidateID: rec.CandidateID, InviteURL: rec.InviteURL,
		}, link)
	case SkipLeftOut:
		return true, e.record(p, stillLeftOut)
	case SkipResent:
		e.heldBacks.add(rec.ResentAt.Add(e.opts.ResendAfter))
		return true, e.record(p, Outcome{
			Status: StatusAlreadyInvited, CandidateID: cmp.Or(rec.CandidateID, p.CandidateID), InviteURL: rec.InviteURL,
		})
	case SkipMaybeResent:
		return true, e.record(p, Outcome{Code: CodeUncertain, Error: "an earlier run may have re-sent this invitation, " +
			"its answer was lost and the API's list cannot tell; " + e.resendAgain(rec.ResentAt)})
	}
	return true, fmt.Errorf("row %d was refused or failed in this run and came up again", p.row+1)
}

// wrongID returns what is wrong with the candidate id of an invitation that is to
// be sent again, if the ledger knows it to be somebody else's, or the person by
// others alone: the e-mail would go to another.
func (e *Engine) wrongID(ctx context.Context, p *person, rec Record) (string, error) {
	if !p.key.HasAddress() {
		return "", nil
	}
	owners, err := e.ledger.Owners(ctx, []string{p.CandidateID})
	if err != nil {
		return "", fmt.Errorf("look up a candidate id: %w", err)
	}
	other := ""
	for _, owner := range owners[0] {
		switch {
		case looseEmail(owner.Email, e.habits.answers.habits()) == looseEmail(p.key.Email, e.habits.answers.habits()):
			return "", nil
		case owner.HasAddress():
			other = owner.Email
		}
	}
	switch {
	case other != "":
		return "this candidate id is " + MaskText(other) + "'s; nothing was sent", nil
	case rec.CandidateID != "" && rec.CandidateID != p.CandidateID:
		return "this candidate id was never this person's, whose is " + rec.CandidateID + "; nothing was sent", nil
	}
	return "", nil
}

// admit lets a person wait to be sent, or says why that cannot be. Somebody
// who is not let in because the run ends keeps no outcome: that is not_sent.
func (e *Engine) admit(p *person) error {
	if o, turned := e.letIn(p); turned {
		return e.record(p, o)
	}
	return nil
}

// letIn is admit, and returns the outcome of somebody who is turned away.
func (e *Engine) letIn(p *person) (o Outcome, turned bool) {
	q := e.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	iv := q.interview(p)
	if !iv.turnsAway(p) && q.admit() {
		if !iv.turnsAway(p) {
			q.add(p, !e.opts.NoPreflight)
			return Outcome{}, false
		}
		q.admitted-- // the interview was refused while this one waited for room
	}
	return iv.turnedAway(p)
}

// again lets people wait once more who were let in before and are known not to
// be invited.
func (e *Engine) again(people []*person) error {
	e.release(people)
	var err error
	for _, p := range people {
		if o, turned := e.letInAgain(p); turned {
			err = errors.Join(err, e.record(p, o))
		}
	}
	return err
}

// letInAgain is letIn for somebody who was let in before.
func (e *Engine) letInAgain(p *person) (o Outcome, turned bool) {
	q := e.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if o, turned = q.interview(p).turnedAway(p); !turned {
		q.add(p, !e.opts.NoPreflight) // when the run ends, finish finds them there
	}
	return o, turned
}

// readmit lets somebody wait to be sent whom a dead run had claimed. This run
// claims them anew, so they count under its limit.
func (e *Engine) readmit(p *person) error {
	q := e.queue
	q.mu.Lock()
	sent := !q.interview(p).turnsAway(p)
	reached := sent && q.limitReached()
	if sent && !reached {
		q.admitted++
	}
	q.mu.Unlock()
	if reached {
		e.release([]*person{p})
		return nil // not_sent
	}
	return e.again([]*person{p})
}

// turnsAway reports whether nobody is sent to the interview in this run.
func (iv *interview) turnsAway(p *person) bool {
	return p.CandidateID == "" && (iv.refused != "" || iv.list == listFailed)
}

// turnedAway returns the outcome of somebody whom the interview turns away.
func (iv *interview) turnedAway(p *person) (o Outcome, turned bool) {
	switch {
	case !iv.turnsAway(p):
		return o, false
	case iv.refused != "":
		return Outcome{Code: CodeInterviewRefused, Error: iv.refused}, true
	default:
		return Outcome{Code: CodeNotSent, Error: iv.listError}, true
	}
}

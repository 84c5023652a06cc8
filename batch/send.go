package batch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bulkinvite/client"
)

// sendChunk takes a chunk through its steps. The order is the promise: durable
// before anything leaves, and settled before anybody is told.
func (e *Engine) sendChunk(soft, hard context.Context, c *chunk) error {
	people := e.stillPending(c)
	if len(people) == 0 {
		return nil
	}
	if soft.Err() != nil {
		return e.again(people)
	}
	id, people, slot, err := e.claimAhead(soft, hard, c, people)
	if err != nil || len(people) == 0 {
		return err
	}
	invitations, apiErr := slot.invite(hard, e.endpointOf(people), c.request(people))
	return e.answered(hard, c, id, people, invitations, apiErr)
}

// endpointOf tells a request for people whose company went through, or whom the API
// turns away while others go through, from others.
func (e *Engine) endpointOf(people []*person) endpoint {
	alone := len(people) == 1
	for _, p := range people {
		again := !p.busy.IsZero() && alone && e.out.health.acceptedSince(time.Time{}) // one person is no outage
		if !p.party.wentThrough() && !again && !e.isTurnedAway(p) {
			return invite
		}
	}
	return remnant
}

// isTurnedAway reports whether that the API is too busy for somebody is no sign of
// an outage: since it first was, a request went that it has accepted.
func (e *Engine) isTurnedAway(p *person) bool {
	return !p.busy.IsZero() && e.out.health.acceptedSince(p.busy)
}

// claimAhead claims people and waits until their request may go. Nobody is
// returned if it must not, or if all are held.
func (e *Engine) claimAhead(soft, hard context.Context, c *chunk, people []*person) (id int64, claimed []*person, s slot, err error) {
	select {
	case e.claims <- struct{}{}:
	case <-soft.Done():
		return 0, nil, s, e.again(people)
	}
	defer func() { <-e.claims }()
	id, claimed, err = e.claim(hard, c, people)
	if err != nil || len(claimed) == 0 {
		return 0, nil, s, err
	}
	// After the claim: a slow disk must not bunch requests above the rate.
	if s, err = e.out.leave(soft); err != nil {
		err = e.settle(hard, id, Answer{Message: "not sent: the run ended first"}, claimed, StateNone)
		if err == nil { // else they stay in doubt in the ledger, and are called so
			err = e.again(claimed)
		}
		return 0, nil, s, err
	}
	return id, claimed, s, nil
}

// stillPending drops those who were found to be invited while they waited.
func (e *Engine) stillPending(c *chunk) []*person {
	people, found := c.people[:0:0], c.people[:0:0]
	for _, p := range c.people {
		if e.index.pending(p.row) {
			people = append(people, p)
		} else {
			found = append(found, p)
		}
	}
	e.queue.refund(unclaimed(found))
	return people
}

// claim writes that these people are being sent, and returns those who are.
func (e *Engine) claim(ctx context.Context, c *chunk, people []*person) (int64, []*person, error) {
	req := c.request(people)
	kind := KindInvite
	if c.lane == resend {
		kind = KindResend
	}
	claim, err := e.ledger.Claim(ctx, Request{
		Kind: kind, InterviewID: req.InterviewID, JobApplicationID: req.JobApplicationID,
		CandidateID: req.CandidateID, DisableEmail: c.disableEmail, People: peopleKeys(people), ResendAfter: e.opts.ResendAfter,
	})
	if err != nil {
		return 0, nil, fmt.Errorf("claim: %w", err)
	}
	claimed := people[:0:0]
	for i, p := range people {
		if claim.Held[i] == nil {
			claimed = append(claimed, p)
			p.claimed = true
			e.index.claimed(p.row, true)
			continue
		}
		held, err := e.held(ctx, p, *claim.Held[i])
		if err == nil && !held {
			err = fmt.Errorf("the ledger holds row %d and does not say why", p.row+1)
		}
		if err != nil {
			return 0, nil, err
		}
		e.queue.refund(unclaimed(people[i : i+1]))
	}
	return claim.ID, claimed, nil
}

func peopleKeys(people []*person) []Key {
	keys := make([]Key, len(people))
	for i, p := range people {
		keys[i] = p.key
	}
	return keys
}

// release notes that no request for these people is out.
func (e *Engine) release(people []*person) {
	for _, p := range people {
		e.index.claimed(p.row, false)
	}
}

// request returns what is sent for these people of the chunk.
func (c *chunk) request(people []*person) client.InviteRequest {
	req := client.InviteRequest{InterviewID: people[0].InterviewID, DisableEmailNotification: c.disableEmail}
	switch c.lane {
	case resend:
		req.CandidateID = people[0].CandidateID
		return req
	case application:
		req.JobApplicationID = people[0].JobApplicationID
		if people[0].Name == "" || people[0].Email == "" {
			return req // the contract wants both or no candidate
		}
	}
	req.Candidates = make([]client.Candidate, len(people))
	for i, p := range people {
		req.Candidates[i] = client.Candidate{Name: p.Name, Email: p.Email}
	}
	return req
}

// answered settles an answer and lets everything follow that it means.
func (e *Engine) answered(ctx context.Context, c *chunk, id int64, people []*person,
	invitations []client.Invitation, apiErr error,
) error {
	q := question{lane: c.lane, people: peopleKeys(people), candidateID: people[0].CandidateID}
	j, err := e.judgeAnswer(ctx, q, invitations, apiErr)
	if err != nil {
		return err
	}
	status, message := describe(apiErr)
	answer := Answer{StatusCode: status, Message: message, Outcomes: make([]Settlement, 0, len(people))}
	for i, p := range people {
		if v := j.verdicts[i]; v != notSent && v != deniedUs {
			p.attempts++
		}
		p.reason = reasonOf(j.verdicts[i], apiErr)
		answer.Outcomes = append(answer.Outcomes, Settlement{
			Key: p.key, State: stateOf(j.verdicts[i]), Mark: markOf(j.verdicts[i]),
			CandidateID: j.invitations[i].CandidateID, InviteURL: j.invitations[i].InviteURL,
		})
	}
	if err := e.ledger.Settle(ctx, id, answer); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return e.follow(c, id, people, j, apiErr)
}

// namesOthers is why a good answer is none for some people of its request.
const namesOthers = "the answer names other addresses"

// reasonOf says in words why somebody's verdict is not that they are invited.
func reasonOf(v verdict, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case v == leftOut:
		return "the answer leaves this person out"
	}
	return namesOthers
}

// stateOf is what the ledger keeps of a verdict.
func stateOf(v verdict) State {
	switch v {
	case invited:
		return StateInvited
	case refused:
		return StateRefused
	case notSent, split, deniedUs:
		return StateNone
	}
	return StateSending
}

// markOf is what the ledger remembers with it.
func markOf(v verdict) string {
	if v == displaced {
		return MarkOtherAddress
	}
	return ""
}

// describe returns the HTTP status and the words that the ledger keeps.
func describe(err error) (status int, message string) {
	if err == nil {
		return 200, ""
	}
	var apiErr *client.Error
	if errors.As(err, &apiErr) {
		status = apiErr.StatusCode
	}
	return status, err.Error()
}

// follow lets happen what the verdicts mean.
func (e *Engine) follow(c *chunk, id int64, people []*person, j judgement, apiErr error) error {
	var by [verdictCount][]*person
	var err error
	for i, p := range people {
		v := j.verdicts[i]
		if by[v] == nil {
			by[v] = make([]*person, 0, len(people)) // nearly always all have one verdict
		}
		by[v] = append(by[v], p)
		if v == invited {
			err = errors.Join(err, e.invitedNow(c, p, j.invitations[i]))
		}
	}
	if len(by[invited]) > 0 {
		if c.lane == together {
			e.queue.noteTimed(c.iv, id)
		}
		err = errors.Join(err, e.accepted(c.iv, c.lane))
	}
	if lost := by[lostAnswer]; len(lost) > 0 {
		e.log.Warn().Int("people", len(lost)).Str("interview", c.iv.id).
			Msg("it is not known who was invited, the API's list will tell: " + MaskText(lost[0].reason))
		err = errors.Join(err, e.doubtAll(e.lostRequest(c, id, people, apiErr), lost))
	}
	err = errors.Join(err,
		e.doubtAll(&doubt{request: id, chunk: c, size: len(people), then: notWanted}, by[leftOut]),
		e.doubtAll(&doubt{request: id, chunk: c, size: len(people), then: sendAgain, displaced: true}, by[displaced]),
		e.again(by[notSent]))
	err = errors.Join(err, e.tooMuch(c, by[split], apiErr), e.refusedInWords(apiErr))
	for _, p := range by[deniedUs] {
		err = errors.Join(err, e.deniedAlone(c.iv, p, apiErr))
	}
	for _, p := range by[refused] {
		err = errors.Join(err, e.refusedAlone(c.iv, p, message(apiErr)))
	}
	return err
}

// mayBeOutage reports whether that the API was too busy for people says nothing of
// them, and notes that it was.
func (e *Engine) mayBeOutage(people []*person) bool {
	outage := false
	for _, p := range people {
		outage = outage || !e.isTurnedAway(p) || len(people) > 1 && p.outages < busyTries
		if p.busy.IsZero() {
			p.busy = time.Now()
		}
	}
	return outage
}

// busyTries is how often people go again unchanged whom the API is too busy for,
// though it accepts others: it may be a throttle.
const busyTries = 2

// lostRequest returns the doubt of a request without a usable answer.
func (e *Engine) lostRequest(c *chunk, id int64, people []*person, apiErr error) *doubt {
	size := len(people)
	d := &doubt{request: id, chunk: c, size: size, then: sendAgain, outage: isBusy(apiErr) && e.mayBeOutage(people)}
	switch {
	case isRefusal(apiErr) && size > 1:
		d.then = part
	case isRefusal(apiErr):
		d.then = refusedAfterAll
	}
	return d
}

// message returns the API's own words where there are some.
func message(err error) string {
	var apiErr *client.Error
	if errors.As(err, &apiErr) && apiErr.Message != "" {
		return apiErr.Message
	}
	return err.Error()
}

// isRefusal reports whether the API refused what was asked, and not its size.
func isRefusal(err error) bool {
	var apiErr *client.Error
	return errors.As(err, &apiErr) && apiErr.Fate == client.Refused
}

// invitedNow records an invitation that an answer brought.
func (e *Engine) invitedNow(c *chunk, p *person, inv client.Invitation) error {
	status := StatusInvited
	if c.lane == resend {
		status = StatusResent
		e.warnSecondSession(p, inv)
	}
	p.party.goThrough()
	return e.record(p, Outcome{Status: status, CandidateID: inv.CandidateID, InviteURL: inv.InviteURL})
}

// warnSecondSession says that a re-send was answered with another id than its
// own, which a second interview session would have.
func (e *Engine) warnSecondSession(p *person, inv client.Invitation) {
	if inv.CandidateID != "" && inv.CandidateID != p.CandidateID && e.secondSession.CompareAndSwap(false, true) {
		e.warn(fmt.Sprintf("sending the invitation of candidate %s again was answered with another id, %s: "+
			"the API seems to make a second session; look in the dashboard before you send more again", p.CandidateID, inv.CandidateID))
	}
}

// settle writes one state for all these people.
func (e *Engine) settle(ctx context.Context, id int64, a Answer, people []*person, state State) error {
	for _, p := range people {
		a.Outcomes = append(a.Outcomes, Settlement{Key: p.key, State: state})
	}
	if err := e.ledger.Settle(ctx, id, a); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}

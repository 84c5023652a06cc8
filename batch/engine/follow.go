package engine

import (
	"errors"
	"fmt"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/judge"
	"bulkinvite/batch/plan"
	"bulkinvite/batch/queue"
	"bulkinvite/client"
)

// follow lets happen what an answer means.
func (s *sendReport) follow(r *run) error {
	defer r.doneChunk(s.chunk)
	r.refusals.key.tried = true
	err := s.followHeld(r)
	for _, p := range s.claimed {
		p.Claimed = true
	}
	switch {
	case s.unsent && s.id == 0:
		return errors.Join(err, r.admission.again(s.people))
	case s.unsent:
		return errors.Join(err, r.admission.again(s.claimed))
	case s.id == 0:
		return err
	}
	s.warnDisplaced(r)
	s.warnSeveralIDs(r)
	return errors.Join(err, s.followVerdicts(r))
}

// followHeld deals with those whom the ledger held when they were claimed.
func (s *sendReport) followHeld(r *run) error {
	var err error
	for _, h := range s.held {
		r.setClaimed([]*queue.Person{h.p}, false)
		held, holdErr := r.admission.hold(h.p, h.rec, h.wrongID)
		if holdErr == nil && !held {
			holdErr = fmt.Errorf("the ledger holds row %d and does not say why", h.p.Row+1)
		}
		err = errors.Join(err, holdErr)
		r.admission.refund([]*queue.Person{h.p})
	}
	return err
}

func (s *sendReport) followVerdicts(r *run) error {
	var by [judge.VerdictCount][]*queue.Person
	var err error
	for i, p := range s.claimed {
		v := s.judgement.Verdicts[i]
		if by[v] == nil {
			by[v] = make([]*queue.Person, 0, len(s.claimed)) // nearly always all have one verdict
		}
		by[v] = append(by[v], p)
		if v != judge.NotSent && v != judge.DeniedUs {
			p.Attempts++
		}
		p.Reason = v.Reason(s.apiErr)
		if v == judge.Invited {
			err = errors.Join(err, s.invitedNow(r, p, s.judgement.Invitations[i]))
		}
	}
	if len(by[judge.Invited]) > 0 {
		err = errors.Join(err, s.accepted(r))
	}
	err = errors.Join(err,
		s.lost(r, by[judge.LostAnswer]),
		r.confirmer.doubt(s.doubt(notWanted, false), by[judge.LeftOut]),
		r.confirmer.doubt(s.doubt(sendAgain, true), by[judge.Displaced]),
		r.admission.again(by[judge.NotSent]),
		s.tooMuch(r, by[judge.Split]),
		r.refusals.refusedInWords(s.apiErr))
	for _, p := range by[judge.DeniedUs] {
		err = errors.Join(err, r.refusals.denied(s.chunk.iv, p, s.apiErr))
	}
	for _, p := range by[judge.Refused] {
		err = errors.Join(err, r.refusals.refused(s.chunk.iv, p, client.MessageOf(s.apiErr)))
	}
	return err
}

// invitedNow records an invitation that the answer brought.
func (s *sendReport) invitedNow(r *run, p *queue.Person, inv client.Invitation) error {
	status := batch.StatusInvited
	if s.chunk.Lane == plan.Resend {
		status = batch.StatusResent
		r.warnSecondSession(p, inv)
	}
	p.Party.GoThrough()
	return r.record(p, batch.Outcome{Status: status, CandidateID: inv.CandidateID, InviteURL: inv.InviteURL})
}

// accepted notes that people of the chunk were accepted, just now.
func (s *sendReport) accepted(r *run) error {
	iv := s.chunk.iv
	if s.chunk.Lane == plan.Together {
		iv.timed = append(iv.timed, s.id)
		iv.lastAccepted = time.Now()
	}
	return r.refusals.accepted(iv, s.chunk.Lane)
}

// lost puts people in doubt whose answer was lost.
func (s *sendReport) lost(r *run, people []*queue.Person) error {
	if len(people) == 0 {
		return nil
	}
	r.log.Warn().Int("people", len(people)).Str("interview", s.chunk.iv.ID).
		Msg("it is not known who was invited, the API's list will tell: " + batch.MaskText(people[0].Reason))
	d := s.doubt(sendAgain, false)
	d.busy = client.IsBusy(s.apiErr)
	d.outage = d.busy && r.mayBeOutage(people)
	switch {
	case client.IsRefusal(s.apiErr) && d.size > 1:
		d.then = part
	case client.IsRefusal(s.apiErr):
		d.then = refusedAfterAll
	}
	return r.confirmer.doubt(d, people)
}

// busyTries is how often people go again unchanged whom the API is too busy for,
// though it accepts others: it may be a throttle.
const busyTries = 2

// mayBeOutage reports whether that the API was too busy for people says nothing of
// them, and notes that it was.
func (r *run) mayBeOutage(people []*queue.Person) bool {
	outage := false
	for _, p := range people {
		outage = outage || !r.isTurnedAway(p) || len(people) > 1 && p.Outages < busyTries
		if p.Busy.IsZero() {
			p.Busy = time.Now()
		}
	}
	return outage
}

// isTurnedAway reports whether that the API is too busy for somebody is no sign of
// an outage: since it first was, a request went that it has accepted.
func (r *run) isTurnedAway(p *queue.Person) bool {
	return !p.Busy.IsZero() && r.out.Health.AcceptedSince(p.Busy)
}

func (s *sendReport) doubt(then then, displaced bool) *doubt {
	return &doubt{request: s.id, chunk: s.chunk, size: len(s.claimed), then: then, displaced: displaced}
}

// tooMuch sends people again whose request was too large, or denied. Where it may
// be the key that is denied, they go as they did before: one at a time.
func (s *sendReport) tooMuch(r *run, people []*queue.Person) error {
	if len(people) > 0 && client.IsBadKey(s.apiErr) && !r.refusals.key.works {
		r.refusals.key.suspect = true
		return r.admission.sendUnchanged(s.chunk, people)
	}
	return r.admission.halve(s.chunk, people)
}

// warnSecondSession says that a re-send was answered with another id than its
// own, which a second interview session would have.
func (r *run) warnSecondSession(p *queue.Person, inv client.Invitation) {
	if inv.CandidateID == "" || inv.CandidateID == p.CandidateID || r.saidSecondSession {
		return
	}
	r.saidSecondSession = true
	r.warn(fmt.Sprintf("sending the invitation of candidate %s again was answered with another id, %s: "+
		"the API seems to make a second session; look in the dashboard before you send more again", p.CandidateID, inv.CandidateID))
}

// warnDisplaced says once what was asked for and what came back.
func (s *sendReport) warnDisplaced(r *run) {
	if !s.newToUs || r.saidDisplaced {
		return
	}
	r.saidDisplaced = true
	for i, v := range s.judgement.Verdicts {
		if v == judge.Displaced {
			r.warn(fmt.Sprintf("the API was asked to invite %s and its answer names %s: people who are missing from such an answer stay "+
				"uncertain, until somebody says what the dashboard shows, with bulkinvite confirm --assume",
				batch.MaskText(s.claimed[i].Email), batch.MaskText(s.judgement.Strays[0].CandidateEmail)))
			return
		}
	}
}

// warnSeveralIDs says once that an answer had several ids of one person.
func (s *sendReport) warnSeveralIDs(r *run) {
	if len(s.judgement.Several) > 0 && !r.saidSeveralIDs {
		r.saidSeveralIDs = true
		r.warn("the API's answer has several ids for one person: which one is right is not known, and the ids and links of such people stay empty")
	}
}

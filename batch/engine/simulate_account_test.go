package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// An account is what a run has told its ledger, and was told by the API.
type account struct {
	mu       sync.Mutex
	opts     batch.Options
	begun    time.Time
	lost     map[batch.Key]time.Time // when the newest answer came after which the API may have acted, or that left them out
	claimed  map[batch.Key]bool      // to be sent
	unknowns map[batch.Key]int       // answers after which the API may have acted, to those who went alone and are not re-sent
	witness  map[string]batch.Key    // by interview: somebody invited whom the preflight found
	hides    bool                    // the list cannot be believed, which the run can notice:
	hidden   map[batch.Key]bool      // it lacks whom this run claims, and somebody of whom it knows since before that
	wrong    string                  // what should not be in a claim or an answer

	// remembered is what the ledger has to know, from this run and all before it:
	// who is invited, and who is being sent, unless more is known by now.
	remembered map[batch.Key]batch.State
	resends    map[int64]batch.Key     // claims that may have been sent
	resentAt   map[batch.Key]time.Time // the newest of them
}

// noteClaim notes a claim that was acknowledged.
func (a *account) noteClaim(req batch.Request, claim batch.Claim) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, key := range req.People {
		if claim.Held[i] != nil {
			continue
		}
		switch req.Kind {
		case batch.KindInvite:
			a.remembered[key] = batch.StateSending
			a.claimed[key] = true
			if known, found := a.witness[key.InterviewID]; found && a.hides {
				a.hidden[known], a.hidden[key] = true, true
			}
			if n := a.unknowns[key]; n >= 2*a.opts.MaxAttempts { // as many again do not count, in an outage
				a.wrong = fmt.Sprintf("%v may have reached the API %d times and is sent again", key, n)
			}
		case batch.KindFound:
			a.witness[key.InterviewID] = key
		case batch.KindResend:
			a.claimed[key] = true
			if last, again := a.resentAt[key]; again && time.Since(last) < a.opts.ResendAfter {
				a.wrong = fmt.Sprintf("%v may have been re-sent %v ago and is again", key, time.Since(last))
			}
			a.resends[claim.ID], a.resentAt[key] = key, time.Now()
		}
	}
}

// isHidden reports whether the list, which cannot be believed, lacks somebody.
func (a *account) isHidden(key batch.Key) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.hidden[key]
}

// noteSettling notes what is about to be written: from then on, it may be.
func (a *account) noteSettling(id int64, answer batch.Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range answer.Outcomes {
		if key, resend := a.resends[id]; resend && s.State != batch.StateInvited && s.State != batch.StateSending {
			delete(a.resentAt, key)
		}
		a.checkSettleTime(s)
		if s.State != batch.StateInvited && s.State != batch.StateSending && a.remembered[s.Key] == batch.StateSending {
			delete(a.remembered, s.Key)
		}
	}
}

// checkSettleTime checks that somebody in doubt is known not to be invited only
// after both settle times.
func (a *account) checkSettleTime(s batch.Settlement) {
	since, doubtful := a.lost[s.Key]
	if !doubtful && !a.claimed[s.Key] && a.remembered[s.Key] == batch.StateSending {
		since, doubtful = a.begun, true // an earlier run died
	}
	if !doubtful || s.State == batch.StateSending {
		return
	}
	if took := time.Since(since); s.State != batch.StateInvited && took < 2*a.opts.SettleTime {
		a.wrong = fmt.Sprintf("%v is settled as %q only %v after they may have been invited", s.Key, s.State, took)
	}
	if s.State != batch.StateInvited && a.hidden[s.Key] {
		a.wrong = fmt.Sprintf("%v is settled as %q, because of a list that lacks somebody known to be invited", s.Key, s.State)
	}
	delete(a.lost, s.Key)
}

// noteSettled notes an answer that was acknowledged.
func (a *account) noteSettled(answer batch.Answer) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range answer.Outcomes {
		if s.State == batch.StateInvited {
			a.remembered[s.Key] = batch.StateInvited
		}
	}
}

// noteAnswer notes whom an answer leaves in doubt: everybody, or in a good one
// those whom it does not name. An attempt counts for who went alone, and not
// after a 503.
func (a *account) noteAnswer(req client.InviteRequest, invitations []client.Invitation, err error) {
	var apiErr *client.Error
	unknown := errors.As(err, &apiErr) && apiErr.Fate == client.Unknown
	counts := unknown && len(req.Candidates) <= 1 && apiErr.StatusCode != 503
	if err != nil && !unknown || req.CandidateID != "" || len(req.Candidates) == 1 && len(invitations) == 1 {
		return
	}
	named := map[batch.Key]bool{}
	for _, inv := range invitations {
		named[batch.NewKey(req.InterviewID, inv.CandidateEmail)] = true
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, c := range req.Candidates {
		key := batch.NewKey(req.InterviewID, c.Email)
		if counts {
			a.unknowns[key]++
		}
		if !named[key] {
			a.lost[key] = time.Now()
		}
	}
}

// checkLedger checks that nothing was lost that was durable when an earlier run
// ended or died, and that nobody can be claimed who is being sent.
func (p *process) checkLedger(ctx context.Context) {
	keys := slices.Collect(maps.Keys(p.account.remembered))
	records, err := p.run.Lookup(ctx, keys)
	p.must(err)
	for i, key := range keys {
		want, is := p.account.remembered[key], records[i].State
		if is != want && (want == batch.StateInvited || is == batch.StateNone) {
			p.Fatalf("%v is %q in the ledger, was %q", key, is, want)
		}
		if is != batch.StateSending {
			continue
		}
		claim, err := p.run.Claim(ctx, batch.Request{Kind: batch.KindInvite, InterviewID: key.InterviewID, People: []batch.Key{key}})
		if p.must(err); claim.ID != 0 {
			p.Fatalf("%v is being sent and can be claimed again", key)
		}
	}
}

// checkAccount checks that a run kept to what it was told at its start.
func (s *simulation) checkAccount(a *account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if limit := s.opts.Limit; limit > 0 && len(a.claimed) > limit {
		s.Fatalf("%d people were claimed, the limit is %d", len(a.claimed), limit)
	}
	if a.wrong != "" {
		s.Fatal(a.wrong)
	}
}

// sending reports whether a run may have sent an invitation of which nothing
// more is known.
func (a *account) sending(key batch.Key) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.claimed[key] && a.remembered[key] == batch.StateSending
}

// settled reports whether the ledger was told that somebody is invited.
func (a *account) settled(key batch.Key) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.remembered[key] == batch.StateInvited
}

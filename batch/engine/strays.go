package engine

import (
	"context"
	"fmt"
	"slices"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
)

// judgeAnswer is judge with what this run and the ledger know of strays.
func (w *worker) judgeAnswer(ctx context.Context, q question, invitations []client.Invitation, apiErr error) (judgement, error) {
	trust := !w.facts.distrust.Load() // read when the answer is there: distrust must win
	j := judge(q, invitations, apiErr, trust)
	if err := w.facts.seeTags(ctx, q, &j); err != nil {
		return j, err
	}
	if len(j.strays) == 0 {
		return j, nil
	}
	strays, err := w.knowStrays(ctx, q, j.strays)
	if err != nil {
		return j, err
	}
	if strays = untangle(q, &j, strays, w.facts.answers.habits()); len(strays) > 0 {
		judgeStrays(q, &j, strays, w.facts.answers.habits())
	}
	return j, w.learnDisplaced(ctx, &j)
}

// knowStrays looks up whose the strays of an answer are.
func (w *worker) knowStrays(ctx context.Context, q question, invitations []client.Invitation) ([]stray, error) {
	strays := make([]stray, len(invitations))
	keys, ids := make([]batch.Key, len(invitations)), make([]string, len(invitations))
	for i, inv := range invitations {
		keys[i] = batch.Key{InterviewID: q.people[0].InterviewID, Email: batch.NormalEmail(inv.CandidateEmail)}
		ids[i] = inv.CandidateID
		strays[i] = stray{Invitation: inv, email: keys[i].Email}
	}
	owners, err := w.ledger.Owners(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look up candidate ids: %w", err)
	}
	records, err := plan.Lookup(ctx, w.ledger, keys)
	if err != nil {
		return nil, err
	}
	for i := range strays {
		row, _, err := w.account.locate(keys[i])
		if err != nil {
			return nil, err
		}
		strays[i].owners = owners[i]
		strays[i].taken = row >= 0 || records[i].State != batch.StateNone
		switch {
		case !strays[i].nobodys():
			continue
		case i > 0 && keys[i] == keys[i-1]: // very many may be kept under one address
			strays[i].disputed = strays[i-1].disputed
			continue
		}
		if strays[i].disputed, err = w.isDisputed(ctx, q, keys[i]); err != nil {
			return nil, err
		}
	}
	return strays, nil
}

// isDisputed reports whether the API may keep another row under an address, who was
// sent and whose id is not known: the invitation may be theirs.
func (w *worker) isDisputed(ctx context.Context, q question, key batch.Key) (bool, error) {
	x, tags := w.account.index, w.facts.answers.habits()
	loose := batch.LooseEmail(key.Email, tags)
	var others []batch.Key
	for _, row := range x.RowsAlike(x.AlikeHash(key.Email)) {
		c, err := x.Candidate(row, w.account.outcomes)
		if err != nil {
			return false, err
		}
		other := c.Key()
		if other.InterviewID == key.InterviewID && batch.LooseEmail(other.Email, tags) == loose && !slices.Contains(q.people, other) {
			others = append(others, other)
		}
	}
	records, err := plan.Lookup(ctx, w.ledger, others)
	return slices.ContainsFunc(records, func(r batch.Record) bool {
		return r.State == batch.StateSending || r.State == batch.StateInvited && r.CandidateID == ""
	}), err
}

// learnDisplaced remembers that this API names people whom nobody asked for.
func (w *worker) learnDisplaced(ctx context.Context, j *judgement) error {
	for _, v := range j.verdicts {
		if v == displaced {
			j.newToUs = !w.facts.otherAddresses.Load()
			return w.facts.learn(ctx, &w.facts.otherAddresses, rememberOtherAddresses)
		}
	}
	return nil
}

// warnDisplaced says once what was asked for and what came back.
func (s *sendReport) warnDisplaced(r *run) {
	if !s.judgement.newToUs || r.saidDisplaced {
		return
	}
	r.saidDisplaced = true
	for i, v := range s.judgement.verdicts {
		if v == displaced {
			r.warn(fmt.Sprintf("the API was asked to invite %s and its answer names %s: people who are missing from such an answer stay "+
				"uncertain, until somebody says what the dashboard shows, with bulkinvite confirm --assume",
				batch.MaskText(s.claimed[i].Email), batch.MaskText(s.judgement.strays[0].CandidateEmail)))
			return
		}
	}
}

// warnSeveralIDs says once that an answer had several ids of one person.
func (s *sendReport) warnSeveralIDs(r *run) {
	if len(s.judgement.several) > 0 && !r.saidSeveralIDs {
		r.saidSeveralIDs = true
		r.warn("the API's answer has several ids for one person: which one is right is not known, and the ids and links of such people stay empty")
	}
}

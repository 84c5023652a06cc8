package engine

import (
	"fmt"
	"slices"

	"bulkinvite/batch"
	"bulkinvite/batch/judge"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
)

// judge says what the answer to a request means, with what this run and the
// ledger know of those whom it names and nobody asked for.
func (w *worker) judge(s *sendReport, invitations []client.Invitation) error {
	q := s.question()
	trust := !w.Facts.Distrust.Load() // read when the answer is there: distrust must win
	s.judgement = judge.Answer(q, invitations, s.apiErr, trust)
	if err := w.Facts.SeeTags(w.Hard, q, &s.judgement); err != nil || len(s.judgement.Strays) == 0 {
		return err
	}
	strays, err := w.knowStrays(q, s.judgement.Strays)
	if err != nil {
		return err
	}
	judge.Strays(q, &s.judgement, strays, w.Facts.AnswerTags())
	if !slices.Contains(s.judgement.Verdicts, judge.Displaced) {
		return nil
	}
	s.newToUs, err = w.Facts.SeeOtherAddress(w.Hard)
	return err
}

// knowStrays looks up whose the strays of an answer are.
func (w *worker) knowStrays(q judge.Question, invitations []client.Invitation) ([]judge.Stray, error) {
	strays := make([]judge.Stray, len(invitations))
	keys, ids := make([]batch.Key, len(invitations)), make([]string, len(invitations))
	for i, inv := range invitations {
		keys[i] = batch.Key{InterviewID: q.People[0].InterviewID, Email: batch.NormalEmail(inv.CandidateEmail)}
		ids[i] = inv.CandidateID
		strays[i] = judge.Stray{Invitation: inv, Email: keys[i].Email}
	}
	owners, err := w.Ledger.Owners(w.Hard, ids)
	if err != nil {
		return nil, fmt.Errorf("look up candidate ids: %w", err)
	}
	records, err := plan.Lookup(w.Hard, w.Ledger, keys)
	if err != nil {
		return nil, err
	}
	for i := range strays {
		row, _, err := w.Account.Locate(keys[i])
		if err != nil {
			return nil, err
		}
		strays[i].Owners = owners[i]
		strays[i].Taken = row >= 0 || records[i].State != batch.StateNone
		switch {
		case !strays[i].Nobodys():
			continue
		case i > 0 && keys[i] == keys[i-1]: // very many may be kept under one address
			strays[i].Disputed = strays[i-1].Disputed
			continue
		}
		if strays[i].Disputed, err = w.isDisputed(q, keys[i]); err != nil {
			return nil, err
		}
	}
	return strays, nil
}

// isDisputed reports whether the API may keep another row under an address, who was
// sent and whose id is not known: the invitation may be theirs.
func (w *worker) isDisputed(q judge.Question, key batch.Key) (bool, error) {
	tags := w.Facts.AnswerTags()
	loose := batch.LooseEmail(key.Email, tags)
	var others []batch.Key
	for _, row := range w.Account.RowsAlike(w.Account.Alike(key.Email)) {
		c, err := w.Account.Candidate(row)
		if err != nil {
			return false, err
		}
		other := c.Key()
		if other.InterviewID == key.InterviewID && batch.LooseEmail(other.Email, tags) == loose && !slices.Contains(q.People, other) {
			others = append(others, other)
		}
	}
	records, err := plan.Lookup(w.Hard, w.Ledger, others)
	return slices.ContainsFunc(records, func(r batch.Record) bool {
		return r.State == batch.StateSending || r.State == batch.StateInvited && r.CandidateID == ""
	}), err
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

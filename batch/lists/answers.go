package lists

import (
	"fmt"
	"slices"

	"bulkinvite/batch"
	"bulkinvite/batch/judge"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
)

// Judge says what the answer to a request means, with what this run and the ledger
// know of those whom it names and nobody asked for. news reports whether it is the
// first that names people of whom nothing is known.
func (r *Reader) Judge(q judge.Question, invitations []client.Invitation, apiErr error) (j judge.Judgement, news bool, err error) {
	trust := !r.Facts.Distrust.Load() // read when the answer is there: distrust must win
	j = judge.Answer(q, invitations, apiErr, trust)
	if err := r.Facts.SeeTags(r.Hard, q, &j); err != nil || len(j.Strays) == 0 {
		return j, false, err
	}
	strays, err := r.knowStrays(q, j.Strays)
	if err != nil {
		return j, false, err
	}
	judge.Strays(q, &j, strays, r.Facts.AnswerTags())
	if slices.Contains(j.Verdicts, judge.Displaced) {
		news, err = r.Facts.SeeOtherAddress(r.Hard)
	}
	return j, news, err
}

// knowStrays looks up whose the strays of an answer are.
func (r *Reader) knowStrays(q judge.Question, invitations []client.Invitation) ([]judge.Stray, error) {
	strays := make([]judge.Stray, len(invitations))
	keys, ids := make([]batch.Key, len(invitations)), make([]string, len(invitations))
	for i, inv := range invitations {
		keys[i] = batch.Key{InterviewID: q.People[0].InterviewID, Email: batch.NormalEmail(inv.CandidateEmail)}
		ids[i] = inv.CandidateID
		strays[i] = judge.Stray{Invitation: inv, Email: keys[i].Email}
	}
	owners, err := r.Ledger.Owners(r.Hard, ids)
	if err != nil {
		return nil, fmt.Errorf("look up candidate ids: %w", err)
	}
	records, err := plan.Lookup(r.Hard, r.Ledger, keys)
	if err != nil {
		return nil, err
	}
	for i := range strays {
		row, _, err := r.Account.Locate(keys[i])
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
		if strays[i].Disputed, err = r.isDisputed(q, keys[i]); err != nil {
			return nil, err
		}
	}
	return strays, nil
}

// isDisputed reports whether the API may keep another row under an address, who was
// sent and whose id is not known: the invitation may be theirs.
func (r *Reader) isDisputed(q judge.Question, key batch.Key) (bool, error) {
	tags := r.Facts.AnswerTags()
	loose := batch.LooseEmail(key.Email, tags)
	var others []batch.Key
	for _, row := range r.Account.RowsAlike(r.Account.Alike(key.Email)) {
		c, err := r.Account.Candidate(row)
		if err != nil {
			return false, err
		}
		other := c.Key()
		if other.InterviewID == key.InterviewID && batch.LooseEmail(other.Email, tags) == loose && !slices.Contains(q.People, other) {
			others = append(others, other)
		}
	}
	records, err := plan.Lookup(r.Hard, r.Ledger, others)
	return slices.ContainsFunc(records, func(rec batch.Record) bool {
		return rec.State == batch.StateSending || rec.State == batch.StateInvited && rec.CandidateID == ""
	}), err
}

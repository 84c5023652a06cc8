package ledger

import (
	"context"
	"fmt"
	"slices"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// Claim implements batch.Ledger. Besides, it refuses what rows.ValidateRequest does.
func (r *Run) Claim(ctx context.Context, req batch.Request) (batch.Claim, error) {
	if err := rows.ValidateRequest(&req); err != nil {
		return batch.Claim{}, fmt.Errorf("ledger: claim: %w", err)
	}
	c := newClaim(r, &req)
	var err error
	// Before the others have to wait for it: the index does not change during a run.
	if c.found, err = r.FindIndexed(ctx, c.hashes); err != nil {
		return batch.Claim{}, fmt.Errorf("ledger: claim: %w", err)
	}
	if err := r.write(ctx, func() ([]row, error) { return c.decide(r) }); err != nil {
		return batch.Claim{}, err
	}
	return c.answer, nil
}

// A claim is a request on its way into the ledger.
type claim struct {
	req    *batch.Request
	hashes []uint64     // parallel to req.People
	unique bool         // nobody is named twice
	found  []rows.Match // in the index

	request *rows.Request // what is written
	answer  batch.Claim
}

func newClaim(r *Run, req *batch.Request) *claim {
	hashes := rows.HashAll(r.BaseURL, req.People)
	sorted := slices.Clone(hashes)
	slices.Sort(sorted)
	return &claim{req: req, hashes: hashes, unique: len(slices.Compact(sorted)) == len(hashes)}
}

// decide says who is claimed, and lets all who ask from now on know it.
func (c *claim) decide(r *Run) ([]row, error) {
	now := r.store.now().UnixMicro()
	w := &rows.Request{
		ID:          r.lastRequest + 1,
		RunID:       r.RunID,
		BaseURL:     r.BaseURL,
		InterviewID: batch.NewKey(c.req.InterviewID, "").InterviewID,
		Application: c.req.JobApplicationID,
		Kind:        c.req.Kind,
		ClaimedAt:   time.UnixMicro(now).UTC(),
	}
	c.request = w
	if err := c.join(r); err != nil {
		return nil, fmt.Errorf("ledger: claim: %w", err)
	}
	if len(w.People) == 0 {
		return nil, nil
	}
	r.lastRequest, c.answer.ID = w.ID, w.ID
	for i, h := range c.hashes {
		if c.answer.Held[i] == nil {
			r.Cache.Tail.Add(h, w.ID) // once, also for who is named twice
		}
	}
	r.Cache.Keep(w) // its settlement comes soon
	return []row{{r.addRequest, []any{
		w.ID, w.RunID, w.Kind, w.InterviewID, w.Application, c.req.CandidateID, c.req.DisableEmail, now,
		rows.AppendTexts(make([]byte, 0, 40*len(w.Emails)), w.Emails),
	}, w.ID}}, nil
}

// join decides who is held, and takes the others into the request.
func (c *claim) join(r *Run) error {
	people := c.req.People
	c.answer.Held = make([]*batch.Record, len(people))
	c.request.Reserve(len(people))
	found := r.Cache.AddTail(c.found, c.hashes)
	if len(found) == 0 && c.unique { // nothing is known of anybody, as it mostly is
		for _, k := range people {
			c.request.Join(k.Email)
		}
		return nil
	}
	rows.SortMatches(found)
	known := make([]rows.Fold, len(people))
	err := r.MatchPeople(people, found, r.Cache.Get, func(at int, req *rows.Request, p *rows.Person) { known[at].Add(r.RunID, req, p) })
	if err != nil {
		return err
	}
	joined := map[batch.Key]int{} // position in the request
	for i, k := range people {
		at, twice := joined[k]
		if twice {
			known[i].Add(r.RunID, c.request, &c.request.People[at])
		}
		if rows.Holds(c.req, &known[i].Rec, c.request.ClaimedAt) {
			c.answer.Held[i] = &known[i].Rec
		} else if !twice {
			joined[k] = c.request.Join(k.Email)
		}
	}
	return nil
}

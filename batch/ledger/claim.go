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
	twins  []int        // the first person with the same key, or -1; nil if all are -1
	found  []rows.Match // in the index

	request *rows.Request // what is written
	answer  batch.Claim
}

func newClaim(r *Run, req *batch.Request) *claim {
	hashes := rows.HashAll(r.BaseURL, req.People)
	return &claim{req: req, hashes: hashes, twins: twins(req.People, hashes)}
}

// twins returns for each key the position of the first one that equals it, or
// -1 where that is the key itself; nil if nobody is named twice.
func twins(keys []batch.Key, hashes []uint64) []int {
	sorted := slices.Clone(hashes)
	slices.Sort(sorted)
	if len(slices.Compact(sorted)) == len(keys) {
		return nil
	}
	first := make(map[batch.Key]int, len(keys))
	twins := make([]int, len(keys))
	for i, k := range keys {
		if j, found := first[k]; found {
			twins[i] = j
			continue
		}
		first[k], twins[i] = i, -1
	}
	return twins
}

// twin returns the position of the first person with the same key, or -1.
func (c *claim) twin(i int) int {
	if c.twins == nil {
		return -1
	}
	return c.twins[i]
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
		if c.answer.Held[i] == nil && c.twin(i) < 0 {
			r.Cache.Tail.Add(h, w.ID)
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
	if len(found) == 0 && c.twins == nil { // nothing is known of anybody, as it mostly is
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
	claimed := make([]int, len(people)) // position in the request, or -1
	for i, k := range people {
		claimed[i] = -1
		if twin := c.twin(i); twin >= 0 && claimed[twin] >= 0 {
			claimed[i] = claimed[twin]
			known[i].Add(r.RunID, c.request, &c.request.People[claimed[i]])
		}
		if rows.Holds(c.req, &known[i].Rec, c.request.ClaimedAt) {
			c.answer.Held[i] = &known[i].Rec
		} else if claimed[i] < 0 {
			claimed[i] = c.request.Join(k.Email)
		}
	}
	return nil
}

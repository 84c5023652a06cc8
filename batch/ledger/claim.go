package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"bulkinvite/batch"
)

// Claim implements batch.Ledger. Besides, it refuses requests that no key can
// be found again for: of an unknown kind, with people of another interview, or
// with texts that are not UTF-8 or look like stand-ins.
func (r *Run) Claim(ctx context.Context, req batch.Request) (batch.Claim, error) {
	if err := validate(&req); err != nil {
		return batch.Claim{}, fmt.Errorf("ledger: claim: %w", err)
	}
	c := newClaim(r, &req)
	var err error
	// Before the others have to wait for it: the index does not change during a run.
	if c.found, err = r.findIndexed(ctx, c.hashes); err != nil {
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
	hashes []uint64 // parallel to req.People
	twins  []int    // the first person with the same key, or -1; nil if all are -1
	found  []match  // in the index

	request *request // what is written
	answer  batch.Claim
}

func newClaim(r *Run, req *batch.Request) *claim {
	hashes := hashAll(r.base, req.People)
	return &claim{req: req, hashes: hashes, twins: twins(req.People, hashes)}
}

func validate(req *batch.Request) error {
	if !knownKind(req.Kind) {
		return fmt.Errorf("unknown kind %q", req.Kind)
	}
	interview := batch.NewKey(req.InterviewID, "").InterviewID
	for _, k := range req.People {
		if k.InterviewID != interview {
			return fmt.Errorf("somebody of interview %q in a request for %q", k.InterviewID, req.InterviewID)
		}
		if !utf8.ValidString(k.InterviewID) || !utf8.ValidString(k.Email) {
			return errors.New("a key that is not UTF-8")
		}
		if isStandIn(k.Email) {
			return errors.New("a key that looks like somebody who was forgotten")
		}
	}
	return nil
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
	w := &request{
		id:          r.lastRequest + 1,
		runID:       r.id,
		baseURL:     r.base,
		interviewID: batch.NewKey(c.req.InterviewID, "").InterviewID,
		application: c.req.JobApplicationID,
		kind:        c.req.Kind,
		claimedAt:   time.UnixMicro(now).UTC(),
	}
	c.request = w
	if err := c.join(r); err != nil {
		return nil, fmt.Errorf("ledger: claim: %w", err)
	}
	if len(w.people) == 0 {
		return nil, nil
	}
	r.lastRequest, c.answer.ID = w.id, w.id
	for i, h := range c.hashes {
		if c.answer.Held[i] == nil && c.twin(i) < 0 {
			r.book.tail.add(h, w.id)
		}
	}
	r.book.keep(w) // its settlement comes soon
	return []row{{r.addRequest, []any{
		w.id, w.runID, w.kind, w.interviewID, w.application, c.req.CandidateID, c.req.DisableEmail, now,
		appendTexts(make([]byte, 0, 40*len(w.emails)), w.emails),
	}, w.id}}, nil
}

// join decides who is held, and takes the others into the request.
func (c *claim) join(r *Run) error {
	people := c.req.People
	c.answer.Held = make([]*batch.Record, len(people))
	c.request.reserve(len(people))
	found := r.book.addTail(c.found, c.hashes)
	if len(found) == 0 && c.twins == nil { // nothing is known of anybody, as it mostly is
		for _, k := range people {
			c.request.join(k.Email)
		}
		return nil
	}
	sortMatches(found)
	known := make([]fold, len(people))
	err := r.matchPeople(people, found, r.book.get, func(at int, req *request, p *person) { known[at].add(r.id, req, p) })
	if err != nil {
		return err
	}
	claimed := make([]int, len(people)) // position in the request, or -1
	for i, k := range people {
		claimed[i] = -1
		if twin := c.twin(i); twin >= 0 && claimed[twin] >= 0 {
			claimed[i] = claimed[twin]
			known[i].add(r.id, c.request, &c.request.people[claimed[i]])
		}
		if holds(c.req, &known[i].rec, c.request.claimedAt) {
			c.answer.Held[i] = &known[i].rec
		} else if claimed[i] < 0 {
			claimed[i] = c.request.join(k.Email)
		}
	}
	return nil
}

// holds reports whether what is known of a person keeps them from being sent.
func holds(req *batch.Request, rec *batch.Record, now time.Time) bool {
	switch req.Kind {
	case batch.KindInvite:
		return rec.Next(batch.Candidate{}, now, 0) != batch.Invite
	case batch.KindResend:
		return rec.Next(batch.Candidate{CandidateID: anyID}, now, req.ResendAfter) != batch.Resend
	case batch.KindFound:
		return rec.Forgotten || rec.State == batch.StateInvited
	default:
		return rec.Forgotten
	}
}

// anyID is the id of a row that is re-sent: what is held does not depend on it.
const anyID = "any"

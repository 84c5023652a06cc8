package ledger

import (
	"context"
	"fmt"
	"time"

	"bulkinvite/batch"
)

// Members implements batch.Ledger. Nothing is held while f runs.
func (r *Run) Members(ctx context.Context, interviewID string, f func(batch.Member) error) error {
	return r.eachOf(ctx, interviewID, func(page []*request) error {
		members, err := r.membersOf(ctx, page)
		if err != nil {
			return fmt.Errorf("ledger: members of interview %s: %w", interviewID, err)
		}
		for _, m := range members {
			if err := f(m); err != nil {
				return err
			}
		}
		return nil
	})
}

// InDoubt implements batch.Ledger.
func (r *Run) InDoubt(ctx context.Context, interviewID string) ([]batch.Key, error) {
	seen := map[batch.Key]bool{}
	var keys []batch.Key
	err := r.eachOf(ctx, interviewID, func(page []*request) error {
		open := openIn(page)
		records, err := r.records(ctx, open)
		for i := range records {
			if records[i].State == batch.StateSending && !seen[open[i]] {
				seen[open[i]] = true
				keys = append(keys, open[i])
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("ledger: in doubt in interview %s: %w", interviewID, err)
	}
	return keys, nil
}

// openIn returns those whom one of these requests has in doubt, whatever others
// say of them.
func openIn(page []*request) (keys []batch.Key) {
	for _, r := range page {
		for i := range r.people {
			if p := &r.people[i]; p.state == batch.StateSending && !p.forgotten && counts(r.kind, p.state) {
				keys = append(keys, r.key(i))
			}
		}
	}
	return keys
}

// eachOf calls f with the requests for an interview, a few at a time.
func (r *Run) eachOf(ctx context.Context, interviewID string, f func(page []*request) error) error {
	interview := batch.NewKey(interviewID, "").InterviewID
	for after := int64(0); ; {
		page, err := r.requestsFor(ctx, interview, after)
		if err != nil {
			return fmt.Errorf("ledger: requests for interview %s: %w", interview, err)
		}
		if len(page) == 0 {
			return nil
		}
		if err := f(page); err != nil {
			return err
		}
		after = page[len(page)-1].id
	}
}

// requestsFor returns the first requests for an interview behind one.
func (r *Run) requestsFor(ctx context.Context, interview string, after int64) (page []*request, err error) {
	if err := r.book.checkOpen(); err != nil {
		return nil, err
	}
	const of = "where r.interview_id = ? and r.id > ? and u.base_url = ?"
	for req, err := range requests(ctx, r.store.read, of, interview, after, r.base) {
		if err != nil {
			return nil, err
		}
		if page = append(page, req); len(page) == readRequests {
			break
		}
	}
	return page, nil
}

// membersOf returns those whose membership began with one of these requests.
func (r *Run) membersOf(ctx context.Context, page []*request) ([]batch.Member, error) {
	var keys []batch.Key
	var in []int64 // the request, for each key
	for _, req := range page {
		for i := range req.people {
			if p := &req.people[i]; invited(req, p) && req.application == "" {
				keys, in = append(keys, req.key(i)), append(in, req.id)
			}
		}
	}
	found, err := r.findAll(ctx, hashAll(r.base, keys))
	if err != nil {
		return nil, err
	}
	folds := make([]membership, len(keys))
	err = r.eachMatch(ctx, keys, found, func(at int, r *request, p *person) { folds[at].add(r, p) })
	if err != nil {
		return nil, err
	}
	members := make([]batch.Member, 0, len(keys))
	for i := range folds {
		if m := folds[i].member; m.RequestID == in[i] { // else another request has them, or will
			m.Key = keys[i]
			members = append(members, m)
		}
	}
	return members, nil
}

// invited reports whether a request invited somebody, who was not forgotten.
func invited(r *request, p *person) bool {
	return p.state == batch.StateInvited && !p.forgotten && counts(r.kind, p.state)
}

// A membership gathers what the requests say of a member, added in the order of
// their numbers.
type membership struct {
	member  batch.Member
	applied bool // an application invited them first
	idFrom  int64
}

func (m *membership) add(r *request, p *person) {
	if p.state == batch.StateInvited && p.idFrom > m.idFrom {
		m.member.CandidateID, m.idFrom = p.keep(p.candidateID), p.idFrom
	}
	since := time.UnixMicro(p.since).UTC()
	switch {
	case !invited(r, p):
	case r.application != "":
		m.applied = true
	case r.kind == batch.KindResend && m.applied:
	case m.member.RequestID == 0 || since.Before(m.member.Since):
		m.member.RequestID, m.member.Since = r.id, since
	}
}

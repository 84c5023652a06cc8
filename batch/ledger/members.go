package ledger

import (
	"context"
	"fmt"
	"time"

	"bulkinvite/batch"
)

// Members implements batch.Ledger. It reads a few requests at a time, and
// nothing is held while f runs.
func (r *Run) Members(ctx context.Context, interviewID string, f func(batch.Member) error) error {
	interview := batch.NewKey(interviewID, "").InterviewID
	for after := int64(0); ; {
		ids, err := r.requestsFor(ctx, interview, after)
		if err == nil && len(ids) == 0 {
			return nil
		}
		var members []batch.Member
		if err == nil {
			members, err = r.membersOf(ctx, ids)
		}
		if err != nil {
			return fmt.Errorf("ledger: members of interview %s: %w", interview, err)
		}
		for _, m := range members {
			if err := f(m); err != nil {
				return err
			}
		}
		after = ids[len(ids)-1]
	}
}

// requestsFor returns the first requests for an interview behind one.
func (r *Run) requestsFor(ctx context.Context, interview string, after int64) (ids []int64, err error) {
	if err := r.book.checkOpen(); err != nil {
		return nil, err
	}
	rows, err := r.store.read.QueryContext(ctx, `select r.id from requests r join runs u on u.id = r.run_id
		where r.interview_id = ? and r.id > ? and u.base_url = ? order by r.id limit ?`, interview, after, r.base, readRequests)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// membersOf returns those whose membership began with one of these requests.
func (r *Run) membersOf(ctx context.Context, ids []int64) ([]batch.Member, error) {
	requests, err := r.book.read(ids, false)
	if err != nil {
		return nil, err
	}
	var keys []batch.Key
	var in []int64 // the request, for each key
	for _, id := range ids {
		req := requests[id]
		for i := range req.people {
			if p := &req.people[i]; invited(req, p) && req.application == "" {
				keys, in = append(keys, batch.Key{InterviewID: req.interviewID, Email: req.emails[i]}), append(in, id)
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

package ledger

import (
	"context"
	"fmt"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// Members implements batch.Ledger. Nothing is held while f runs.
func (r *Run) Members(ctx context.Context, interviewID string, f func(batch.Member) error) error {
	return r.eachOf(ctx, interviewID, func(page []*rows.Request) error {
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
	err := r.eachOf(ctx, interviewID, func(page []*rows.Request) error {
		open := openIn(page)
		records, err := r.Lookup(ctx, open)
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
func openIn(page []*rows.Request) (keys []batch.Key) {
	for _, r := range page {
		for i := range r.People {
			if p := &r.People[i]; p.State == batch.StateSending && !p.Forgotten && rows.Counts(r.Kind, p.State) {
				keys = append(keys, r.Key(i))
			}
		}
	}
	return keys
}

// eachOf calls f with the requests for an interview, a few at a time.
func (r *Run) eachOf(ctx context.Context, interviewID string, f func(page []*rows.Request) error) error {
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
		after = page[len(page)-1].ID
	}
}

// requestsFor returns the first requests for an interview behind one.
func (r *Run) requestsFor(ctx context.Context, interview string, after int64) (page []*rows.Request, err error) {
	if err := r.Cache.CheckOpen(); err != nil {
		return nil, err
	}
	const of = "where r.interview_id = ? and r.id > ? and u.base_url = ?"
	for req, err := range rows.Requests(ctx, r.store.read, of, interview, after, r.BaseURL) {
		if err != nil {
			return nil, err
		}
		if page = append(page, req); len(page) == rows.ReadRequests {
			break
		}
	}
	return page, nil
}

// membersOf returns those whose membership began with one of these requests.
func (r *Run) membersOf(ctx context.Context, page []*rows.Request) ([]batch.Member, error) {
	var keys []batch.Key
	var in []int64 // the request, for each key
	for _, req := range page {
		for i := range req.People {
			if p := &req.People[i]; rows.Invited(req, p) && req.Application == "" {
				keys, in = append(keys, req.Key(i)), append(in, req.ID)
			}
		}
	}
	folds := make([]rows.Membership, len(keys))
	err := r.Each(ctx, keys, func(at int, r *rows.Request, p *rows.Person) { folds[at].Add(r, p) })
	if err != nil {
		return nil, err
	}
	members := make([]batch.Member, 0, len(keys))
	for i := range folds {
		if m := folds[i].Member; m.RequestID == in[i] { // else another request has them, or will
			m.Key = keys[i]
			members = append(members, m)
		}
	}
	return members, nil
}

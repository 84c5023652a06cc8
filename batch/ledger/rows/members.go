package rows

import (
	"context"
	"fmt"
	"iter"

	"bulkinvite/batch"
)

// A Source is what the questions of a run are answered from, whichever database
// keeps the requests.
type Source interface {
	batch.Lookuper
	// Each calls f for every request that names one of the keys, in the order of
	// their numbers, with what it says of the person.
	Each(ctx context.Context, keys []batch.Key, f func(at int, r *Request, p *Person)) error
	// RequestsFor returns the first ReadRequests requests for an interview behind one.
	RequestsFor(ctx context.Context, interview string, after int64) ([]*Request, error)
	// RequestsByID yields the requests with these numbers.
	RequestsByID(ctx context.Context, ids []int64) iter.Seq2[*Request, error]
	// RequestsSince yields the requests to which answers behind one were written.
	RequestsSince(ctx context.Context, answer int64) iter.Seq2[*Request, error]
}

// Members implements batch.Ledger over a source. Nothing is held while f runs.
func Members(ctx context.Context, s Source, interviewID string, f func(batch.Member) error) error {
	return eachOf(ctx, s, interviewID, func(page []*Request) error {
		members, err := membersOf(ctx, s, page)
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

// InDoubt implements batch.Ledger over a source.
func InDoubt(ctx context.Context, s Source, interviewID string) ([]batch.Key, error) {
	seen := map[batch.Key]bool{}
	var keys []batch.Key
	err := eachOf(ctx, s, interviewID, func(page []*Request) error {
		open := openIn(page)
		records, err := s.Lookup(ctx, open)
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
func openIn(page []*Request) (keys []batch.Key) {
	for _, r := range page {
		for i := range r.People {
			if p := &r.People[i]; p.State == batch.StateSending && !p.Forgotten && Counts(r.Kind, p.State) {
				keys = append(keys, r.Key(i))
			}
		}
	}
	return keys
}

// eachOf calls f with the requests for an interview, a few at a time.
func eachOf(ctx context.Context, s Source, interviewID string, f func(page []*Request) error) error {
	interview := batch.NewKey(interviewID, "").InterviewID
	for after := int64(0); ; {
		page, err := s.RequestsFor(ctx, interview, after)
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

// membersOf returns those whose membership began with one of these requests.
func membersOf(ctx context.Context, s Source, page []*Request) ([]batch.Member, error) {
	var keys []batch.Key
	var in []int64 // the request, for each key
	for _, req := range page {
		for i := range req.People {
			if p := &req.People[i]; Invited(req, p) && req.Application == "" {
				keys, in = append(keys, req.Key(i)), append(in, req.ID)
			}
		}
	}
	folds := make([]Membership, len(keys))
	err := s.Each(ctx, keys, func(at int, r *Request, p *Person) { folds[at].Add(r, p) })
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

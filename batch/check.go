package batch

import (
	"cmp"
	"context"

	"golang.org/x/sync/errgroup"
)

// A Plan is what the check pass found: what would be sent, and what is wrong.
type Plan struct {
	Rows       int          // all rows of the input
	People     int          // valid rows without duplicates: who would be invited if the ledger knew nobody
	Duplicates int          // valid rows whose key an earlier row has
	Problems   map[Code]int // invalid rows
	Requests   int          // requests that People need
	Interviews []InterviewPlan

	// Set by Survey, which asks the ledger.
	Surveyed       bool
	AlreadyInvited int // People whom the ledger knows to be invited
	InDoubt        int // People who may have been invited: the API is asked first

	index *index
}

// Left returns how many people are left to invite as far as the plan knows.
// Those in doubt count: the API's list may not show them.
func (p *Plan) Left() int { return p.People - p.AlreadyInvited }

// An InterviewPlan is the part of a Plan that concerns one interview.
type InterviewPlan struct {
	ID       string // as the first row spells it
	People   int
	Requests int
	Left     int // People whom the ledger does not know to be invited; People without Survey
}

// Check is pass 1: it reads all of src, finds the duplicates and counts. The
// error is the input's (it is broken) or ctx's.
func Check(ctx context.Context, src Source, opts Options) (*Plan, error) {
	opts = opts.withDefaults()
	plan := &Plan{Problems: map[Code]int{}, index: newIndex(src)}
	groups := map[groupKey]*tally{}
	interviews := map[string]int{} // place in plan.Interviews
	err := src.Scan(ctx, func(row *Row) error {
		plan.Rows++
		var key Key
		if row.Problem == nil {
			key = row.Candidate.Key()
		}
		first, err := plan.index.add(row, key)
		switch {
		case err != nil:
			return err
		case row.Problem != nil:
			plan.Problems[row.Problem.Code]++
			return nil
		case first != row.Index:
			plan.Duplicates++
			return nil
		}
		gk := groupOf(&row.Candidate, key)
		group := groups[gk]
		if group == nil {
			at, found := interviews[gk.interview]
			if !found {
				at = len(plan.Interviews)
				interviews[gk.interview] = at
				plan.Interviews = append(plan.Interviews, InterviewPlan{ID: row.Candidate.InterviewID})
			}
			group = &tally{interview: at, size: gk.size(opts.ChunkSize)}
			groups[gk] = group
		}
		plan.count(group)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return plan, nil
}

// A tally counts the people of a group.
type tally struct {
	interview int // place in Plan.Interviews
	size      int // people in one request
	people    int
}

// count adds somebody who is to be invited.
func (p *Plan) count(group *tally) {
	interview := &p.Interviews[group.interview]
	p.People++
	interview.People++
	interview.Left++
	if group.people%group.size == 0 {
		interview.Requests++
		p.Requests++
	}
	group.people++
}

// Survey reads src once more and counts who is left after the ledger.
func (p *Plan) Survey(ctx context.Context, src Source, ledger Ledger) error {
	interviews := map[string]int{}
	for i, iv := range p.Interviews {
		interviews[normalInterviewID(iv.ID)] = i
	}
	p.Surveyed, p.AlreadyInvited, p.InDoubt = true, 0, 0
	return lookupRows(ctx, src, ledger, p.index.pending, func(row *Row, rec Record) error {
		if row.Candidate.CandidateID != "" {
			return nil // to be sent again: that they are invited is the point
		}
		switch rec.State {
		case StateInvited:
			p.AlreadyInvited++
			p.Interviews[interviews[normalInterviewID(row.Candidate.InterviewID)]].Left--
		case StateSending:
			p.InDoubt++
		}
		return nil
	})
}

// lookupBlock is how many rows are looked up in the ledger at once.
const lookupBlock = 1000

// lookupsAhead is how many blocks are looked up while one is dealt with: it
// takes longer than reading them, and there is mostly another processor.
const lookupsAhead = 3

// A lookedUp is a block of rows with what the ledger knows of each.
type lookedUp struct {
	rows    []Row
	keys    []Key
	records []Record
	done    chan struct{} // closed when records are there
}

// lookupRows calls f for every row that pending names, with what the ledger
// knows of it, in input order and one call at a time.
func lookupRows(ctx context.Context, src Source, ledger Ledger, pending func(row int) bool,
	f func(*Row, Record) error,
) error {
	g, ctx := errgroup.WithContext(ctx)
	ordered := make(chan *lookedUp, lookupsAhead)
	lookups, lookupCtx := errgroup.WithContext(ctx)
	lookups.SetLimit(lookupsAhead)
	g.Go(Guard(func() error {
		defer close(ordered)
		err := scanPending(lookupCtx, src, pending, func(b *lookedUp) error {
			lookups.Go(Guard(func() (err error) {
				defer close(b.done)
				b.records, err = ledger.Lookup(lookupCtx, b.keys)
				return err
			}))
			select {
			case ordered <- b:
				return nil
			case <-lookupCtx.Done():
				return lookupCtx.Err()
			}
		})
		return cmp.Or(lookups.Wait(), err)
	}))
	g.Go(Guard(func() error {
		for b := range ordered {
			<-b.done
			if len(b.records) < len(b.rows) {
				return nil // the look-up's error is the group's
			}
			for i := range b.rows {
				if err := f(&b.rows[i], b.records[i]); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	return g.Wait()
}

// scanPending calls f with the rows that pending names, a block at a time.
func scanPending(ctx context.Context, src Source, pending func(row int) bool, f func(*lookedUp) error) error {
	var b *lookedUp
	err := src.Scan(ctx, func(row *Row) error {
		if !pending(row.Index) {
			return nil
		}
		if b == nil {
			b = &lookedUp{rows: make([]Row, 0, lookupBlock), keys: make([]Key, 0, lookupBlock), done: make(chan struct{})}
		}
		b.rows, b.keys = append(b.rows, *row), append(b.keys, row.Candidate.Key())
		if len(b.rows) < lookupBlock {
			return nil
		}
		full := b
		b = nil
		return f(full)
	})
	if err != nil || b == nil {
		return err
	}
	return f(b)
}

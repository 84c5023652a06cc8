package batch

import (
	"context"
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
func (p *Plan) Survey(ctx context.Context, src Source, ledger Lookuper) error {
	interviews := map[string]int{}
	for i, iv := range p.Interviews {
		interviews[normalInterviewID(iv.ID)] = i
	}
	p.Surveyed, p.AlreadyInvited, p.InDoubt = true, 0, 0
	return lookupRows(ctx, src, ledger, p.index.pending, func(row *Row, rec Record) error {
		if row.Candidate.CandidateID != "" && !rec.Forgotten {
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

// lookupRows calls f for every row that pending names, with what the ledger
// knows of it, in input order.
func lookupRows(ctx context.Context, src Source, ledger Lookuper, pending func(row int) bool,
	f func(*Row, Record) error,
) error {
	rows := make([]*Row, 0, lookupBlock)
	keys := make([]Key, 0, lookupBlock)
	flush := func() error {
		records, err := ledger.Lookup(ctx, keys)
		if err != nil {
			return err
		}
		for i, row := range rows {
			if err := f(row, records[i]); err != nil {
				return err
			}
		}
		rows, keys = rows[:0], keys[:0]
		return nil
	}
	err := src.Scan(ctx, func(row *Row) error {
		if !pending(row.Index) {
			return nil
		}
		rows = append(rows, row)
		keys = append(keys, row.Candidate.Key())
		if len(rows) < lookupBlock {
			return nil
		}
		return flush()
	})
	if err != nil || len(rows) == 0 {
		return err
	}
	return flush()
}

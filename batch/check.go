package batch

import (
	"context"
	"errors"
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
	// Known is a digest of what the ledger knows of People, empty if it knows
	// nobody: as long as neither it nor the input changes, the same people are
	// left, and in the same state.
	Known string

	index   *index
	repeats []Repeat // with the number of a row in place of the line First
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

	// Set by Survey.
	AlreadyInvited int
	InDoubt        int
}

// A Repeat is a duplicate: a line, and the first one that has the same key.
type Repeat struct{ Line, First int }

// keptRepeats bounds the duplicates that a plan remembers. Of a file that was
// appended to itself, all would be too many.
const keptRepeats = 10

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
			if plan.Duplicates++; len(plan.repeats) < keptRepeats {
				plan.repeats = append(plan.repeats, Repeat{row.Line, first})
			}
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

// Repeats returns the first duplicates of the input, ten at most. It reads src
// once more, up to the last row that one of them repeats: for that, the check
// pass does not keep the line of every row.
func (p *Plan) Repeats(ctx context.Context, src Source) ([]Repeat, error) {
	lines := map[int]int{} // by row
	for _, r := range p.repeats {
		lines[r.First] = 0
	}
	missing, errAllFound := len(lines), errors.New("all lines are found")
	if missing > 0 {
		err := src.Scan(ctx, func(row *Row) error {
			if _, wanted := lines[row.Index]; wanted {
				lines[row.Index] = row.Line
				missing--
			}
			if missing == 0 {
				return errAllFound
			}
			return nil
		})
		if err != nil && !errors.Is(err, errAllFound) {
			return nil, err
		}
	}
	repeats := make([]Repeat, len(p.repeats))
	for i, r := range p.repeats {
		repeats[i] = Repeat{r.Line, lines[r.First]}
	}
	return repeats, nil
}

// Survey reads src once more and counts who is left after the ledger. It may be
// called again.
func (p *Plan) Survey(ctx context.Context, src Source, ledger Lookuper) error {
	interviews := map[string]int{}
	for i, iv := range p.Interviews {
		interviews[normalInterviewID(iv.ID)] = i
	}
	p.Surveyed, p.AlreadyInvited, p.InDoubt, p.Known = true, 0, 0, ""
	for i := range p.Interviews {
		iv := &p.Interviews[i]
		iv.Left, iv.AlreadyInvited, iv.InDoubt = iv.People, 0, 0
	}
	var known digest
	err := lookupRows(ctx, src, ledger, p.index.pending, func(row *Row, rec Record) error {
		known.add(row, rec)
		if row.Candidate.CandidateID != "" {
			return nil // to be sent again: that they are invited is the point
		}
		switch rec.State {
		case StateInvited:
			iv := &p.Interviews[interviews[normalInterviewID(row.Candidate.InterviewID)]]
			iv.Left--
			iv.AlreadyInvited++
			p.AlreadyInvited++
		case StateSending:
			p.Interviews[interviews[normalInterviewID(row.Candidate.InterviewID)]].InDoubt++
			p.InDoubt++
		}
		return nil
	})
	p.Known = known.sum()
	return err
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

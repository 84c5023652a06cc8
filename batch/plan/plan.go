// Package plan goes over the whole input before anything is sent, and says what
// would be: the Plan. It knows the rows, which of them repeat another one, and
// what the ledger tells of each. It must not know the API, and changes nothing
// outside of itself.
package plan

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/account"
)

// A Plan is what the check pass found: what would be sent, and what is wrong.
type Plan struct {
	Rows       int                // all rows of the input
	People     int                // valid rows without duplicates: who would be invited if the ledger knew nobody
	Duplicates int                // valid rows whose key an earlier row has
	Differing  int                // Duplicates whose name is another than that row's
	Problems   map[batch.Code]int // invalid rows
	Requests   int                // requests that People need
	Interviews []InterviewPlan

	// Set by Survey, which asks the ledger.
	Surveyed       bool
	AlreadyInvited int            // People whom the ledger knows to be invited
	InDoubt        int            // People who may have been invited: the API is asked first
	LeftOut        int            // People whom the API left out before, and whose rows have not changed: they are not sent
	WrongID        int            // People to be re-sent whose candidate id is somebody else's: they are not sent
	HeldBack       batch.HeldBack // People who are to be re-sent, and were of late
	// Known is a digest of what the ledger knows of People, empty if it knows
	// nobody: as long as neither it nor the input changes, the same people are
	// left, and in the same state.
	Known string

	Account     *account.Account   // of the rows; nil after FreeAccount
	pending     func(row int) bool // whether a row is one of People
	repeats     []repeat
	resendAfter time.Duration
}

// Left returns how many people are left to invite as far as the plan knows.
// Those in doubt count: the API's list may not show them.
func (p *Plan) Left() int {
	return p.People - p.AlreadyInvited - p.LeftOut - p.WrongID - p.HeldBack.People
}

// An InterviewPlan is the part of a Plan that concerns one interview.
type InterviewPlan struct {
	ID       string // as the first row spells it
	People   int
	Requests int
	Left     int // People who would be sent to as far as the ledger knows; People without Survey

	// Set by Survey.
	AlreadyInvited int
	InDoubt        int
}

// A Repeat is a duplicate, and the first row that has the same key.
type Repeat struct {
	Row, First batch.Place
	Differ     bool // the names: they may be two people with one address
}

// A repeat is a Repeat that knows of the first row only the index.
type repeat struct {
	row    batch.Place
	first  int
	differ bool
}

// keptRepeats bounds the duplicates that a plan remembers, and once more those
// with another name. Of a file that was appended to itself, all would be too many.
const keptRepeats = 10

// Check is pass 1: it reads all of src, finds the duplicates and counts. Of
// opts, which New is to be given too, only ChunkSize and ResendAfter matter. The error is the
// input's (it is broken) or ctx's.
func Check(ctx context.Context, src batch.Source, opts batch.Options) (*Plan, error) {
	opts = opts.WithDefaults()
	plan := &Plan{Problems: map[batch.Code]int{}, Account: account.New(src), resendAfter: opts.ResendAfter}
	plan.pending = plan.Account.Pending
	groups := map[GroupKey]*tally{}
	interviews := map[string]int{} // place in plan.Interviews
	err := src.Scan(ctx, func(row *batch.Row) error {
		plan.Rows++
		var key batch.Key
		if row.Problem == nil {
			key = row.Candidate.Key()
		}
		first, candidate, err := plan.Account.Add(row, key)
		switch {
		case err != nil:
			return err
		case row.Problem != nil:
			plan.Problems[row.Problem.Code]++
			return nil
		case first != row.Index:
			plan.countDuplicate(row, first, candidate.Name)
			return nil
		}
		gk := GroupOf(&row.Candidate, key)
		group := groups[gk]
		if group == nil {
			at, found := interviews[gk.Interview]
			if !found {
				at = len(plan.Interviews)
				interviews[gk.Interview] = at
				plan.Interviews = append(plan.Interviews, InterviewPlan{ID: row.Candidate.InterviewID})
			}
			group = &tally{interview: at, size: gk.Size(opts.ChunkSize)}
			groups[gk] = group
		}
		plan.count(group)
		return nil
	})
	if err != nil {
		return nil, err
	}
	plan.Account.Fill()
	return plan, nil
}

// countDuplicate counts a row that repeats another one, and keeps it if it is
// among the first, or the first whose name is another.
func (p *Plan) countDuplicate(row *batch.Row, first int, name string) {
	p.Duplicates++
	differ := batch.NamesDiffer(row.Candidate.Name, name)
	if differ {
		p.Differing++
	}
	if p.Duplicates <= keptRepeats || differ && p.Differing <= keptRepeats {
		p.repeats = append(p.repeats, repeat{row.Place(), first, differ})
	}
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

// Repeats returns the first duplicates of the input, ten at most, and behind them
// the first with another name, as far as ten of those are not among them. It reads src
// once more, up to the last row that one of them repeats: for that, the check
// pass does not keep the place of every row.
func (p *Plan) Repeats(ctx context.Context, src batch.Source) ([]Repeat, error) {
	places := map[int]batch.Place{} // by row
	for _, r := range p.repeats {
		places[r.first] = batch.Place{}
	}
	missing, errAllFound := len(places), errors.New("all places are found")
	if missing > 0 {
		err := src.Scan(ctx, func(row *batch.Row) error {
			if _, wanted := places[row.Index]; wanted {
				places[row.Index] = row.Place()
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
		repeats[i] = Repeat{r.row, places[r.first], r.differ}
	}
	return repeats, nil
}

// FreeAccount gives the account of the rows back, for who sends nothing: Survey asks of each row
// only whether it counts, and what it reads of the ledger needs the memory.
func (p *Plan) FreeAccount() {
	pending := make([]bool, p.Rows)
	for row := range pending {
		pending[row] = p.Account.Pending(row)
	}
	p.Account, p.pending = nil, func(row int) bool { return pending[row] }
}

// Survey reads src once more and counts who is left after the ledger. It may be
// called again.
func (p *Plan) Survey(ctx context.Context, src batch.Source, ledger batch.Lookuper) error {
	interviews := map[string]int{}
	for i, iv := range p.Interviews {
		interviews[batch.NormalInterviewID(iv.ID)] = i
	}
	p.Surveyed, p.AlreadyInvited, p.InDoubt, p.LeftOut, p.WrongID, p.HeldBack, p.Known = true, 0, 0, 0, 0, batch.HeldBack{}, ""
	for i := range p.Interviews {
		iv := &p.Interviews[i]
		iv.Left, iv.AlreadyInvited, iv.InDoubt = iv.People, 0, 0
	}
	var known digest
	now := time.Now()
	tags, err := batch.RecallTags(ctx, ledger)
	if err != nil {
		return err
	}
	err = LookupRows(ctx, src, ledger, p.pending, func(row *batch.Row, rec batch.Record) error {
		next := rec.Next(row.Candidate, now, p.resendAfter)
		known.add(row, rec, next)
		iv := &p.Interviews[interviews[batch.NormalInterviewID(row.Candidate.InterviewID)]]
		wrongID, err := batch.WrongID(ctx, ledger, row.Candidate, rec, tags)
		if wrongID != "" {
			iv.Left--
			p.WrongID++
		} else {
			p.countNext(iv, next, rec)
		}
		return err
	})
	p.Known = known.sum()
	return err
}

// countNext counts what a run does with a row of an interview.
func (p *Plan) countNext(iv *InterviewPlan, next batch.Next, rec batch.Record) {
	switch next {
	case batch.Invite, batch.Resend:
		return
	case batch.Ask, batch.Wait:
		iv.InDoubt++
		p.InDoubt++
		return
	case batch.SkipForgotten, batch.SkipInvited:
		iv.AlreadyInvited++
		p.AlreadyInvited++
	case batch.SkipResent, batch.SkipMaybeResent:
		p.HeldBack.Add(rec.ResentAt.Add(p.resendAfter))
	case batch.SkipLeftOut, batch.SkipTried:
		p.LeftOut++
	}
	iv.Left--
}

// lookupBlock is how many rows are looked up in the ledger at once.
const lookupBlock = 1000

// lookupsAhead is how many blocks are looked up while one is dealt with: it
// takes longer than reading them, and there is mostly another processor.
const lookupsAhead = 3

// A lookedUp is a block of rows with what the ledger knows of each. Blocks are
// used again and again.
type lookedUp struct {
	rows    []batch.Row
	keys    []batch.Key
	records []batch.Record
	done    chan struct{} // told when records are there
}

// lookedUps makes the blocks of one scan.
func lookedUps() *sync.Pool {
	return &sync.Pool{New: func() any {
		return &lookedUp{rows: make([]batch.Row, 0, lookupBlock), keys: make([]batch.Key, 0, lookupBlock), done: make(chan struct{}, 1)}
	}}
}

// LookupRows calls f for every row that pending names, with what the ledger
// knows of it, in input order and one call at a time. f must not keep the row.
func LookupRows(ctx context.Context, src batch.Source, ledger batch.Lookuper, pending func(row int) bool,
	f func(*batch.Row, batch.Record) error,
) error {
	g, ctx := errgroup.WithContext(ctx)
	ordered := make(chan *lookedUp, lookupsAhead)
	free := lookedUps()
	lookups, lookupCtx := errgroup.WithContext(ctx)
	lookups.SetLimit(lookupsAhead)
	g.Go(batch.Guard(func() error {
		defer close(ordered)
		err := scanPending(lookupCtx, src, pending, free, func(b *lookedUp) error {
			lookups.Go(batch.Guard(func() (err error) {
				defer func() { b.done <- struct{}{} }()
				b.records = nil // of the block before, in case that there are none
				b.records, err = Lookup(lookupCtx, ledger, b.keys)
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
	g.Go(batch.Guard(func() error {
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
			free.Put(b)
		}
		return nil
	}))
	return g.Wait()
}

// Lookup asks a ledger, and refuses one that tells of fewer: people would be
// passed over without a word.
func Lookup(ctx context.Context, ledger batch.Lookuper, keys []batch.Key) ([]batch.Record, error) {
	records, err := ledger.Lookup(ctx, keys)
	if err != nil {
		return nil, err
	}
	if len(records) != len(keys) {
		return nil, fmt.Errorf("the ledger was asked for %d people and told of %d", len(keys), len(records))
	}
	return records, nil
}

// scanPending calls f with the rows that pending names, a block at a time, which
// are taken from free.
func scanPending(ctx context.Context, src batch.Source, pending func(row int) bool, free *sync.Pool, f func(*lookedUp) error) error {
	var b *lookedUp
	err := src.Scan(ctx, func(row *batch.Row) error {
		if !pending(row.Index) {
			return nil
		}
		if b == nil {
			b = free.Get().(*lookedUp)
			b.rows, b.keys = b.rows[:0], b.keys[:0]
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

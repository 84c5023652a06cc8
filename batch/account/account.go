// Package account keeps what is known of every row of an input: which row stands
// for a person, whether a request for it may be out, and what became of it. It
// knows the input as a Source, and keeps a few bytes per row in memory and the
// outcomes in a temporary file. It must not know the ledger and the API, nor what
// an outcome follows from.
package account

import (
	"errors"
	"slices"
	"sync/atomic"

	"bulkinvite/batch"
)

// An Account is what is known of every row. The check pass adds the rows; then
// one goroutine at a time notes what becomes of them, while others look them up.
type Account struct {
	index
	done, invited, already, failed, links atomic.Int64
}

// Counts are the rows with an outcome.
type Counts struct {
	Done    int // all of them
	Invited int // invited, confirmed or re-sent by this run
	Already int // already invited
	Failed  int // neither
	Links   int // of them: those whose link was to be fetched
}

// New returns the account of an input, without rows.
func New(src batch.Source) *Account { return &Account{index: newIndex(src)} }

// Fill adds the last row: now rows are looked up.
func (a *Account) Fill() { slices.Sort(a.alikes) }

// Open makes room for outcomes.
func (a *Account) Open() (err error) {
	a.outcomes, err = newOutcomes()
	return err
}

// Close gives the memory and the room for outcomes back; the account is of no use
// afterwards.
func (a *Account) Close() error {
	a.slots, a.parts, a.alikes = nil, nil, nil
	return a.outcomes.close()
}

// Counts may be called at any time from any goroutine.
func (a *Account) Counts() Counts {
	return Counts{
		Done: int(a.done.Load()), Invited: int(a.invited.Load()), Already: int(a.already.Load()),
		Failed: int(a.failed.Load()), Links: int(a.links.Load()),
	}
}

// Record notes what became of a row, and whether its link is to be fetched. Only
// the first outcome of a row counts: an interview's list may tell of somebody who
// is out at the same time.
func (a *Account) Record(row int, o batch.Outcome, wantsLink bool) error {
	w := a.word(row)
	if !w.pending() {
		return nil
	}
	if err := a.put(row, known{Outcome: o, offset: w.value(), wantLink: wantsLink}); err != nil {
		return err
	}
	if wantsLink {
		a.links.Add(1)
	}
	a.done.Add(1)
	switch {
	case o.Status == batch.StatusAlreadyInvited:
		a.already.Add(1)
	case o.Status != "":
		a.invited.Add(1)
	default:
		a.failed.Add(1)
	}
	return nil
}

func (a *Account) put(row int, k known) error {
	at, err := a.outcomes.put(k)
	if err == nil {
		a.set(row, a.word(row).with(tagOutcome, at))
	}
	return err
}

// Linkless returns the outcome of a row whose link is to be fetched.
func (a *Account) Linkless(row int) (o batch.Outcome, wantsLink bool, err error) {
	w := a.word(row)
	if w.tag() != tagOutcome {
		return o, false, nil
	}
	k, err := a.outcomes.get(w.value())
	return k.Outcome, k.wantLink, err
}

// SetLink gives a row the link that it lacked.
func (a *Account) SetLink(row int, link string) error {
	k, err := a.outcomes.get(a.word(row).value())
	if err != nil {
		return err
	}
	k.InviteURL, k.wantLink = link, false
	return a.put(row, k)
}

// Outcome returns what became of a row; of it only Index and Offset count. What
// those get whom the run did not get to is up to the caller.
func (a *Account) Outcome(row *batch.Row, notSent batch.Outcome) (batch.Outcome, error) {
	w := a.word(row.Index)
	switch w.tag() {
	case tagInvalid:
		again, err := a.src.At(row.Offset)
		if err == nil && again.Problem == nil {
			err = errors.New("it was invalid and now is not")
		}
		if err != nil {
			return batch.Outcome{}, err
		}
		return batch.Outcome{Code: again.Problem.Code, Error: again.Problem.Message}, nil
	case tagDuplicate:
		o, err := a.OutcomeAt(int(w.value()), notSent)
		if o.Status != "" {
			o.Status = batch.StatusDuplicate
		}
		return o, err
	}
	return a.OutcomeAt(row.Index, notSent)
}

// OutcomeAt is Outcome for a row that stands for its key.
func (a *Account) OutcomeAt(row int, notSent batch.Outcome) (batch.Outcome, error) {
	w := a.word(row)
	switch w.tag() {
	case tagOutcome:
		k, err := a.outcomes.get(w.value())
		return k.Outcome, err
	case tagClaimed:
		return batch.Outcome{Code: batch.CodeUncertain, Error: "the run broke off while it sent this invitation; " +
			"send this row again: the API is asked before anything is sent"}, nil
	}
	return notSent, nil
}

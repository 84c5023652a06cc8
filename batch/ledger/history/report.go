package history

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"sort"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// A RunReport is what the ledger knows of the requests of one run, with what
// later runs have found out about them.
type RunReport struct {
	LastEntry  time.Time // what the run wrote last; zero if it wrote nothing
	Kinds      []KindReport
	Answers    []AnswerReport    // the most frequent first
	Interviews []InterviewReport // with the most people first
	Timeline   Timeline

	Findings        Findings // about people of this run, by itself
	LaterFindings   Findings // about people of this run, by later runs
	EarlierFindings Findings // about people of earlier runs, by this run

	Named map[batch.Code]*NamedPeople // those of this run who are refused, left out, failed or in doubt, by reason
}

// A Tally counts people by what became of them in requests. One who is in
// several requests is counted in each; in all but one of these as Nothing.
type Tally struct {
	Invited, Refused, NoInvitation, Failed, InDoubt int
	Nothing                                         int // batch.StateNone
}

// People returns how many the tally has counted.
func (t Tally) People() int {
	return t.Invited + t.Refused + t.NoInvitation + t.Failed + t.InDoubt + t.Nothing
}

func (t *Tally) add(state batch.State) {
	switch state {
	case batch.StateInvited:
		t.Invited++
	case batch.StateRefused:
		t.Refused++
	case batch.StateNoInvitation:
		t.NoInvitation++
	case batch.StateFailed:
		t.Failed++
	case batch.StateSending:
		t.InDoubt++
	default:
		t.Nothing++
	}
}

// A KindReport counts requests of one kind, and the people in them.
type KindReport struct {
	Kind     batch.Kind
	Requests int
	Tally
}

// An Arrival says what is known of how a request was answered.
type Arrival int

// The arrivals. Only an Answered request has a status code.
const (
	Unanswered Arrival = iota // nothing is written of it: it is under way, or the run died
	Lost                      // there was no answer, and the API may have acted
	NotSent                   // it is known that the API never saw it
	Answered
)

// An AnswerReport counts the requests that were answered in one way.
type AnswerReport struct {
	Arrival    Arrival
	StatusCode int
	Requests   int
	People     int
	Message    string // of the first of them
}

// An InterviewReport counts the people of an interview by what a run did. Invited
// are those by an answer or by the API's list, NoInvitation who was accepted and
// left out.
type InterviewReport struct {
	InterviewID string
	Tally
	Resent    int
	Elsewhere int // the API's list showed them before anything was sent
}

// People returns how many the report has counted.
func (i InterviewReport) People() int { return i.Tally.People() + i.Resent + i.Elsewhere }

// Reached returns how many of them have an invitation.
func (i InterviewReport) Reached() int { return i.Invited + i.Resent + i.Elsewhere }

// Findings count people whose answer was missing, by what the API's list showed.
type Findings struct{ Invited, NotInvited int }

func (f *Findings) add(outcomes []rows.Outcome) {
	for _, o := range outcomes {
		switch o.State {
		case batch.StateInvited:
			f.Invited++
		case batch.StateSending: // still not known
		default:
			f.NotInvited++
		}
	}
}

// NamedPeople are people of one reason.
type NamedPeople struct {
	Total int
	First []NamedPerson
}

// A NamedPerson is somebody who was not invited, or may not have been.
type NamedPerson struct {
	Email       string // or what stands for it, see batch.Candidate.Key
	InterviewID string
	RequestID   int64
	Message     string // the API's, or what happened instead
}

// Report reads the requests of a run, and names at most so many people for
// each reason. It takes about a second per million people of the run, or 10 µs
// per request if that is more, whatever else is in the ledger; memory grows with
// the interviews alone.
func (q Questions) Report(ctx context.Context, run int64, named int) (*RunReport, error) {
	return ask(ctx, q, func(db rows.Querier) (*RunReport, error) { return readReport(ctx, db, run, named) })
}

func readReport(ctx context.Context, db rows.Querier, run int64, named int) (*RunReport, error) {
	sent, err := rowsOf(ctx, db, "requests", "claimed_at", run)
	if err != nil {
		return nil, err
	}
	written, err := rowsOf(ctx, db, "answers", "at", run)
	if err != nil {
		return nil, err
	}
	b := newReportBuilder(run, named, sent, written)
	for r, err := range rows.States(ctx, db, inStretch, sent.from, sent.to) {
		if err != nil {
			return nil, err
		}
		b.add(r)
	}
	const answered = "where r.id < ? and r.id in (select request_id from answers where id >= ? and id < ?)"
	for r, err := range rows.States(ctx, db, answered, sent.from, written.from, written.to) {
		if err != nil {
			return nil, err
		}
		for _, a := range r.Answers {
			if a.Run == run {
				b.report.EarlierFindings.add(a.Outcomes)
			}
		}
	}
	return b.result(), nil
}

// A stretch is the rows that a run has written into a table: runs write one after
// the other, and so the rows of each have neighbouring numbers.
type stretch struct {
	from, to    int64 // to is not part of it
	first, last time.Time
}

// rowsOf finds a run's rows by their numbers: going over all rows of an old
// ledger would take longer than what is asked of them.
func rowsOf(ctx context.Context, db rows.Querier, table, column string, run int64) (stretch, error) {
	var count int64
	err := db.QueryRowContext(ctx, "select coalesce(max(id), 0) from "+table).Scan(&count)
	begin := func(run int64) int64 { // the first row of this run or a later one
		return 1 + int64(sort.Search(int(count), func(i int) bool {
			var of int64
			if err == nil {
				err = db.QueryRowContext(ctx, "select run_id from "+table+" where id > ? order by id limit 1", i).Scan(&of)
			}
			return of >= run
		}))
	}
	s := stretch{from: begin(run), to: begin(run + 1)}
	if err != nil || s.from == s.to {
		return s, err
	}
	var first, last int64
	err = db.QueryRowContext(ctx, fmt.Sprintf(`select (select %[1]s from %[2]s where id >= ? order by id limit 1),
		(select %[1]s from %[2]s where id < ? order by id desc limit 1)`, column, table), s.from, s.to).Scan(&first, &last)
	s.first, s.last = time.UnixMicro(first).UTC(), time.UnixMicro(last).UTC()
	return s, err
}

// inStretch selects the requests of a stretch.
const inStretch = "where r.id >= ? and r.id < ?"

// statesOf yields the requests of a run, or of all runs if that is 0.
func statesOf(ctx context.Context, db rows.Querier, run int64) iter.Seq2[*rows.Request, error] {
	if run == 0 {
		return rows.States(ctx, db, "")
	}
	sent, err := rowsOf(ctx, db, "requests", "claimed_at", run)
	if err != nil {
		return func(yield func(*rows.Request, error) bool) { yield(nil, err) }
	}
	return rows.States(ctx, db, inStretch, sent.from, sent.to)
}

// sorted returns the values of a map by falling size, then by name.
func sorted[K comparable, V any](m map[K]*V, size func(*V) int, name func(*V) string) []V {
	all := make([]V, 0, len(m))
	for _, v := range m {
		all = append(all, *v)
	}
	slices.SortFunc(all, func(a, b V) int { return cmp.Or(cmp.Compare(size(&b), size(&a)), cmp.Compare(name(&a), name(&b))) })
	return all
}

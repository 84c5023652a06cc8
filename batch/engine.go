package batch

import (
	"context"
	"time"
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
}

// Left returns how many people are left to invite as far as the plan knows.
// Those in doubt count: the API's list may not show them.
func (p *Plan) Left() int { return p.People - p.AlreadyInvited }

// An InterviewPlan is the part of a Plan that concerns one interview.
type InterviewPlan struct {
	ID       string
	People   int
	Requests int
	Left     int // People whom the ledger does not know to be invited; People without Survey
}

// Check is pass 1: it reads all of src, finds the duplicates and counts. The
// error is the input's (it is broken) or ctx's.
func Check(ctx context.Context, src Source, opts Options) (*Plan, error) { panic("TODO") }

// Survey reads src once more and counts who is left after the ledger.
func (p *Plan) Survey(ctx context.Context, src Source, ledger Ledger) error { panic("TODO") }

// An End says why a run ended.
type End int

// The ends of a run.
const (
	Finished     End = iota // every row was dealt with
	Stopped                 // the context was cancelled and rows are left
	KeyRefused              // 401 or 403
	QuotaUsedUp             // 429 "Limit Exceeded"
	WrongPath               // the base URL leads nowhere
	APIDown                 // no accepted invitation for Options.GiveUpAfter
	DeadlineOver            // Options.Deadline
)

// Progress is where a run stands.
type Progress struct {
	People   int     // to deal with in this run: Plan.People
	Done     int     // people whose outcome is known
	Invited  int     // of them: invited, confirmed or re-sent by this run
	Already  int     // of them: already invited
	Failed   int     // of them: in failed.csv
	InDoubt  int     // sent, and the answer is not known yet
	Requests int     // requests of all kinds that have left
	Rate     float64 // requests per second that the limiter allows now
}

// An Engine runs one input once. Use it in the order New, Run, Outcome for
// each row, Close.
type Engine struct{}

// New prepares a run over src with the plan that Check made of it. The settle
// time of what dead runs left in doubt begins now: call it when the ledger's
// lock is held.
func New(src Source, plan *Plan, ledger Ledger, api API, opts Options) (*Engine, error) {
	panic("TODO")
}

// Run is pass 2: it sends. When ctx is cancelled no new request is sent, those
// under way are awaited and settled, and the rest stays unsent: that is a stop
// and no error. An error means that the run broke off (ledger, disk, a bug);
// outcomes are then still those that are known.
func (e *Engine) Run(ctx context.Context) error { panic("TODO") }

// End tells why Run returned, and in words why what is left was not sent.
func (e *Engine) End() (End, string) { panic("TODO") }

// Progress may be called at any time from any goroutine.
func (e *Engine) Progress() Progress { panic("TODO") }

// Outcome returns what became of a row, for pass 3. Rows that the run did not
// get to are CodeNotSent.
func (e *Engine) Outcome(row *Row) (Outcome, error) { panic("TODO") }

// Warnings are what a person should know of the run and no row tells, such as
// that links were not fetched because the API made a second session of one.
func (e *Engine) Warnings() []string { panic("TODO") }

// Close frees what the engine holds.
func (e *Engine) Close() error { panic("TODO") }

// A Summary counts a run by outcomes. Rows = results + failed, or Balanced is
// false.
type Summary struct {
	Rows     int            // rows that the check pass counted
	Results  map[Status]int // rows in results.csv
	Failed   map[Code]int   // rows in failed.csv
	Requests int
	Elapsed  time.Duration
}

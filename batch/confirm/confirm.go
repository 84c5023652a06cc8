// Package confirm finds out who of the people in doubt in a ledger is invited,
// without inviting anybody. It knows the ledger and the engine, which reads the
// API's lists. It must not know who asks, nor how the result is shown.
package confirm

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/batch/plan"
)

// A Job says who is confirmed.
type Job struct {
	Ledger    *ledger.Store
	API       batch.API
	BaseURL   string // of API, in normal form
	Interview string // the only one; empty: all
	Options   batch.Options

	// Begun, unless nil, is called when the run has begun, with its number and
	// how many people it is about.
	Begun func(run int64, people int)

	// Watch, unless nil, is called in a goroutine of its own. Its ctx is done when
	// nothing more is asked; Run waits for it.
	Watch func(ctx context.Context, progress func() engine.Progress) error
}

// A Person was in doubt.
type Person struct {
	Key              batch.Key
	Resend           bool // in doubt is whether the invitation was sent again
	JobApplicationID string

	State       batch.State // StateSending: still in doubt
	CandidateID string
	Reason      string // why the person is still in doubt
}

// A Report is the result of a Run.
type Report struct {
	People    []Person // each once; those that a list may show come first
	Elsewhere int      // requests in doubt at other base URLs
	Requests  int
	End       batch.End
	Reason    string // why the run ended early, in words
	ExitCode  int
}

// Run asks the API's lists about everybody in doubt, and writes to the ledger
// what it finds out. An error before Begun is called means that nothing was
// asked. When ctx is cancelled, the people not confirmed yet stay in doubt.
func Run(ctx context.Context, j Job) (*Report, error) {
	r := &Report{}
	if err := j.inDoubt(ctx, r); err != nil {
		return nil, err
	}
	run, err := j.Ledger.Begin(ctx, ledger.RunInfo{BaseURL: j.BaseURL, Input: "confirm", Rows: len(r.People)})
	if err != nil {
		return nil, err
	}
	if j.Begun != nil {
		j.Begun(run.ID(), len(r.People))
	}
	if err := j.settle(ctx, run, r); err != nil {
		if endErr := run.End(ctx, nil, batch.ExitBroken); !errors.Is(err, endErr) {
			err = errors.Join(err, endErr)
		}
		return nil, err
	}
	r.ExitCode = batch.ExitCode(ctx, r.End, r.Count(batch.StateSending))
	return r, run.End(ctx, r.counts(), r.ExitCode)
}

// inDoubt finds the people of the job in the ledger.
func (j *Job) inDoubt(ctx context.Context, r *Report) error {
	all, err := j.Ledger.OpenRequests(ctx)
	if err != nil {
		return err
	}
	var resent []Person
	seen := map[Person]bool{}
	for _, u := range all {
		p := Person{Key: u.Key, Resend: u.Kind == batch.KindResend}
		switch {
		case u.BaseURL != j.BaseURL:
			r.Elsewhere++
			continue
		case seen[p], j.Interview != "" && u.Key.InterviewID != batch.NewKey(j.Interview, "").InterviewID:
			continue
		}
		seen[p] = true
		p.JobApplicationID = u.JobApplicationID
		if p.Resend {
			resent = append(resent, p)
		} else {
			r.People = append(r.People, p)
		}
	}
	r.People = append(r.People, resent...)
	return nil
}

// settle lets the engine read the lists, and then reads from the ledger what is
// known now.
func (j *Job) settle(ctx context.Context, run *ledger.Run, r *Report) error {
	opts := j.Options
	opts.ConfirmOnly = true
	roster, err := j.roster(ctx, r.People)
	if err != nil {
		return err
	}
	plan, err := plan.Check(ctx, roster, opts)
	if err != nil {
		return err
	}
	engine, err := engine.New(roster, plan, run, j.API, opts)
	if err != nil {
		return err
	}
	watching, done := context.WithCancel(context.WithoutCancel(ctx)) // a stopping run is watched to its end
	defer done()
	var g errgroup.Group
	if j.Watch != nil {
		g.Go(batch.Guard(func() error { return j.Watch(watching, engine.Progress) }))
	}
	broke := engine.Run(ctx)
	done()
	err = g.Wait()
	r.Requests = engine.Progress().Requests
	r.End, r.Reason = engine.End()
	after := context.WithoutCancel(ctx) // a stopped run has found things out, too
	return errors.Join(broke, err, r.learn(after, run, engine), engine.Close())
}

// roster returns the people in doubt as the engine's input, followed by the
// people that a list must show in order to be believed.
func (j *Job) roster(ctx context.Context, people []Person) (*batch.Roster, error) {
	roster := &batch.Roster{}
	var interviews []string
	seen := map[string]bool{}
	for _, p := range people {
		if p.Resend {
			continue // the list cannot tell
		}
		roster.Add(p.Key, p.JobApplicationID)
		if id := p.Key.InterviewID; !seen[id] {
			seen[id] = true
			interviews = append(interviews, id)
		}
	}
	if len(interviews) == 0 {
		return roster, nil
	}
	return roster, j.Ledger.Members(ctx, j.BaseURL, interviews, func(m history.Member) {
		if m.State == batch.StateInvited && m.Listed {
			roster.Add(m.Key, "")
		}
	})
}

// learn reads the states of the people from the ledger, since the next run acts
// by them alone.
func (r *Report) learn(ctx context.Context, run *ledger.Run, engine *engine.Engine) error {
	keys := make([]batch.Key, len(r.People))
	for i := range r.People {
		keys[i] = r.People[i].Key
	}
	records, err := run.Lookup(ctx, keys)
	if err != nil {
		return err
	}
	for i := range r.People {
		p, rec := &r.People[i], &records[i]
		if p.Resend {
			p.State, p.Reason = rec.ResentState, "the API's list does not show what is sent again"
			continue
		}
		p.State, p.CandidateID = rec.State, rec.CandidateID
		out, err := engine.Outcome(&batch.Row{Index: i})
		if err != nil {
			return err
		}
		p.Reason = out.Error
	}
	return nil
}

// Count returns how many people are in a state.
func (r *Report) Count(state batch.State) int {
	n := 0
	for i := range r.People {
		if r.People[i].State == state {
			n++
		}
	}
	return n
}

// NotInvited returns how many people are known not to be invited.
func (r *Report) NotInvited() int {
	return len(r.People) - r.Count(batch.StateInvited) - r.Count(batch.StateSending)
}

// counts returns the counts that the ledger keeps.
func (r *Report) counts() map[string]int {
	return map[string]int{
		string(batch.StatusConfirmed): r.Count(batch.StateInvited),
		string(batch.CodeNotSent):     r.NotInvited(),
		string(batch.CodeUncertain):   r.Count(batch.StateSending),
		"requests":                    r.Requests,
	}
}

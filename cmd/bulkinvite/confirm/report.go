package confirm

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/cmd/bulkinvite/app"
)

// A confirmed is somebody who was in doubt, and what became of it.
type confirmed struct {
	key              batch.Key
	resend           bool // in doubt is whether their invitation was sent again
	jobApplicationID string

	state       batch.State // StateSending: still in doubt
	candidateID string
	reason      string // why they are still in doubt
}

// A confirmReport is what a run of confirm has to tell.
type confirmReport struct {
	people    []confirmed
	elsewhere int // requests in doubt at other base URLs
	baseURL   string
	interview string // the only one; empty: all
	requests  int
	end       batch.End
	reason    string
}

// learn asks the ledger what is known now: that alone is what the next run acts
// by.
func (r *confirmReport) learn(ctx context.Context, book *ledger.Run, engine *batch.Engine) error {
	keys := make([]batch.Key, len(r.people))
	for i := range r.people {
		keys[i] = r.people[i].key
	}
	records, err := book.Lookup(ctx, keys)
	if err != nil {
		return err
	}
	for i := range r.people {
		p, rec := &r.people[i], &records[i]
		if p.resend {
			p.state, p.reason = rec.ResentState, "the API's list does not show what is sent again"
			continue
		}
		p.state, p.candidateID = rec.State, rec.CandidateID
		out, err := engine.Outcome(&batch.Row{Index: i})
		if err != nil {
			return err
		}
		p.reason = out.Error
	}
	return nil
}

// count returns how many people are in a state.
func (r *confirmReport) count(state batch.State) int {
	n := 0
	for i := range r.people {
		if r.people[i].state == state {
			n++
		}
	}
	return n
}

// notInvited is how many are known not to be invited.
func (r *confirmReport) notInvited() int {
	return len(r.people) - r.count(batch.StateInvited) - r.count(batch.StateSending)
}

// counts is how the ledger keeps them.
func (r *confirmReport) counts() map[string]int {
	return map[string]int{
		string(batch.StatusConfirmed): r.count(batch.StateInvited),
		string(batch.CodeNotSent):     r.notInvited(),
		string(batch.CodeUncertain):   r.count(batch.StateSending),
		"requests":                    r.requests,
	}
}

func (r *confirmReport) writeTo(w io.Writer) error {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	if len(r.people) > 0 {
		_, _ = fmt.Fprintln(table, "now\temail\tinterview\tcandidate id, or why")
	}
	for i := range r.people {
		p := &r.people[i]
		word, more := "not invited", ""
		switch p.state {
		case batch.StateInvited:
			word, more = "invited", p.candidateID
		case batch.StateSending:
			word, more = "in doubt", p.reason
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", word, p.key.Email, p.key.InterviewID, more)
	}
	_ = table.Flush() // a strings.Builder takes everything
	fmt.Fprintf(&b, "%s\n", r.lastLine())
	if r.elsewhere > 0 {
		fmt.Fprintf(&b, "in doubt at other APIs: %s; bulkinvite status shows them, --base-url takes the other API\n", batch.Count(r.elsewhere, "invitation"))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// lastLine says how the run ended, and what to do next.
func (r *confirmReport) lastLine() string {
	left := r.count(batch.StateSending)
	switch {
	case r.end != batch.Finished:
		return fmt.Sprintf("ended early: %s; %s still in doubt, %s", r.reason, app.PeopleAre(left), app.Again)
	case len(r.people) == 0:
		return "nobody is in doubt" + r.where()
	case left > 0:
		return fmt.Sprintf("finished; %s still in doubt%s; run the same command again later, "+
			"or look in the dashboard and say what you know with --assume", app.PeopleAre(left), r.where())
	case r.notInvited() > 0:
		return fmt.Sprintf("finished; nobody is in doubt any more%s; the next send that names them invites the %s who are not invited",
			r.where(), batch.People(r.notInvited()))
	}
	return "finished; nobody is in doubt any more" + r.where()
}

// where says what the run was about.
func (r *confirmReport) where() string {
	if r.interview == "" {
		return " at " + r.baseURL
	}
	return fmt.Sprintf(" about interview %s at %s", r.interview, r.baseURL)
}

package confirm

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"bulkinvite/batch"
	"bulkinvite/batch/confirm"
	"bulkinvite/cmd/bulkinvite/app"
)

// A report is that of the library in the words of this program.
type report struct {
	*confirm.Report
	baseURL, interview string // of the people in question
}

func (r *report) text() string {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	if len(r.People) > 0 {
		_, _ = fmt.Fprintln(table, "now\temail\tinterview\tcandidate id, or why")
	}
	for i := range r.People {
		p := &r.People[i]
		word, more := "not invited", ""
		switch p.State {
		case batch.StateInvited:
			word, more = "invited", p.CandidateID
		case batch.StateSending:
			word, more = "in doubt", p.Reason
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", word, p.Key.Email, p.Key.InterviewID, more)
	}
	_ = table.Flush() // a strings.Builder takes everything
	fmt.Fprintf(&b, "%s\n", r.lastLine())
	if r.Elsewhere > 0 {
		fmt.Fprintf(&b, "in doubt at other APIs: %s; bulkinvite status shows them, --base-url takes the other API\n", batch.Count(r.Elsewhere, "invitation"))
	}
	return b.String()
}

// lastLine says how the run ended and what to do next.
func (r *report) lastLine() string {
	left := r.Count(batch.StateSending)
	switch {
	case r.End != batch.Finished:
		return fmt.Sprintf("ended early: %s; %s still in doubt, %s", r.Reason, app.PeopleAre(left), app.Again)
	case len(r.People) == 0:
		return "nobody is in doubt" + r.where()
	case left > 0:
		return fmt.Sprintf("finished; %s still in doubt%s; run the same command again later, "+
			"or look in the dashboard and say what you know with --assume", app.PeopleAre(left), r.where())
	case r.NotInvited() > 0:
		return fmt.Sprintf("finished; nobody is in doubt any more%s; the next send that names them invites the %s who are not invited",
			r.where(), batch.People(r.NotInvited()))
	}
	return "finished; nobody is in doubt any more" + r.where()
}

// where names the interview and API in question.
func (r *report) where() string {
	if r.interview == "" {
		return " at " + r.baseURL
	}
	return fmt.Sprintf(" about interview %s at %s", r.interview, r.baseURL)
}

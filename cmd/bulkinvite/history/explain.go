package history

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/csvio"
)

// ExplainOptions are the flags of explain.
type ExplainOptions struct {
	*app.App
	ledger, interview string
	json              bool
}

// NewCmdExplain returns the command explain.
func NewCmdExplain(a *app.App) *cobra.Command {
	opts := ExplainOptions{App: a}
	cmd := &cobra.Command{
		Use:   "explain EMAIL",
		Short: "Show what the ledger knows about a person, and what the next send would do",
		Example: `  bulkinvite explain ann@example.com
  bulkinvite explain ann@example.com --json | jq -r '.interviews[].next'`,
		Long: `explain shows what the ledger knows about a person, for each interview: their
runs and requests, the answers, their link, their state, and what the next send
would do with a row that names them, and why.

EMAIL is an address in any spelling. For a row without an address, write
application:ID or candidate:ID with the id of the row; such rows are also shown
for an address if the ledger knows that the id belongs to the same person.
Addresses are shown in full, unlike in logs. It may be used while a run goes on,
and changes nothing.

The exit code is 0 also if nothing is known about the person; --json has no
interviews then.

With --json it writes one JSON object: ledger, running (a run goes on now), email
(as the ledger compares it) and interviews. Each of these has known_as (email, or
what replaces it), base_url, interview_id, state (invited, in_doubt, refused,
no_invitation, failed or not_sent), forgotten, candidate_id, invite_url, next
(what the next send would do) and requests, with their answers, the oldest first.
A status_code of 0 means that no answer came by HTTP. Times are UTC.`,
		Args: app.OnePerson,
		RunE: a.Reading(opts.run),
	}
	app.AddLedgerFlag(cmd.Flags(), &opts.ledger)
	cmd.Flags().Var(app.Text(&opts.interview, csvio.CheckInterviewID), "interview", "only this interview (default: all)")
	cmd.Flags().BoolVar(&opts.json, "json", false, "write JSON, for programs")
	return cmd
}

func (o *ExplainOptions) run(ctx context.Context, _ zerolog.Logger, args []string) error {
	return o.ReadLedger(ctx, o.ledger, func(reader *history.Reader, path string) error {
		e := explanation{ledger: path, interview: o.interview}
		var err error
		if e.running, err = runningNow(ctx, reader); err != nil {
			return err
		}
		if e.traces, err = reader.Traces(ctx, strings.TrimSpace(args[0]), o.interview); err != nil {
			return err
		}
		if len(e.traces.Histories) == 0 {
			if err := app.CheckUnknown(e.traces.Person); err != nil {
				return err
			}
		}
		return show(o.App, o.json, &e)
	})
}

// runningNow returns the number of the run under way, 0 for none.
func runningNow(ctx context.Context, reader *history.Reader) (int64, error) {
	running, err := reader.Running()
	if err != nil || !running {
		return 0, err
	}
	newest, err := reader.Runs(ctx, 1)
	if err != nil || len(newest) == 0 || !newest[0].EndedAt.IsZero() {
		return 0, err
	}
	return newest[0].ID, nil
}

// An explanation is what explain shows.
type explanation struct {
	ledger  string
	running int64 // the run under way; 0: none

	interview string // the only one that is shown; empty: all
	traces    *history.Traces
}

func (e *explanation) text() (string, error) {
	var b strings.Builder
	if len(e.traces.Histories) == 0 {
		about := ""
		if e.interview != "" {
			about = " and interview " + e.interview
		}
		fmt.Fprintf(&b, "nothing is known of %s%s in the ledger %s\n", e.traces.Person, about, e.ledger)
	}
	for i := range e.traces.Histories {
		if i > 0 {
			fmt.Fprintln(&b)
		}
		e.writeHistory(&b, &e.traces.Histories[i])
	}
	return b.String(), nil
}

func (e *explanation) writeHistory(b *strings.Builder, h *history.History) {
	fmt.Fprintf(b, "%s: %s\n", h.Key.Email, standing(h))
	fmt.Fprintf(b, "  interview %s at %s\n", h.Key.InterviewID, h.BaseURL)
	if h.Record.CandidateID != "" {
		fmt.Fprintf(b, "  candidate %s\n", h.Record.CandidateID)
	}
	if h.Record.InviteURL != "" {
		fmt.Fprintf(b, "  link %s\n", h.Record.InviteURL)
	}
	for i := range h.Requests {
		r := &h.Requests[i]
		fmt.Fprintf(b, "  %s  request %d of run %d: %s\n", r.ClaimedAt.Local().Format(time.DateTime), r.ID, r.RunID, describe(r))
		for j := range r.Answers {
			a := &r.Answers[j]
			fmt.Fprintf(b, "  %s    %s\n", a.At.Local().Format(time.DateTime), describeAnswer(r, a))
		}
	}
	fmt.Fprintf(b, "  the next send %s\n", e.next(h))
}

// standing describes a person's state in a few words.
func standing(h *history.History) string {
	if isForgotten(h) {
		return wordFor(h.Record.State) + ", and forgotten since"
	}
	return wordFor(h.Record.State)
}

// isForgotten reports whether the person was forgotten and has been in no request
// since.
func isForgotten(h *history.History) bool {
	return h.Requests[len(h.Requests)-1].Forgotten
}

// describe describes a request.
func describe(r *history.PastRequest) string {
	var b strings.Builder
	b.WriteString(string(r.Kind))
	if r.People > 1 {
		fmt.Fprintf(&b, ", one of %s", batch.People(r.People))
	}
	if r.JobApplicationID != "" {
		fmt.Fprintf(&b, ", job application %s", r.JobApplicationID)
	}
	if r.CandidateID != "" {
		fmt.Fprintf(&b, ", candidate %s", r.CandidateID)
	}
	if r.DisableEmail {
		b.WriteString(", without an e-mail")
	}
	if len(r.Answers) == 0 {
		b.WriteString("; no answer yet")
	}
	return b.String()
}

// describeAnswer describes an answer to a request, or a later finding.
func describeAnswer(r *history.PastRequest, a *history.PastAnswer) string {
	var b strings.Builder
	if a.RunID != r.RunID {
		fmt.Fprintf(&b, "run %d: ", a.RunID)
	}
	if a.StatusCode != 0 {
		fmt.Fprintf(&b, "status %d, ", a.StatusCode)
	}
	b.WriteString(wordFor(a.State))
	if a.Mark == batch.MarkOtherAddress {
		b.WriteString(" (the answer named an address that nobody asked for)")
	}
	if a.Message != "" {
		fmt.Fprintf(&b, ": %s", batch.OneLine(a.Message))
	}
	return b.String()
}

// wordFor returns the name of a state for people.
func wordFor(s batch.State) string { return strings.ReplaceAll(stateName(s), "_", " ") }

// stateName returns the name of a state for programs.
func stateName(s batch.State) string {
	switch s {
	case batch.StateNone:
		return "not_sent"
	case batch.StateSending:
		return "in_doubt"
	default:
		return string(s)
	}
}

// next describes what the next send would do with a row of the person, and why.
func (e *explanation) next(h *history.History) string {
	rec := &h.Record
	switch rec.Next(batch.Candidate{}, time.Now(), 0) {
	case batch.SkipForgotten:
		return "leaves them out, without id and link: they were invited, and forgotten since"
	case batch.SkipInvited:
		return "leaves them out: they are invited" + missingLink(rec) + afterResend(rec)
	case batch.Wait:
		return "waits for " + rec.Holder.Name + ", which is inviting them"
	case batch.Ask:
		return e.nextInDoubt(h)
	}
	switch rec.State {
	case batch.StateRefused:
		return "tries again: the API refused them, which may have been fixed since"
	case batch.StateNoInvitation:
		return "leaves them out, unless name or address in the row have changed: the API accepted the request and left them out" +
			"; after bulkinvite confirm --assume not-sent it invites them"
	case batch.StateFailed:
		return "tries again: all attempts of the last run failed, and none of them invited them"
	}
	return "invites them, unless the API's list shows them: nothing that was sent for them is known to have invited them" + afterResend(rec)
}

// missingLink describes what happens to an unknown link.
func missingLink(rec *batch.Record) string {
	switch {
	case rec.InviteURL != "" || rec.CandidateID == "":
		return ""
	case rec.Kind == batch.KindFound: // elsewhere
		return "; their link is fetched with --links all"
	default:
		return "; their link is fetched, unless --links says none"
	}
}

// afterResend mentions a re-send, which --resend takes into account.
func afterResend(rec *batch.Record) string {
	if rec.ResentAt.IsZero() {
		return ""
	}
	at := rec.ResentAt.Local().Format(time.DateTime)
	if rec.ResentState == batch.StateSending {
		return "; a re-send at " + at + " has an unknown outcome, and --resend counts it as sent"
	}
	return "; they were re-sent to at " + at
}

// nextInDoubt is next for a person in doubt.
func (e *explanation) nextInDoubt(h *history.History) string {
	asks := "asks the API's list first, because their answer was lost: "
	for _, r := range h.Requests {
		if r.ID == h.Record.RequestID && r.RunID == e.running {
			asks = "waits for the run that is sending this now; if the answer is lost, it asks the API's list first: "
		}
	}
	switch {
	case !h.Key.HasAddress():
		return "does not send, and calls them uncertain: their answer was lost, and the API's list cannot show " +
			h.Key.Email + "; look in the dashboard whether they are invited"
	case h.Record.Mark == batch.MarkOtherAddress:
		return asks + "if it shows them they are invited; if not they stay uncertain, since the answer named an address that nobody " +
			"asked for, which may be theirs; look in the dashboard, and use bulkinvite confirm --assume"
	case h.Record.JobApplicationID != "":
		return asks + "if it shows them they are invited; if not they stay uncertain, since their job application may hold another address"
	default:
		return asks + "if it shows them they are invited; if it does not, twice, they are invited anew"
	}
}

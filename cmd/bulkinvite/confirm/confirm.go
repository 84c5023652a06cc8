// Package confirm is the command that finds out who of those in doubt is
// invited, from the API's lists or from its user. It knows what the commands share
// and the library. It must not know other commands, nor invite anybody.
package confirm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"bulkinvite/batch"
	"bulkinvite/batch/confirm"
	"bulkinvite/batch/engine"
	"bulkinvite/batch/ledger"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/csvio"
)

// Options are the flags of confirm.
type Options struct {
	api       app.APIFlags
	interview string
	assume    string // empty: ask the API
	yes       bool
}

const long = `confirm settles who is in doubt: people of a request whose outcome is unknown,
because a run died or lost the answer. It reads the interviews' lists and sends
no invitation: all its requests are GET. The next send that names a person
fetches their missing link.

A person in the list is invited. A person counts as not invited only when two
whole reads agree: the first begins --settle-time after confirm does, the second
as long after that, and both show everyone who is invited to the interview as far
as the ledger knows. The next send that names them then invites them. All others
stay in doubt.

The list cannot show whether an invitation was sent again (--resend), and may not
show people who were invited through a job application, or whose answer named an
address that nobody asked for. Look these up in the dashboard and enter what it
shows with --assume, which does not ask the API; EMAIL and INTERVIEW_ID are as
confirm prints them. sent: they count as invited, and nobody invites them again.
not-sent: the next send that names them invites them. This also works for people
that the API left out (no_invitation): they are not in doubt, and are sent again
only after their row changes. The ledger records that a user said it. On a
terminal confirm asks first; elsewhere it needs --yes. --base-url must be that of
the invitation.

It prints what it found about each person, with the address in full. It uses the
ledger as a run of send does, and status lists it like one.

Exit codes: 0 nobody is in doubt any more; 3 somebody is; 4 the API ended it;
1, 2, 5 and signals as in send. With --assume 0: done; 2: nothing was changed,
for example because the person is neither in doubt nor left out; 5: a run holds
the ledger.`

// NewCmdConfirm returns the command confirm.
func NewCmdConfirm(a *app.App) *cobra.Command {
	var flags Options
	cmd := &cobra.Command{
		Use:   "confirm [--assume sent|not-sent EMAIL INTERVIEW_ID]",
		Short: "Find out who of those in doubt is invited, without inviting anybody",
		Example: `  bulkinvite confirm --api-key-file ~/.micro1-api-key
  bulkinvite confirm --interview 7c9e6679-7425-40de-944b-e07fc1f90ae7 --api-key-file ~/.micro1-api-key

  # somebody has looked in the dashboard
  bulkinvite confirm --assume sent ann@example.com 7c9e6679-7425-40de-944b-e07fc1f90ae7`,
		Long: long,
		Args: cobra.ArbitraryArgs, // they depend on --assume, which the environment may set
		RunE: a.Action(func(ctx context.Context, log zerolog.Logger, args []string) error {
			c := &confirmer{App: a, flags: &flags, log: log}
			return app.WithSignals(ctx, c.stopping, func(ctx context.Context) error {
				switch {
				case flags.assume != "":
					return c.assume(ctx, args)
				case len(args) > 0:
					return app.Refusef("confirm takes EMAIL and INTERVIEW_ID only with --assume; see bulkinvite confirm --help")
				}
				return c.run(ctx)
			})
		}),
	}
	flags.api.Add(cmd.Flags())
	opts := &flags.api.Batch
	cmd.Flags().Var(app.Text(&flags.interview, csvio.CheckInterviewID), "interview", "only this interview (default: all)")
	cmd.Flags().Var(app.Choice(&flags.assume, assumeSent, assumeNotSent), "assume", "do not ask the API, and record that an invitation in doubt was sent, or not-sent")
	cmd.Flags().BoolVar(&flags.yes, "yes", false, "do not ask, with --assume on a terminal")
	cmd.Flags().Var(app.Span(&opts.SettleTime), "settle-time", "how long after a lost answer the API's list is believed; longer than the API may take to act on a request")
	cmd.Flags().Var(app.Span(&opts.GiveUpAfter), "give-up-after", "end when the API has answered nothing for so long, or asks to wait longer")
	cmd.Flags().Var(app.SpanOrZero(&opts.Deadline), "deadline", "end after this time; 0: never")
	return cmd
}

// A confirmer is one run of confirm.
type confirmer struct {
	*app.App
	flags *Options
	log   zerolog.Logger
	begun atomic.Bool // set before the ledger is opened: from then on the run is ended in order
}

// stopping is called at the first signal, which also cancels the run.
func (c *confirmer) stopping(stop app.StopSignal) {
	if !c.begun.Load() {
		c.EndAtOnce(stop)
	}
	c.log.Warn().Stringer("signal", stop.Sig).Msg("stopping: nothing more is asked; another signal ends the program at once")
}

func (c *confirmer) run(ctx context.Context) error {
	r, err := c.confirm(ctx)
	if err != nil {
		app.LogBug(c.log, err)
		return err
	}
	// The ledger is closed by now, since a reader of this may be slow.
	app.Patiently(ctx, func() { _, _ = io.WriteString(c.Stdout, r.text()) }) // which drops errors
	return app.ExitWith(r.ExitCode)
}

// confirm asks the API, and closes the ledger.
func (c *confirmer) confirm(ctx context.Context) (r *report, err error) {
	api, err := c.flags.api.Connect(c.App, c.log)
	if err != nil {
		return nil, app.Early(ctx, err)
	}
	defer api.Close()
	c.begun.Store(true)
	store, err := c.TakeLedger(ctx, c.flags.api.Ledger)
	if err != nil {
		return nil, app.Early(ctx, err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	job, asked := c.job(store, api), false
	job.Begun = func(run int64, people int) {
		asked = true
		c.logBegin(store, run, people)
	}
	found, err := confirm.Run(ctx, job)
	switch {
	case err == nil:
		return &report{Report: found, baseURL: job.BaseURL, interview: job.Interview}, nil
	case asked:
		return nil, ledger.Advised(fmt.Errorf("broke off: %w; %s", err, app.Again), store.Path())
	}
	return nil, app.Early(ctx, ledger.Advised(err, store.Path()))
}

// job returns what the flags ask to confirm.
func (c *confirmer) job(store *ledger.Store, api batch.API) confirm.Job {
	opts := c.flags.api.Batch
	opts.Log = c.log
	return confirm.Job{
		Ledger: store, API: api, BaseURL: c.flags.api.BaseURL, Interview: c.flags.interview, Options: opts,
		Watch: func(ctx context.Context, progress func() engine.Progress) error {
			app.Every(ctx.Done(), app.LogInterval, func() {
				p := progress()
				c.log.Info().Int("in_doubt", p.InDoubt).Int("requests", p.Requests).Msg("asking")
			})
			return nil
		},
	}
}

func (c *confirmer) logBegin(store *ledger.Store, run int64, people int) {
	c.log.Info().Str("ledger", store.Path()).Int64("run", run).Str("api", c.flags.api.BaseURL).
		Int("in_doubt", people).Msg("the ledger is open")
	if people > 0 {
		c.log.Info().Int("people", people).Stringer("at_least", 2*c.flags.api.Batch.SettleTime).
			Msg("asking the API's lists about those in doubt, twice")
	}
}

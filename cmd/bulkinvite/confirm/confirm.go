// Package confirm is the command that finds out who of those in doubt is
// invited, from the API's lists or from what somebody says. It knows what the
// commands share and the library. It must not know other commands, nor invite
// anybody.
package confirm

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
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

// NewCmdConfirm returns the command confirm.
func NewCmdConfirm(a *app.App) *cobra.Command {
	var flags Options
	cmd := &cobra.Command{
		Use:   "confirm [--assume sent|not-sent EMAIL INTERVIEW_ID]",
		Short: "Find out who of those in doubt is invited, without inviting anybody",
		Example: `  bulkinvite confirm --api-key-file ~/.micro1-api-key
  bulkinvite confirm --interview 7c9e6679-7425-40de-944b-e07fc1f90ae7 --api-key-file ~/.micro1-api-key

  # what the list cannot tell, and somebody has looked up in the dashboard
  bulkinvite confirm --assume sent ann@example.com 7c9e6679-7425-40de-944b-e07fc1f90ae7`,
		Long: `confirm settles who is in doubt: people whose invitation was sent, or was about to
be, by a run that died or lost the answer. It reads the interviews' lists and
sends no invitation: nothing but GET requests leave. Links that are missing are
fetched by the next send that names the person.

Whoever is found in the list is invited. Not to be found counts only when two
whole reads agree, the first begun --settle-time after confirm did, the second
as long after, and both show everyone whom the ledger knows to be invited to
that interview; then they are known not to be invited, and the next send that
names them invites them. Otherwise they stay in doubt.

The list cannot tell whether an invitation was sent again (--resend), and not of
everyone who was invited through a job application, or whose answer named an
address that nobody asked for. Whom the API left out (no_invitation) is in no
doubt, and not sent again until their row changes or you say so. With --assume confirm asks
nobody but you: look the person up in the dashboard and say what you know, with
EMAIL and INTERVIEW_ID as confirm prints them. sent: they count as invited, and
nobody invites them again. not-sent: the next send that names them invites them.
The ledger keeps that it was said by hand. On a terminal it asks first;
elsewhere it needs --yes. --base-url must be that of the invitation.

It prints what it found of each person, with the address in full. It uses the
ledger as a run of send does, and is listed by status like one.

Exit codes: 0 nobody is in doubt any more; 3 somebody is; 4 the API ended it;
1, 2, 5 and signals as in send. With --assume 0: done; 2: nothing was changed,
such as for somebody who is neither in doubt nor left out; 5: a run holds the ledger.`,
		Args: cobra.ArbitraryArgs, // what they may be depends on --assume, which the environment may set
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
	cmd.Flags().Var(app.Choice(&flags.assume, assumeSent, assumeNotSent), "assume", "do not ask the API, and note that an invitation in doubt was sent, or not-sent")
	cmd.Flags().BoolVar(&flags.yes, "yes", false, "do not ask, with --assume on a terminal")
	cmd.Flags().Var(app.Span(&opts.SettleTime), "settle-time", "how long after a lost answer the API's list is believed; longer than the API may still act on a request")
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

// stopping is what the first signal does beside cancelling the run.
func (c *confirmer) stopping(stop app.StopSignal) {
	if !c.begun.Load() {
		c.EndAtOnce(stop)
	}
	c.log.Warn().Stringer("signal", stop.Sig).Msg("stopping: nothing more is asked; another signal ends the program at once")
}

func (c *confirmer) run(ctx context.Context) error {
	r, code, err := c.confirm(ctx)
	if err != nil {
		app.LogBug(c.log, err)
		return err
	}
	// The ledger is free by now: whoever reads this may take their time.
	app.Patiently(ctx, func() { _ = r.writeTo(c.Stdout) }) // which drops errors
	return app.ExitWith(code)
}

// confirm is the run but for telling of it. It returns the exit code as well.
func (c *confirmer) confirm(ctx context.Context) (r *confirmReport, code int, err error) {
	api, err := c.flags.api.Connect(c.App, c.log)
	if err != nil {
		return nil, 0, app.Early(ctx, err)
	}
	defer api.Close()
	c.begun.Store(true)
	store, err := c.TakeLedger(ctx, c.flags.api.Ledger)
	if err != nil {
		return nil, 0, app.Early(ctx, err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	people, elsewhere, err := c.inDoubt(ctx, store)
	if err != nil {
		return nil, 0, app.Early(ctx, ledger.Advised(err, store.Path()))
	}
	book, err := store.Begin(ctx, ledger.RunInfo{BaseURL: c.flags.api.Base.URL, Input: "confirm", Rows: len(people)})
	if err != nil {
		return nil, 0, app.Early(ctx, ledger.Advised(err, store.Path()))
	}
	c.log.Info().Str("ledger", store.Path()).Int64("run", book.ID()).Str("api", c.flags.api.Base.URL).
		Int("in_doubt", len(people)).Msg("the ledger is open")
	r = &confirmReport{people: people, elsewhere: elsewhere, baseURL: c.flags.api.Base.URL, interview: c.flags.interview}
	if err := c.settle(ctx, store, book, api, r); err != nil {
		if endErr := book.End(ctx, nil, batch.ExitBroken); !errors.Is(err, endErr) {
			err = errors.Join(err, endErr)
		}
		return nil, 0, ledger.Advised(fmt.Errorf("broke off: %w; %s", err, app.Again), store.Path())
	}
	code = batch.ExitCode(ctx, r.end, r.count(batch.StateSending))
	if err := book.End(ctx, r.counts(), code); err != nil {
		return nil, 0, ledger.Advised(err, store.Path())
	}
	return r, code, nil
}

// inDoubt returns who is in doubt and concerns this run, each person once and
// those whom the list may show first, and how many are at other base URLs.
func (c *confirmer) inDoubt(ctx context.Context, store *ledger.Store) (people []confirmed, elsewhere int, err error) {
	all, err := store.InDoubt(ctx)
	if err != nil {
		return nil, 0, err
	}
	var resent []confirmed
	seen := map[confirmed]bool{}
	for _, u := range all {
		p := confirmed{key: u.Key, resend: u.Kind == batch.KindResend}
		switch {
		case u.BaseURL != c.flags.api.Base.URL:
			elsewhere++
			continue
		case seen[p], c.flags.interview != "" && u.Key.InterviewID != batch.NewKey(c.flags.interview, "").InterviewID:
			continue
		}
		seen[p] = true
		p.jobApplicationID = u.JobApplicationID
		if p.resend {
			resent = append(resent, p)
		} else {
			people = append(people, p)
		}
	}
	return append(people, resent...), elsewhere, nil
}

// settle asks the API's list about everybody, and then the ledger what is known
// now.
func (c *confirmer) settle(ctx context.Context, store *ledger.Store, book *ledger.Run, api batch.API, r *confirmReport) error {
	opts := c.flags.api.Batch
	opts.ConfirmOnly, opts.Log = true, c.log
	roster, err := c.roster(ctx, store, r.people)
	if err != nil {
		return err
	}
	plan, err := batch.Check(ctx, roster, opts)
	if err != nil {
		return err
	}
	engine, err := batch.New(roster, plan, book, api, opts)
	if err != nil {
		return err
	}
	if n := len(r.people); n > 0 {
		c.log.Info().Int("people", n).Stringer("at_least", 2*opts.SettleTime).Msg("asking the API's lists about those in doubt, twice")
	}
	watching, done := context.WithCancel(context.WithoutCancel(ctx)) // a stopping run is watched to its end
	defer done()
	var g errgroup.Group
	g.Go(batch.Guard(func() error {
		app.Every(watching, app.LogInterval, func() {
			p := engine.Progress()
			c.log.Info().Int("in_doubt", p.InDoubt).Int("requests", p.Requests).Msg("asking")
		})
		return nil
	}))
	broke := engine.Run(ctx)
	done()
	err = g.Wait()
	r.requests = engine.Progress().Requests
	r.end, r.reason = engine.End()
	told := context.WithoutCancel(ctx) // signal or not, what was found out has to be told
	return errors.Join(broke, err, r.learn(told, book, engine), engine.Close())
}

// roster returns those in doubt as the engine's input, and behind them those
// whom the lists have to show in order to be believed.
func (c *confirmer) roster(ctx context.Context, store *ledger.Store, people []confirmed) (*batch.Roster, error) {
	roster := &batch.Roster{}
	var interviews []string
	seen := map[string]bool{}
	for _, p := range people {
		if p.resend {
			continue // the list cannot tell
		}
		roster.Add(p.key, p.jobApplicationID)
		if id := p.key.InterviewID; !seen[id] {
			seen[id] = true
			interviews = append(interviews, id)
		}
	}
	if len(interviews) == 0 {
		return roster, nil
	}
	return roster, store.Members(ctx, c.flags.api.Base.URL, interviews, func(m ledger.Member) {
		if m.State == batch.StateInvited && m.Listed {
			roster.Add(m.Key, "")
		}
	})
}

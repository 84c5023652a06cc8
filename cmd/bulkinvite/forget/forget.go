// Package forget is the command that removes a person's data from the ledger.
// It knows what the commands share and the ledger. It must not know other
// commands, nor the API.
package forget

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/cmd/bulkinvite/app"
)

// Options are the flags of forget.
type Options struct {
	ledger string
	yes    bool
}

// NewCmdForget returns the command forget.
func NewCmdForget(a *app.App) *cobra.Command {
	var flags Options
	cmd := &cobra.Command{
		Use:   "forget EMAIL",
		Short: "Remove a person's data from the ledger, and still not invite them twice",
		Example: `  bulkinvite forget ann@example.com
  bulkinvite forget ann@example.com --yes --ledger /var/lib/bulkinvite/ledger.db`,
		Long: `forget removes what the ledger has about a person: their address, ids and links,
and messages that name them, in all interviews. EMAIL is as in explain. It writes
the whole ledger anew, so that nothing is left in free parts of its files; this
takes seconds per million people, and for a while twice as much space again, in
part where temporary files are (TMPDIR).

The ledger keeps the requests that they were in, when, and with what outcome. In
place of the address it keeps a salted SHA-256 hash, and 40 bits of the hash that
it finds people by. Nobody can read an address from these, but somebody who has
the ledger can try addresses and learn whether one of them was in it.

A person who was invited stays so: if a later input names them, their row is
already_invited, without id and link, and nothing is sent, asked or kept. A
person who was not invited is new if a later input names them. forget refuses
people in doubt: settle them first.

It cannot reach inputs, results and failed files, logs,
backups and copies of the ledger, and what the API has.

On a terminal it asks; elsewhere it needs --yes. Exit codes: 0 done, or nothing
is known about the person; 1 it broke off, run it again; 2 nothing was removed; 5
a run holds the ledger, nothing was removed.`,
		Args: app.OnePerson,
		RunE: a.Action(func(ctx context.Context, _ zerolog.Logger, args []string) error {
			f := &forgetter{App: a, flags: &flags, person: strings.TrimSpace(args[0])}
			// The first signal only cancels: a ledger that is being rewritten then
			// stays as it was.
			return app.WithSignals(ctx, func(app.StopSignal) {}, f.run)
		}),
	}
	app.AddLedgerFlag(cmd.Flags(), &flags.ledger)
	cmd.Flags().BoolVar(&flags.yes, "yes", false, "do not ask")
	return cmd
}

// A forgetter is one call of forget.
type forgetter struct {
	*app.App
	flags   *Options
	person  string
	path    string // of the ledger
	changed bool   // the ledger may have been changed
}

func (f *forgetter) run(ctx context.Context) error {
	err := ledger.Advised(f.forget(ctx), f.path)
	switch stop, stopped := app.StoppedBy(ctx); {
	case err == nil:
		return nil
	case stopped && f.changed:
		return &app.Failure{Code: stop.ExitCode(), Err: fmt.Errorf("%w; run the same command again to make sure that they are forgotten", stop)}
	case stopped:
		return &app.Failure{Code: stop.ExitCode(), Err: fmt.Errorf("%w; nothing was removed", stop)}
	case errors.Is(err, ledger.ErrLocked):
		return &app.Failure{Code: batch.ExitLocked, Err: fmt.Errorf("%w; nothing was removed", err)}
	case f.changed:
		return fmt.Errorf("%w; run the same command again", err)
	}
	var known *app.Failure
	if errors.As(err, &known) {
		return err
	}
	return app.Refusef("%w; nothing was removed", err)
}

func (f *forgetter) forget(ctx context.Context) (err error) {
	if !f.flags.yes && !f.OnTerminal() {
		return app.Refusef("forget asks first, and there is no terminal to ask on; use --yes to forget without a question")
	}
	store, err := f.TakeLedger(ctx, f.flags.ledger)
	if err != nil {
		return err
	}
	f.path = store.Path()
	defer func() { err = errors.Join(err, store.Close()) }()
	traces, err := store.Traces(ctx, f.person, "")
	if err != nil {
		return err
	}
	requests, forgotten := traces.Requests()
	if requests == 0 {
		if err := app.CheckUnknown(traces.Person); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(f.Stdout, "nothing is known of %s in the ledger %s\n", traces.Person, f.path)
		return nil
	}
	if h := traces.InDoubt(); h != nil {
		return app.Refusef("it is not known whether %s was invited to interview %s at %s: settle it first with bulkinvite confirm; nothing was removed",
			h.Key.Email, h.Key.InterviewID, h.BaseURL)
	}
	if err := f.ask(ctx, traces, requests-forgotten); err != nil {
		return err
	}
	f.changed = true
	if err := store.Forget(ctx, traces); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(f.Stdout, "%s is forgotten in %s\n", traces.Person, f.path)
	_, _ = fmt.Fprintln(f.Stdout, "not reached: inputs, results and failed files, logs, backups and copies of the ledger, and what the API has")
	return nil
}

// ask asks on the terminal, unless --yes says not to.
func (f *forgetter) ask(ctx context.Context, t *history.Traces, requests int) error {
	if f.flags.yes {
		return nil
	}
	return app.AskOnTerminal(ctx, fmt.Sprintf("forget %s, who is in %s of the ledger %s? It cannot be undone. [y/N] ",
		t.Person, batch.Count(requests, "request"), f.path), "nothing was removed")
}

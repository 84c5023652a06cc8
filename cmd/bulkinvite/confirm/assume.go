package confirm

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/confirm"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/csvio"
)

// The words of --assume.
const (
	assumeSent    = "sent"
	assumeNotSent = "not-sent"
)

// assume settles a person in doubt by what the user knows. It needs no API.
func (c *confirmer) assume(ctx context.Context, args []string) (err error) {
	key, err := c.assumed(args)
	if err != nil {
		return err
	}
	c.begun.Store(true)
	store, err := c.TakeLedger(ctx, c.flags.api.Ledger)
	if err != nil {
		return app.Early(ctx, err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	all, err := store.OpenRequests(ctx)
	var leftOut []history.OpenRequest
	if err == nil {
		leftOut, err = store.LeftOut(ctx)
	}
	if err != nil {
		return app.Early(ctx, ledger.Advised(err, store.Path()))
	}
	doubts, err := c.doubtsOf(key, append(all, leftOut...))
	if err != nil {
		return err
	}
	if err := c.askAssume(ctx, doubts); err != nil {
		return app.Early(ctx, err)
	}
	// A signal is too late from here on: this takes no time.
	if err := confirm.Assume(context.WithoutCancel(ctx), store, c.flags.assume == assumeSent, doubts); err != nil {
		return ledger.Advised(err, store.Path())
	}
	_, _ = fmt.Fprint(c.Stdout, c.consequences("", doubts))
	return nil
}

// assumed returns the person that the arguments name. It refuses bad arguments
// before the ledger is opened.
func (c *confirmer) assumed(args []string) (batch.Key, error) {
	if len(args) != 2 {
		return batch.Key{}, app.Refusef("--assume needs a person: name EMAIL and INTERVIEW_ID, as bulkinvite confirm prints them")
	}
	if err := csvio.CheckInterviewID(args[1]); err != nil {
		return batch.Key{}, app.Refusef("INTERVIEW_ID %q: %w", args[1], err)
	}
	if !c.flags.yes && !c.OnTerminal() {
		return batch.Key{}, app.Refusef("--assume asks first, and there is no terminal to ask on; use --yes to go on without a question")
	}
	return batch.ParseKey(args[1], strings.TrimSpace(args[0])), nil
}

// doubtsOf returns the requests in which a person is in doubt, or was left out.
func (c *confirmer) doubtsOf(key batch.Key, all []history.OpenRequest) ([]history.OpenRequest, error) {
	var doubts []history.OpenRequest
	elsewhere := ""
	for _, u := range all {
		switch {
		case u.Key != key:
		case u.BaseURL == c.flags.api.BaseURL:
			doubts = append(doubts, u)
		default:
			elsewhere = u.BaseURL
		}
	}
	switch {
	case len(doubts) > 0:
		return doubts, nil
	case elsewhere != "":
		return nil, app.Refusef("%s is not in doubt in interview %s at %s, but at %s; if that is meant, add --base-url %s; nothing was changed",
			key.Email, key.InterviewID, c.flags.api.BaseURL, elsewhere, elsewhere)
	}
	return nil, app.Refusef("%s is not in doubt in interview %s at %s; bulkinvite status shows who is; nothing was changed",
		key.Email, key.InterviewID, c.flags.api.BaseURL)
}

// askAssume asks on the terminal, unless --yes says not to.
func (c *confirmer) askAssume(ctx context.Context, doubts []history.OpenRequest) error {
	if c.flags.yes {
		return nil
	}
	var b strings.Builder
	for _, u := range doubts {
		fmt.Fprintf(&b, "run %d, %s: %s to %s for interview %s at %s, %s\n", u.RunID, u.ClaimedAt.Local().Format(time.DateTime),
			requestName(u.Kind), u.Key.Email, u.Key.InterviewID, u.BaseURL, whatCame(&u))
	}
	return app.AskOnTerminal(ctx, b.String()+c.consequences("if you go on, ", doubts)+"go on? [y/N] ", "nothing was changed")
}

// requestName describes a request in doubt.
func requestName(kind batch.Kind) string {
	if kind == batch.KindResend {
		return "invitation sent again"
	}
	return "invitation"
}

// whatCame describes the answer to it.
func whatCame(u *history.OpenRequest) string {
	switch {
	case u.State == batch.StateNoInvitation:
		return "accepted, but without them"
	case u.Mark == batch.MarkOtherAddress:
		return "answered with an address that nobody asked for"
	}
	return "answer unknown"
}

// consequences describes the effect of --assume, in a line for each kind of
// invitation.
func (c *confirmer) consequences(before string, doubts []history.OpenRequest) string {
	var b strings.Builder
	done := map[bool]bool{}
	for _, u := range doubts {
		again := u.Kind == batch.KindResend
		if done[again] {
			continue
		}
		done[again] = true
		sent := c.flags.assume == assumeSent
		what := "is not invited to interview %s: the next send that names them invites them"
		switch {
		case sent && again:
			what = "was sent the invitation to interview %s again"
		case again:
			what = "was not sent the invitation to interview %s again: the next send --resend that names them does it"
		case sent:
			what = "is invited to interview %s: nobody will invite them again"
		}
		fmt.Fprintf(&b, "%s%s "+what+"\n", before, u.Key.Email, u.Key.InterviewID)
	}
	return b.String()
}

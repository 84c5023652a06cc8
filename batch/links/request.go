package links

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/outlet"
	"bulkinvite/client"
)

// tries is how often a link is asked for. Asking does no harm, and without
// it a row in the results lacks what people want from it.
const tries = 20

// longestPause is the longest between two of these tries: the run ends only after
// the last link.
const longestPause = 4 * time.Second

// fetchLink asks for a link until there is an answer that has it, or tells that
// none will.
func (f *Fetcher) fetchLink(ctx context.Context, l linkless) error {
	defer f.tried.Add(1)
	pauses := f.Outlet.NewPauses(longestPause)
	for range tries {
		link, refused, err := f.ask(ctx, l)
		switch {
		case err != nil:
			return err
		case link != "":
			return f.Account.SetLink(l.row, link)
		case refused:
			return nil
		}
		if err := outlet.Sleep(ctx, pauses.Next()); err != nil {
			return err
		}
	}
	return nil
}

// ask is one request for a link. Without one it reports whether it was refused
// for good.
func (f *Fetcher) ask(ctx context.Context, l linkless) (link string, refused bool, err error) {
	hard := context.WithoutCancel(ctx)
	claim, err := f.Ledger.Claim(hard, batch.Request{
		Kind: batch.KindLink, InterviewID: l.InterviewID, CandidateID: l.id, DisableEmail: true, People: []batch.Key{l.key},
	})
	if err != nil {
		return "", false, fmt.Errorf("claim: %w", err)
	}
	settlement := batch.Settlement{Key: l.key, State: batch.StateNone}
	settle := func(status int, message string) error {
		err := f.Ledger.Settle(hard, claim.ID, batch.Answer{StatusCode: status, Message: message, Outcomes: []batch.Settlement{settlement}})
		if err != nil {
			return fmt.Errorf("settle: %w", err)
		}
		return nil
	}
	slot, err := f.Outlet.Leave(ctx)
	if err != nil {
		if settleErr := settle(0, "not sent: the run ended first"); settleErr != nil {
			return "", false, settleErr
		}
		return "", false, err
	}
	invitations, apiErr := slot.Invite(hard, outlet.Link, client.InviteRequest{
		InterviewID: l.InterviewID, CandidateID: l.id, DisableEmailNotification: true,
	})
	status, message := client.Describe(apiErr)
	switch {
	case apiErr != nil || len(invitations) != 1:
	case l.isTheirs(&invitations[0]):
		link = invitations[0].InviteURL
		settlement.State, settlement.CandidateID, settlement.InviteURL = batch.StateInvited, l.id, link
	default:
		message = "the answer names another candidate: " + invitations[0].CandidateID
		f.End("the answer for candidate " + l.id + " names another one; tell the API's support")
	}
	if err := settle(status, message); err != nil {
		return "", false, err
	}
	f.judge(link != "", apiErr)
	return link, client.IsRefusal(apiErr) || client.IsDenied(apiErr), nil
}

// isTheirs reports whether an invitation is the one that was asked for.
func (l *linkless) isTheirs(inv *client.Invitation) bool {
	if inv.CandidateID != l.id {
		return false
	}
	return inv.CandidateEmail == "" || !l.key.HasAddress() || l.JobApplicationID != "" ||
		batch.NewKey(l.InterviewID, inv.CandidateEmail) == l.key
}

// judge counts an answer to a request for a link. One that is throttled says
// nothing of links: the clock alone ends those.
func (f *Fetcher) judge(found bool, err error) {
	var apiErr *client.Error
	switch {
	case found:
		f.useless.Store(0)
		f.most.Store(maxUseless)
		f.came.Store(true)
		f.clock.Reset(f.Options.GiveUpAfter)
		return
	case errors.As(err, &apiErr) && apiErr.Fate == client.Denied:
		f.End(client.MessageOf(err))
		return
	case client.IsThrottled(err):
		return
	}
	what := "it has none"
	if err != nil {
		what = client.MessageOf(err)
	}
	most := f.most.Load()
	if f.useless.Add(1) < most {
		return
	}
	f.gaveUp.Store(true)
	how := fmt.Sprintf("%d times in a row without one", most)
	if most == 1 {
		how = "without one, as in an earlier run"
	}
	f.End(fmt.Sprintf("the API answered %s (%s)", how, batch.MaskText(what)))
}

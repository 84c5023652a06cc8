package engine

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/outlet"
	"bulkinvite/client"
)

// linkState is where fetching links stands. That {interview_id, candidate_id,
// disable_email_notification: true} returns the link of an existing invitation
// without an e-mail and without a second session follows from the contract and
// was never tried: so the first one is followed by a look at the list, and they
// are asked for one by one until there is one.
type linkState struct {
	tried   atomic.Int64
	useless atomic.Int64 // answers in a row that did not have the link
	most    atomic.Int64 // of them, before no more are asked for
	came    atomic.Bool  // one came
	gaveUp  atomic.Bool  // they ended because none came
	ended   atomic.Bool
	clock   *time.Timer // ends the links when none has come for too long
}

// maxUseless is how many answers in a row may lack the link, whatever they are.
// There may be thousands to ask for, and nobody knows that it works at all.
const maxUseless = 10

// rememberNoLinks is what the ledger remembers of a run that has given the links
// up: the next one asks for one.
const rememberNoLinks = "links_do_not_come"

// WantsLinks reports, after Run, whether FetchLinks has anything to do. It may
// take a while: whoever has something to write about the run does so before.
func (e *Engine) WantsLinks() bool { return !e.cutShort && e.account.Counts().Links > 0 }

// FetchLinks gets the links of those whose invitation was found in the list. It
// comes after Run: a link is worth less than an invitation. Missing links are no
// error, and neither is that ctx ends; how the run has ended stays as it is.
func (e *Engine) FetchLinks(ctx context.Context) error {
	if !e.WantsLinks() {
		return nil
	}
	hard := context.WithoutCancel(ctx)
	gaveUp, err := e.ledger.Recall(hard, rememberNoLinks)
	if err != nil {
		return err
	}
	e.links.most.Store(maxUseless)
	if gaveUp != "" {
		e.links.most.Store(1)
	}
	return errors.Join(e.fetchInTime(ctx), e.rememberLinks(hard, gaveUp))
}

// rememberLinks notes whether links came, if that is news.
func (e *Engine) rememberLinks(ctx context.Context, gaveUp string) error {
	now := gaveUp
	switch {
	case e.links.gaveUp.Load():
		now = "yes"
	case e.links.came.Load():
		now = ""
	}
	if now == gaveUp {
		return nil
	}
	return e.ledger.Remember(ctx, rememberNoLinks, now)
}

// fetchInTime fetches links until the deadline, or until none has come for too
// long.
func (e *Engine) fetchInTime(ctx context.Context) error {
	soft, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e.cancel = cancel
	e.links.clock = time.AfterFunc(e.opts.GiveUpAfter, func() {
		e.links.gaveUp.Store(true)
		e.endLinks(fmt.Sprintf("none came for %v", e.opts.GiveUpAfter))
	})
	defer e.links.clock.Stop()
	if !e.out.Ends.IsZero() {
		timer := time.AfterFunc(time.Until(e.out.Ends), func() {
			e.endLinks(fmt.Sprintf("the deadline of %v was reached", e.opts.Deadline))
		})
		defer timer.Stop()
	}
	errs := e.fetchAll(soft)
	if why := (*ending)(nil); errors.As(context.Cause(soft), &why) {
		e.links.ended.Store(true)
		e.run.warn("links of confirmed invitations are not fetched and stay empty: " + batch.MaskText(why.reason))
	}
	for _, err := range errs {
		if ended := soft.Err() != nil && (errors.Is(err, context.Cause(soft)) || errors.Is(err, soft.Err())); err != nil && !ended {
			return err
		}
	}
	return nil
}

// fetchAll goes over the input for those who lack their link. Of its errors the
// first is of the requests and the second, which may follow from it, of the
// input.
func (e *Engine) fetchAll(soft context.Context) [2]error {
	g, ctx := errgroup.WithContext(soft)
	g.SetLimit(e.opts.Concurrency)
	f := &linkFetcher{engine: e, ctx: ctx, group: g, pauses: e.out.NewPauses(linkPause)}
	scan := func(row *batch.Row) error {
		o, wantsLink, err := e.account.Linkless(row.Index)
		if err != nil || !wantsLink {
			return err
		}
		p := &person{Candidate: row.Candidate, key: row.Candidate.Key(), row: row.Index}
		return f.fetch(linkless{p, o.CandidateID})
	}
	err := e.guard(func() error {
		if err := e.src.Scan(ctx, scan); err != nil {
			return err
		}
		return f.goBack()
	})()
	return [2]error{g.Wait(), err}
}

// A linkless person is one whose link is to be fetched.
type linkless struct {
	p  *person
	id string // of the candidate
}

// A linkFetcher asks for links: one after another until one has come, so that
// few requests tell whether it works, and then for as many at once as may be
// under way.
type linkFetcher struct {
	engine *Engine
	ctx    context.Context
	group  *errgroup.Group
	begun  bool       // the first request was made
	proven bool       // a link has come
	later  []linkless // whose link did not come, and may yet
	pauses *outlet.Pauses
}

func (f *linkFetcher) fetch(l linkless) error {
	e := f.engine
	if err := context.Cause(f.ctx); err != nil {
		return err
	}
	if f.proven {
		f.group.Go(e.guard(func() error { return f.fetchLink(f.ctx, l) }))
		return nil
	}
	inv, refused, err := f.sendLink(f.ctx, l)
	if err == nil && !f.begun {
		f.begun = true
		err = f.lookAfterLink(f.ctx, l)
	}
	switch {
	case err != nil:
		return err
	case inv != nil:
		f.proven = true
		e.links.tried.Add(1)
		if err := f.keepLink(l, *inv); err != nil {
			return err
		}
		return f.goBack()
	case refused:
		e.links.tried.Add(1)
		return nil
	}
	f.later = append(f.later, l)
	return outlet.Sleep(f.ctx, f.pauses.Next())
}

// goBack asks again for the links that did not come, until they do or no more
// are fetched.
func (f *linkFetcher) goBack() error {
	for len(f.later) > 0 {
		later := f.later
		f.later = nil
		for _, l := range later {
			if err := f.fetch(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// lookAfterLink looks at the list, after the first request for a link, whether
// that did harm, before any other is made.
func (f *linkFetcher) lookAfterLink(ctx context.Context, l linkless) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	f.engine.links.clock.Stop() // the look has bounds of its own
	defer f.engine.links.clock.Reset(f.engine.opts.GiveUpAfter)
	// As after any request, the list is given the settle time to show it.
	if err := outlet.Sleep(ctx, f.engine.opts.SettleTime); err != nil {
		return err
	}
	entries := map[client.Entry]bool{}
	_, err := f.engine.out.ReadList(ctx, l.p.InterviewID, func(entry client.Entry) error {
		if batch.NewKey(l.p.InterviewID, entry.CandidateEmail) == l.p.key {
			entry.Status = "" // may change between two pages
			entries[entry] = true
		}
		return nil
	})
	if client.IsFatal(err) {
		return err
	}
	if err != nil {
		f.engine.endLinks("the list could not be read after the first one (" + batch.MaskText(client.MessageOf(err)) + ")")
		return context.Cause(ctx)
	}
	for entry := range entries {
		if len(entries) > 1 || entry.CandidateID != l.id {
			f.engine.endLinks(fmt.Sprintf("fetching the link of candidate %s seems to have made a second session; tell the API's support", l.id))
			return context.Cause(ctx)
		}
	}
	return nil
}

// endLinks ends fetching links, and only that.
func (e *Engine) endLinks(why string) { e.cancel(&ending{reason: why}) }

func (f *linkFetcher) keepLink(l linkless, inv client.Invitation) error {
	return f.engine.account.SetLink(l.p.row, inv.InviteURL)
}

// linkTries is how often a link is asked for. Asking does no harm, and without
// it a row in the results lacks what people want from it.
const linkTries = 20

// linkPause is the longest between two of these tries: the run ends only after
// the last link.
const linkPause = 4 * time.Second

// fetchLink asks for a link until there is an answer that has it, or tells that
// none will.
func (f *linkFetcher) fetchLink(ctx context.Context, l linkless) error {
	defer f.engine.links.tried.Add(1)
	pauses := f.engine.out.NewPauses(linkPause)
	for range linkTries {
		inv, refused, err := f.sendLink(ctx, l)
		switch {
		case err != nil:
			return err
		case inv != nil:
			return f.keepLink(l, *inv)
		case refused:
			return nil
		}
		if err := outlet.Sleep(ctx, pauses.Next()); err != nil {
			return err
		}
	}
	return nil
}

// sendLink is one request for a link. Without one it reports whether it was
// refused for good.
func (f *linkFetcher) sendLink(ctx context.Context, l linkless) (inv *client.Invitation, refused bool, err error) {
	hard, p := context.WithoutCancel(ctx), l.p
	claim, err := f.engine.ledger.Claim(hard, batch.Request{
		Kind: batch.KindLink, InterviewID: p.InterviewID, CandidateID: l.id, DisableEmail: true, People: []batch.Key{p.key},
	})
	if err != nil {
		return nil, false, fmt.Errorf("claim: %w", err)
	}
	slot, err := f.engine.out.Leave(ctx)
	if err != nil {
		a := answerForAll([]*person{p}, batch.StateNone, "not sent: the run ended first")
		if settleErr := f.engine.ledger.Settle(hard, claim.ID, a); settleErr != nil {
			return nil, false, fmt.Errorf("settle: %w", settleErr)
		}
		return nil, false, err
	}
	invitations, apiErr := slot.Invite(hard, outlet.Link, client.InviteRequest{
		InterviewID: p.InterviewID, CandidateID: l.id, DisableEmailNotification: true,
	})
	status, message := client.Describe(apiErr)
	s := batch.Settlement{Key: p.key, State: batch.StateNone}
	switch {
	case apiErr != nil || len(invitations) != 1:
	case l.isTheirs(invitations[0]):
		inv = &invitations[0]
		s = batch.Settlement{Key: p.key, State: batch.StateInvited, CandidateID: inv.CandidateID, InviteURL: inv.InviteURL}
	default:
		message = "the answer names another candidate: " + invitations[0].CandidateID
		f.engine.endLinks("the answer for candidate " + l.id + " names another one; tell the API's support")
	}
	if err := f.engine.ledger.Settle(hard, claim.ID, batch.Answer{StatusCode: status, Message: message, Outcomes: []batch.Settlement{s}}); err != nil {
		return nil, false, fmt.Errorf("settle: %w", err)
	}
	f.judgeLink(inv != nil, apiErr)
	return inv, client.IsRefusal(apiErr) || client.IsDenied(apiErr), nil
}

// judgeLink counts an answer to a request for a link. One that is throttled says
// nothing of links: the clock alone ends those.
func (f *linkFetcher) judgeLink(found bool, err error) {
	var apiErr *client.Error
	switch {
	case found:
		f.engine.links.useless.Store(0)
		f.engine.links.most.Store(maxUseless)
		f.engine.links.came.Store(true)
		f.engine.links.clock.Reset(f.engine.opts.GiveUpAfter)
		return
	case errors.As(err, &apiErr) && apiErr.Fate == client.Denied:
		f.engine.endLinks(client.MessageOf(err))
		return
	case client.IsThrottled(err):
		return
	}
	what := "it has none"
	if err != nil {
		what = client.MessageOf(err)
	}
	most := f.engine.links.most.Load()
	if f.engine.links.useless.Add(1) < most {
		return
	}
	f.engine.links.gaveUp.Store(true)
	how := fmt.Sprintf("%d times in a row without one", most)
	if most == 1 {
		how = "without one, as in an earlier run"
	}
	f.engine.endLinks(fmt.Sprintf("the API answered %s (%s)", how, batch.MaskText(what)))
}

// isTheirs reports whether an invitation is the one that was asked for.
func (l *linkless) isTheirs(inv client.Invitation) bool {
	if inv.CandidateID != l.id {
		return false
	}
	return inv.CandidateEmail == "" || !l.p.key.HasAddress() || l.p.JobApplicationID != "" ||
		batch.NewKey(l.p.InterviewID, inv.CandidateEmail) == l.p.key
}

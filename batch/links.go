package batch

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"bulkinvite/client"

	"golang.org/x/sync/errgroup"
)

// linkState is where fetching links stands. That {interview_id, candidate_id,
// disable_email_notification: true} returns the link of an existing invitation
// without an e-mail and without a second session follows from the contract and
// was never tried: so the first one is followed by a look at the list.
type linkState struct {
	wanted atomic.Int64
	tried  atomic.Int64
	barren atomic.Int64 // good answers without a link since the last one with it
	ended  atomic.Bool
}

// maxBarren is how many good answers in a row may lack the link. To try it with
// everybody would take more than a minute for each of them, and the outputs
// would wait for that.
const maxBarren = 3 * linkTries

var errLinksEnded = errors.New("no more links are fetched")

// fetchLinks gets the links of those whose invitation was found in the list.
// It comes last: a link is worth less than an invitation. Missing links are no
// error.
func (e *Engine) fetchLinks(soft context.Context) error {
	if e.links.wanted.Load() == 0 || soft.Err() != nil {
		return nil
	}
	g, ctx := errgroup.WithContext(soft)
	g.SetLimit(e.opts.Concurrency)
	first := true
	scan := func(row *Row) error {
		w := e.index.word(row.Index)
		if w.tag() != tagOutcome {
			return nil
		}
		k, err := e.outcomes.get(w.value())
		if err != nil || !k.wantLink {
			return err
		}
		if e.links.ended.Load() {
			return errLinksEnded
		}
		p := &person{Candidate: row.Candidate, key: row.Candidate.Key(), row: row.Index}
		if first {
			first = false
			return e.firstLink(ctx, p, k)
		}
		g.Go(e.guard(func() error { return e.fetchLink(ctx, p, k) }))
		return nil
	}
	err := e.guard(func() error { return e.src.Scan(ctx, scan) })()
	if groupErr := g.Wait(); groupErr != nil {
		err = groupErr
	}
	if p := (*Panic)(nil); !errors.As(err, &p) && (errors.Is(err, errLinksEnded) || soft.Err() != nil) {
		return nil
	}
	return err
}

// firstLink asks for one link, once, and looks at the list whether that did
// harm before it asks for any other.
func (e *Engine) firstLink(ctx context.Context, p *person, k known) error {
	inv, err := e.askLink(ctx, p, k, 1)
	if err != nil {
		return err
	}
	// As after any request, the list is given the settle time to show it.
	if err := sleep(ctx, e.opts.SettleTime); err != nil {
		return err
	}
	iv := e.queue.interviewOf(p)
	entries := map[client.Entry]bool{}
	err = e.readList(ctx, iv, func(entry client.Entry) error {
		if NewKey(iv.id, entry.CandidateEmail) == p.key {
			entry.Status = "" // may change between two pages
			entries[entry] = true
		}
		return nil
	})
	if isFatal(err) {
		return err
	}
	if err != nil {
		e.endLinks("the list could not be read after the first one (" + maskText(message(err)) + ")")
		return nil
	}
	for entry := range entries {
		if len(entries) > 1 || entry.CandidateID != k.CandidateID {
			e.endLinks(fmt.Sprintf("fetching the link of candidate %s seems to have made a second session; tell the API's support", k.CandidateID))
			return nil
		}
	}
	if inv == nil {
		return e.fetchLink(ctx, p, k)
	}
	e.links.tried.Add(1)
	return e.keepLink(p, k, *inv)
}

// fetchLink fetches one link after the first was found to do no harm.
func (e *Engine) fetchLink(ctx context.Context, p *person, k known) error {
	defer e.links.tried.Add(1)
	inv, err := e.askLink(ctx, p, k, linkTries)
	if err != nil || inv == nil {
		return err
	}
	return e.keepLink(p, k, *inv)
}

func (e *Engine) endLinks(why string) {
	if e.links.ended.CompareAndSwap(false, true) {
		e.warn("links of confirmed invitations are not fetched and stay empty: " + why)
	}
}

func (e *Engine) keepLink(p *person, k known, inv client.Invitation) error {
	k.InviteURL, k.wantLink = inv.InviteURL, false
	at, err := e.outcomes.put(k)
	if err == nil {
		e.index.replaceOutcome(p.row, at)
	}
	return err
}

// linkTries is how often a link is asked for. Asking does no harm, and without
// it a row in the results lacks what people want from it.
const linkTries = 20

// linkPause is the longest between two of these tries: the run ends only after
// the last link.
const linkPause = 4 * time.Second

// askLink asks for a link until there is an answer that has it. Without one it
// returns nil.
func (e *Engine) askLink(ctx context.Context, p *person, k known, tries int) (*client.Invitation, error) {
	pauses := e.newPauses(linkPause)
	for try := 0; try < tries && !e.links.ended.Load(); try++ {
		inv, apiErr, err := e.sendLink(ctx, p, k)
		switch {
		case err != nil || inv != nil:
			return inv, err
		case isRefusal(apiErr):
			return nil, nil
		case isDenied(apiErr):
			e.endLinks(message(apiErr))
			return nil, nil
		case isThrottled(apiErr):
			try-- // known not to have acted, and the pacer waits
			continue
		}
		if err := sleep(ctx, pauses.next()); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// sendLink is one request for a link.
func (e *Engine) sendLink(ctx context.Context, p *person, k known) (inv *client.Invitation, apiErr, err error) {
	hard := context.WithoutCancel(ctx)
	claim, err := e.ledger.Claim(hard, Request{
		Kind: KindLink, InterviewID: p.InterviewID, CandidateID: k.CandidateID, DisableEmail: true, People: []Key{p.key},
	})
	if err != nil {
		return nil, nil, fmt.Errorf("claim: %w", err)
	}
	went, err := e.leave(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, e.settle(hard, claim.ID, Answer{Message: "not sent: the run ended first"}, []*person{p}, StateNone))
	}
	invitations, apiErr := e.invite(hard, client.InviteRequest{
		InterviewID: p.InterviewID, CandidateID: k.CandidateID, DisableEmailNotification: true,
	})
	e.observe(link, went, apiErr)
	status, message := describe(apiErr)
	s := Settlement{Key: p.key, State: StateNone}
	if apiErr == nil && len(invitations) != 1 && e.links.barren.Add(1) >= maxBarren {
		e.endLinks(fmt.Sprintf("the API answered %d times in a row without one", maxBarren))
	}
	if apiErr == nil && len(invitations) == 1 {
		e.links.barren.Store(0)
		if theirs(p, k, invitations[0]) {
			inv = &invitations[0]
			s = Settlement{Key: p.key, State: StateInvited, CandidateID: inv.CandidateID, InviteURL: inv.InviteURL}
		} else {
			message = "the answer names another candidate: " + invitations[0].CandidateID
			e.endLinks("the answer for candidate " + k.CandidateID + " names another one; tell the API's support")
		}
	}
	answer := Answer{StatusCode: status, Message: message, Outcomes: []Settlement{s}}
	if err := e.ledger.Settle(hard, claim.ID, answer); err != nil {
		return nil, nil, fmt.Errorf("settle: %w", err)
	}
	return inv, apiErr, nil
}

// theirs reports whether an invitation is the one that was asked for.
func theirs(p *person, k known, inv client.Invitation) bool {
	if inv.CandidateID != k.CandidateID {
		return false
	}
	return inv.CandidateEmail == "" || !p.key.HasAddress() || p.JobApplicationID != "" ||
		NewKey(p.InterviewID, inv.CandidateEmail) == p.key
}

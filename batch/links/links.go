// Package links fetches the links of people who are known to be invited and whose
// answer brought none. It knows whom an account wants a link for, and asks for one
// after another until it is known to work. It must not know how people came to be
// invited, nor let a link that does not come change what became of them.
package links

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/account"
	"bulkinvite/batch/outlet"
	"bulkinvite/client"
)

// A Fetcher fetches links once. That {interview_id, candidate_id,
// disable_email_notification: true} returns the link of an existing invitation
// without an e-mail and without a second session follows from the contract and
// was never tried: so the first one is followed by a look at the list, and they
// are asked for one by one until there is one.
type Fetcher struct {
	Source  batch.Source
	Account *account.Account
	Ledger  batch.Ledger
	Outlet  *outlet.Outlet
	Options batch.Options

	// End ends the context of Fetch, since no more links are to be asked for.
	// Guard is batch.Guard for the goroutines of the run.
	End   func(why string)
	Guard func(func() error) func() error

	group  *errgroup.Group
	begun  bool       // the first request was made
	proven bool       // a link has come
	later  []linkless // whose link did not come, and may yet
	pauses *outlet.Pauses
	clock  *time.Timer // ends the links when none has come for too long

	tried   atomic.Int64
	useless atomic.Int64 // answers in a row that did not have the link
	most    atomic.Int64 // of them, before no more are asked for
	came    atomic.Bool  // one came
	gaveUp  atomic.Bool  // they ended because none came
	over    atomic.Bool
}

// A linkless person is one whose link is to be fetched.
type linkless struct {
	batch.Candidate
	key batch.Key
	row int
	id  string // of the candidate, as an answer or a list has told it
}

// maxUseless is how many answers in a row may lack the link, whatever they are.
// There may be thousands to ask for, and nobody knows that it works at all.
const maxUseless = 10

// rememberGivenUp is what the ledger remembers of a run that has given the links
// up: the next one asks for one.
const rememberGivenUp = "links_do_not_come"

// Left returns how many links are still to be asked for.
func (f *Fetcher) Left() int {
	if f.over.Load() {
		return 0
	}
	return f.Account.Counts().Links - int(f.tried.Load())
}

// Fetch asks for links until all are there, ctx ends, or none has come for too
// long. Missing links are no error, and neither is that ctx ends.
func (f *Fetcher) Fetch(ctx context.Context) error {
	defer f.over.Store(true)
	hard := context.WithoutCancel(ctx)
	gaveUp, err := f.Ledger.Recall(hard, rememberGivenUp)
	if err != nil {
		return err
	}
	f.most.Store(maxUseless)
	if gaveUp != "" {
		f.most.Store(1)
	}
	f.clock = time.AfterFunc(f.Options.GiveUpAfter, func() {
		f.gaveUp.Store(true)
		f.End(fmt.Sprintf("none came for %v", f.Options.GiveUpAfter))
	})
	defer f.clock.Stop()
	return errors.Join(f.fetchAll(ctx), f.remember(hard, gaveUp))
}

// remember notes whether links came, if that is news.
func (f *Fetcher) remember(ctx context.Context, gaveUp string) error {
	now := gaveUp
	switch {
	case f.gaveUp.Load():
		now = "yes"
	case f.came.Load():
		now = ""
	}
	if now == gaveUp {
		return nil
	}
	return f.Ledger.Remember(ctx, rememberGivenUp, now)
}

// fetchAll goes over the input for those who lack their link.
func (f *Fetcher) fetchAll(soft context.Context) error {
	group, ctx := errgroup.WithContext(soft)
	group.SetLimit(f.Options.Concurrency)
	f.group, f.pauses = group, f.Outlet.NewPauses(longestPause)
	scanErr := f.Guard(func() error {
		err := f.Source.Scan(ctx, func(row *batch.Row) error {
			o, wantsLink, err := f.Account.Linkless(row.Index)
			if err != nil || !wantsLink {
				return err
			}
			return f.fetch(ctx, linkless{row.Candidate, row.Candidate.Key(), row.Index, o.CandidateID})
		})
		if err != nil {
			return err
		}
		return f.goBack(ctx)
	})()
	// The error of the requests comes first: that of the input may follow from it.
	for _, err := range []error{group.Wait(), scanErr} {
		ended := soft.Err() != nil && (errors.Is(err, context.Cause(soft)) || errors.Is(err, soft.Err()))
		if err != nil && !ended {
			return err
		}
	}
	return nil
}

// fetch asks for one link after another until one has come, so that few requests
// tell whether it works, and then for as many at once as may be under way.
func (f *Fetcher) fetch(ctx context.Context, l linkless) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if f.proven {
		f.group.Go(f.Guard(func() error { return f.fetchLink(ctx, l) }))
		return nil
	}
	link, refused, err := f.ask(ctx, l)
	if err == nil && !f.begun {
		f.begun = true
		err = f.lookAfter(ctx, l)
	}
	switch {
	case err != nil:
		return err
	case link != "":
		f.proven = true
		f.tried.Add(1)
		if err := f.Account.SetLink(l.row, link); err != nil {
			return err
		}
		return f.goBack(ctx)
	case refused:
		f.tried.Add(1)
		return nil
	}
	f.later = append(f.later, l)
	return outlet.Sleep(ctx, f.pauses.Next())
}

// goBack asks again for the links that did not come, until they do or no more
// are fetched.
func (f *Fetcher) goBack(ctx context.Context) error {
	for len(f.later) > 0 {
		later := f.later
		f.later = nil
		for _, l := range later {
			if err := f.fetch(ctx, l); err != nil {
				return err
			}
		}
	}
	return nil
}

// lookAfter looks at the list, after the first request for a link, whether that
// did harm, before any other is made.
func (f *Fetcher) lookAfter(ctx context.Context, l linkless) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	f.clock.Stop() // the look has bounds of its own
	defer f.clock.Reset(f.Options.GiveUpAfter)
	// As after any request, the list is given the settle time to show it.
	if err := outlet.Sleep(ctx, f.Options.SettleTime); err != nil {
		return err
	}
	entries := map[client.Entry]bool{}
	_, err := f.Outlet.ReadList(ctx, l.InterviewID, func(entry client.Entry) error {
		if batch.NewKey(l.InterviewID, entry.CandidateEmail) == l.key {
			entry.Status = "" // may change between two pages
			entries[entry] = true
		}
		return nil
	})
	if client.IsFatal(err) {
		return err
	}
	if err != nil {
		f.End("the list could not be read after the first one (" + batch.MaskText(client.MessageOf(err)) + ")")
		return context.Cause(ctx)
	}
	for entry := range entries {
		if len(entries) > 1 || entry.CandidateID != l.id {
			f.End(fmt.Sprintf("fetching the link of candidate %s seems to have made a second session; tell the API's support", l.id))
			return context.Cause(ctx)
		}
	}
	return nil
}

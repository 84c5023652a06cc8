package batch

import (
	"context"
	"errors"
	"fmt"

	"bulkinvite/client"
)

// listLimit is the page size that is asked for; what comes is another matter.
const listLimit = 100

// How hard a page is tried, and a whole list.
const (
	pageTries = 5
	listTries = 3
)

// readList reads the whole list of an interview and shows each entry of it,
// some of them more than once.
//
// The error is *client.Error if the list cannot be read or believed, ctx's
// cause, or visit's.
func (e *Engine) readList(ctx context.Context, iv *interview, visit func(client.Entry) error) error {
	err := e.readPages(ctx, iv, e.lists.pageSize(), visit)
	if isRefusal(err) && !saysNoList(err) {
		// What is refused may be the page size, whose maximum is not documented.
		err = e.readPages(ctx, iv, 0, visit)
	}
	return err
}

// readPages is readList with one page size.
func (e *Engine) readPages(ctx context.Context, iv *interview, limit int, visit func(client.Entry) error) error {
	p := newPages(limit, e.lists.ends404.Load())
	all, ours := 0, 0
	for p.more() {
		req := client.ListRequest{InterviewID: iv.asSent}
		req.Page, req.Limit = p.request()
		entries, err := e.page(ctx, req)
		if err != nil {
			if err = p.failed(err); err != nil {
				return err
			}
			continue
		}
		for _, entry := range entries {
			all++
			if entry.InterviewID != "" && normalInterviewID(entry.InterviewID) != iv.id {
				continue
			}
			ours++
			if err := visit(entry); err != nil {
				return err
			}
		}
		if err := p.took(entries); err != nil {
			return err
		}
		if err := e.seeList(ctx, p); err != nil {
			return err
		}
	}
	iv.listRequests.Store(int32(p.requests))
	if err := e.learn(ctx, p); err != nil {
		return err
	}
	if ours == 0 && all > 0 {
		// The list may know the interview by another id: it is no proof of
		// anything.
		return &client.Error{Err: fmt.Errorf("the list shows %d invitations and none of them for the interview that was asked for", all)}
	}
	return nil
}

// learn remembers what the next list does not have to find out.
func (e *Engine) learn(ctx context.Context, p *pages) error {
	if p.learned > 0 {
		e.lists.limit.Store(int64(p.learned))
	}
	if p.saw404 && e.lists.ends404.CompareAndSwap(false, true) {
		return e.remember(ctx, rememberEnds404)
	}
	return nil
}

// seeList remembers that there is a list as soon as a page has shown somebody,
// whatever becomes of the rest: in the next run it may be gone.
func (e *Engine) seeList(ctx context.Context, p *pages) error {
	if !p.good || !e.lists.seen.CompareAndSwap(false, true) {
		return nil
	}
	return e.remember(ctx, rememberSeen)
}

// remember lets later runs know something of the API. Outside of a run there is
// no ledger.
func (e *Engine) remember(ctx context.Context, name string) error {
	if e.ledger == nil {
		return nil
	}
	return e.ledger.Remember(context.WithoutCancel(ctx), name, "yes")
}

// page reads one page, with patience.
func (e *Engine) page(ctx context.Context, req client.ListRequest) ([]client.Entry, error) {
	pauses := e.newPauses(longestPause)
	for try := 1; ; {
		if err := e.health.waitList(ctx); err != nil {
			return nil, err
		}
		went, err := e.leave(ctx)
		if err != nil {
			return nil, err
		}
		entries, apiErr := e.invites(ctx, req)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		e.lists.answered(apiErr)
		e.observe(list, went, apiErr)
		if apiErr == nil || isRefusal(apiErr) || isDenied(apiErr) || saysNoList(apiErr) && e.lists.mayNotExist() {
			return entries, apiErr
		}
		if isThrottled(apiErr) {
			continue // the pacer has slowed down
		}
		if try++; try > pageTries {
			return nil, apiErr
		}
		if err := sleep(ctx, pauses.next()); err != nil {
			return nil, err
		}
	}
}

func isDenied(err error) bool {
	var apiErr *client.Error
	return errors.As(err, &apiErr) && (apiErr.Fate == client.Denied || apiErr.Cause == client.BadKey)
}

func isThrottled(err error) bool { return hasCause(err, client.Throttled) }

func isBusy(err error) bool { return hasCause(err, client.Busy) }

func hasCause(err error, cause client.Cause) bool {
	var apiErr *client.Error
	return errors.As(err, &apiErr) && apiErr.Cause == cause
}

// isFatal reports whether an error of readList is not the API's: our own disk,
// or a bug.
func isFatal(err error) bool {
	var apiErr *client.Error
	return err != nil && !errors.As(err, &apiErr)
}

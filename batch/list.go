package batch

import (
	"context"
	"errors"
	"time"

	"bulkinvite/client"
)

// listLimit is the page size that is asked for; what comes is another matter.
const listLimit = 100

// How hard a page is tried, and a whole list.
const (
	pageTries = 5
	listTries = 3
)

// readList reads the whole list of an interview, whose id is spelled as a row
// spells it, and shows each entry of it, some of them more than once. It returns
// how many requests the list took.
//
// The error is *client.Error if the list cannot be read or believed, ctx's
// cause, or visit's.
func (o *outlet) readList(ctx context.Context, interviewID string, visit func(client.Entry) error) (requests int, err error) {
	requests, err = o.readPages(ctx, interviewID, o.lists.pageSize(), visit)
	if isRefusal(err) && !saysNoList(err) {
		// What is refused may be the page size, whose maximum is not documented.
		requests, err = o.readPages(ctx, interviewID, 0, visit)
	}
	return requests, err
}

// readPages is readList with one page size.
func (o *outlet) readPages(ctx context.Context, interviewID string, limit int, visit func(client.Entry) error) (requests int, err error) {
	p := newPages(limit, o.lists.ends404.Load())
	id := normalInterviewID(interviewID)
	var others foreign
	ours := 0
	for p.more() {
		req := client.ListRequest{InterviewID: interviewID}
		req.Page, req.Limit = p.request()
		entries, err := o.page(ctx, req)
		if err != nil {
			if err = p.failed(err); err != nil {
				return 0, err
			}
			continue
		}
		for _, entry := range entries {
			if entry.InterviewID != "" && !isSameInterview(entry.InterviewID, id) {
				others.add(entry.InterviewID)
				continue
			}
			ours++
			if err := visit(entry); err != nil {
				return 0, err
			}
		}
		if err := p.took(entries); err != nil {
			return 0, err
		}
		if err := o.seeList(ctx, p); err != nil {
			return 0, err
		}
	}
	if err := o.learn(ctx, p); err != nil {
		return 0, err
	}
	if ours == 0 && others.entries > 0 {
		return p.requests, o.emptyList(ctx, &others, id)
	}
	return p.requests, nil
}

// learn remembers what the next list does not have to find out.
func (o *outlet) learn(ctx context.Context, p *pages) error {
	if p.learned > 0 {
		o.lists.limit.Store(int64(p.learned))
	}
	if p.saw404 && !o.lists.ends404.Load() {
		o.lists.ends404.Store(true)
		return o.hooks.remember(context.WithoutCancel(ctx), rememberEnds404)
	}
	return nil
}

// seeList remembers that there is a list as soon as a page has shown somebody,
// whatever becomes of the rest: in the next run it may be gone.
func (o *outlet) seeList(ctx context.Context, p *pages) error {
	if !p.good || o.lists.seen.Load() {
		return nil
	}
	o.lists.seen.Store(true)
	return o.hooks.remember(context.WithoutCancel(ctx), rememberSeen)
}

// page reads one page, with patience.
func (o *outlet) page(ctx context.Context, req client.ListRequest) ([]client.Entry, error) {
	pauses := o.newPauses(longestPause)
	for try := 1; ; {
		if err := o.health.waitList(ctx); err != nil {
			return nil, err
		}
		entries, apiErr, err := o.list(ctx, req)
		if err != nil {
			return nil, err
		}
		if apiErr == nil || isRefusal(apiErr) || isDenied(apiErr) || saysNoList(apiErr) && o.lists.wasNeverThere() {
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

// probeList reports, after a pause, whether the API's list answers. It takes no
// longer than limit, however long a Retry-After is.
func (o *outlet) probeList(ctx context.Context, interviewID string, pause, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if sleep(ctx, pause) != nil {
		return false
	}
	if o.lists.isNone() {
		return true // only an invitation can tell
	}
	_, apiErr, err := o.list(ctx, client.ListRequest{InterviewID: interviewID, Page: 1, Limit: listLimit})
	return err == nil && (apiErr == nil || isRefusal(apiErr) || saysNoList(apiErr) && o.lists.wasNeverThere())
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

package outlet

import (
	"context"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// PageLimit is the page size that is asked for; what comes is another matter.
const PageLimit = 100

// How hard a page is tried, and a whole list.
const (
	pageTries = 5
	ListTries = 3
)

// ReadList reads the whole list of an interview, whose id is spelled as a row
// spells it, and shows each entry of it, some of them more than once. It returns
// how many requests the list took.
//
// The error is *client.Error if the list cannot be read or believed, ctx's
// cause, or visit's.
func (o *Outlet) ReadList(ctx context.Context, interviewID string, visit func(client.Entry) error) (requests int, err error) {
	requests, err = o.readPages(ctx, interviewID, o.Lists.PageSize(), visit)
	if client.IsRefusal(err) && !client.SaysNoList(err) {
		// What is refused may be the page size, whose maximum is not documented.
		requests, err = o.readPages(ctx, interviewID, 0, visit)
	}
	return requests, err
}

// readPages is ReadList with one page size.
func (o *Outlet) readPages(ctx context.Context, interviewID string, limit int, visit func(client.Entry) error) (requests int, err error) {
	p := newPages(limit, o.Lists.ends404.Load())
	id := batch.NormalInterviewID(interviewID)
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
func (o *Outlet) learn(ctx context.Context, p *pages) error {
	if p.learned > 0 {
		o.Lists.limit.Store(int64(p.learned))
	}
	if p.saw404 {
		return o.hooks.Learn(context.WithoutCancel(ctx), &o.Lists.ends404, rememberEnds404)
	}
	return nil
}

// seeList remembers that there is a list as soon as a page has shown somebody,
// whatever becomes of the rest: in the next run it may be gone.
func (o *Outlet) seeList(ctx context.Context, p *pages) error {
	if p.good {
		return o.hooks.Learn(context.WithoutCancel(ctx), &o.Lists.Seen, rememberSeen)
	}
	return nil
}

// page reads one page, with patience.
func (o *Outlet) page(ctx context.Context, req client.ListRequest) ([]client.Entry, error) {
	pauses := o.NewPauses(LongestPause)
	for try := 1; ; {
		if err := o.Health.waitList(ctx); err != nil {
			return nil, err
		}
		entries, apiErr, err := o.list(ctx, req)
		if err != nil {
			return nil, err
		}
		if apiErr == nil || client.IsRefusal(apiErr) || client.IsDenied(apiErr) || client.SaysNoList(apiErr) && o.Lists.WasNeverThere() {
			return entries, apiErr
		}
		if client.IsThrottled(apiErr) {
			continue // the pacer has slowed down
		}
		if try++; try > pageTries {
			return nil, apiErr
		}
		if err := Sleep(ctx, pauses.Next()); err != nil {
			return nil, err
		}
	}
}

// ProbeList reports, after a pause, whether the API's list answers. It takes no
// longer than limit, however long a Retry-After is.
func (o *Outlet) ProbeList(ctx context.Context, interviewID string, pause, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if Sleep(ctx, pause) != nil {
		return false
	}
	if o.Lists.IsNone() {
		return true // only an invitation can tell
	}
	_, apiErr, err := o.list(ctx, client.ListRequest{InterviewID: interviewID, Page: 1, Limit: PageLimit})
	return err == nil && (apiErr == nil || client.IsRefusal(apiErr) || client.SaysNoList(apiErr) && o.Lists.WasNeverThere())
}

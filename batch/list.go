package batch

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
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

// readList reads the whole list of an interview and shows each entry of it,
// some of them more than once.
//
// The error is *client.Error if the list cannot be read or believed, ctx's
// cause, or visit's.
func (e *Engine) readList(ctx context.Context, iv *interview, visit func(client.Entry) error) error {
	err := e.readPages(ctx, iv, listLimit, visit)
	if isRefusal(err) {
		// What is refused may be the page size, whose maximum is not documented.
		err = e.readPages(ctx, iv, 0, visit)
	}
	return err
}

// readPages is readList with one page size.
//
// Nothing is documented about the number of the first page, the page size or
// the order, so nothing is assumed: it reads from page 0 on (upwards, since
// entries that arrive meanwhile can then only move to pages still to come) to
// an empty page, or until three pages in a row bring nothing new. An empty page
// 0 says only that pages may be counted from 1.
func (e *Engine) readPages(ctx context.Context, iv *interview, limit int, visit func(client.Entry) error) error {
	seen := map[uint64]struct{}{}
	seed := maphash.MakeSeed()
	stale, ours := 0, 0
	for page := 0; stale < 3; page++ {
		req := client.ListRequest{InterviewID: iv.asSent, Page: page, Limit: limit}
		entries, err := e.page(ctx, req)
		if page == 0 {
			entries, err = e.firstPage(ctx, req, entries, err)
		}
		if err != nil {
			return err
		}
		if len(entries) == 0 && page > 0 {
			break
		}
		before := len(seen)
		for _, entry := range entries {
			seen[maphash.Comparable(seed, entry)] = struct{}{}
			if entry.InterviewID != "" && normalInterviewID(entry.InterviewID) != iv.id {
				continue
			}
			ours++
			if err := visit(entry); err != nil {
				return err
			}
		}
		if stale++; len(seen) > before {
			stale = 0
		}
	}
	if ours == 0 && len(seen) > 0 {
		// The list may know the interview by another id: it is no proof of
		// anything.
		return &client.Error{Err: fmt.Errorf("the list shows %d invitations and none of them for the interview that was asked for", len(seen))}
	}
	return nil
}

// firstPage makes the best of the answer for page 0. Where pages are counted
// from 1 it may be refused, or break the API. But a refusal may also have been of
// something else, for once, and then the first people of the list would be
// missing: so the page that comes without a number stands for it.
func (e *Engine) firstPage(ctx context.Context, req client.ListRequest, entries []client.Entry, err error) ([]client.Entry, error) {
	if err == nil || isDenied(err) || isFatal(err) {
		return entries, err
	}
	req.Page = client.AnyPage
	return e.page(ctx, req)
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
		e.observe(list, went, apiErr)
		if apiErr == nil || isRefusal(apiErr) || isDenied(apiErr) {
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

func isThrottled(err error) bool {
	var apiErr *client.Error
	return errors.As(err, &apiErr) && apiErr.Cause == client.Throttled
}

// isFatal reports whether an error of readList is not the API's: our own disk,
// or a bug.
func isFatal(err error) bool {
	var apiErr *client.Error
	return err != nil && !errors.As(err, &apiErr)
}

// readInterview does a task that reads a list.
func (e *Engine) readInterview(soft, hard context.Context, read *listRead) error {
	if read.preflight {
		return e.preflight(soft, hard, read.iv)
	}
	return e.confirm(soft, hard, read.iv)
}

// preflight reads an interview's list before its first chunk, so that people
// who were invited elsewhere are not invited again.
func (e *Engine) preflight(soft, hard context.Context, iv *interview) error {
	pauses := e.newPauses(longestPause)
	for try := 1; ; try++ {
		found := &foundPeople{engine: e, iv: iv}
		err := e.readList(soft, iv, func(entry client.Entry) error { return found.add(hard, entry) })
		if flushErr := found.flush(hard); flushErr != nil {
			return flushErr // what was found is true, whatever came after it
		}
		switch {
		case soft.Err() != nil:
			return nil // not_sent
		case isFatal(err):
			return err
		case err == nil:
			return e.openInterview(iv, listDone, "")
		case isRefusal(err) && e.queue.isAccepted(iv):
			e.warn(fmt.Sprintf("interview %s can be invited to, but its list is refused (%s): who was invited elsewhere is not known",
				iv.asSent, maskText(message(err))))
			return e.openInterview(iv, listDone, "")
		case isRefusal(err):
			e.log.Warn().Str("interview", iv.asSent).Msg("the API's list refuses this interview, one invitation will tell: " + maskText(message(err)))
			return e.openInterview(iv, listRefused, "")
		case try == listTries:
			why := "the list of who is invited already could not be read (" + message(err) + "); send this row again later"
			e.warn(fmt.Sprintf("interview %s: nobody is invited, since %s", iv.asSent, maskText(why)))
			return e.openInterview(iv, listFailed, why)
		}
		if err := sleep(soft, pauses.next()); err != nil {
			return nil
		}
	}
}

// openInterview ends an interview's preflight and lets its people go, or turns
// them away.
func (e *Engine) openInterview(iv *interview, state listState, why string) error {
	var err error
	for _, p := range e.endPreflight(iv, state, why) {
		err = errors.Join(err, e.record(p, Outcome{Code: CodeNotSent, Error: why}))
	}
	return err
}

// endPreflight is the part of openInterview that concerns the queue. It returns
// who is turned away.
func (e *Engine) endPreflight(iv *interview, state listState, why string) (turnedAway []*person) {
	q := e.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	iv.list, iv.listError = state, why
	if state == listFailed {
		turnedAway = q.removeAll(iv)
	} else {
		e.dropFound(iv)
		q.updateInterview(iv)
	}
	q.wakeLocked()
	return turnedAway
}

// dropFound takes those who were found to be invited out of the waiting
// groups, so that chunks are full.
func (e *Engine) dropFound(iv *interview) {
	q := e.queue
	for g := range iv.groups {
		kept, found := g.people[:0], g.people[:0:0]
		for _, p := range g.people {
			if e.index.pending(p.row) {
				kept = append(kept, p)
			} else {
				found = append(found, p)
			}
		}
		q.waiting -= len(g.people) - len(kept)
		q.admitted -= unclaimed(found)
		clear(g.people[len(kept):])
		g.people = kept
		if len(kept) == 0 {
			q.drop(g)
		}
	}
}

// foundPeople are people of the input whom a preflight finds in the list.
type foundPeople struct {
	engine *Engine
	iv     *interview
	people []*person
	ids    []string
	seen   map[Key]bool // in this block
}

// foundBlock is how many of them are written to the ledger at once.
const foundBlock = 500

func (f *foundPeople) add(ctx context.Context, entry client.Entry) error {
	e := f.engine
	key := NewKey(f.iv.id, entry.CandidateEmail)
	row, c, err := e.index.locate(key, e.outcomes)
	if err != nil || row < 0 {
		return err
	}
	w := e.index.word(row)
	if w.tag() != tagPending || c.CandidateID != "" || f.seen[key] {
		return nil // known already; in doubt, which confirming settles; or to be re-sent
	}
	offset := w.value()
	f.people = append(f.people, &person{Candidate: c, key: key, row: row, offset: offset})
	f.ids = append(f.ids, entry.CandidateID)
	if f.seen == nil {
		f.seen = map[Key]bool{}
	}
	f.seen[key] = true
	if len(f.people) < foundBlock {
		return nil
	}
	return f.flush(ctx)
}

// flush writes those who were found to the ledger, then records them.
func (f *foundPeople) flush(ctx context.Context) error {
	if len(f.people) == 0 {
		return nil
	}
	if err := f.leaveDoubts(ctx); err != nil {
		return err
	}
	e := f.engine
	claim, err := e.ledger.Claim(ctx, Request{Kind: KindFound, InterviewID: f.iv.asSent, People: peopleKeys(f.people)})
	if err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	answer := Answer{Message: "found in the API's list"}
	for i, p := range f.people {
		if claim.Held[i] == nil {
			answer.Outcomes = append(answer.Outcomes, Settlement{Key: p.key, State: StateInvited, CandidateID: f.ids[i]})
		}
	}
	if claim.ID != 0 {
		if err := e.ledger.Settle(ctx, claim.ID, answer); err != nil {
			return fmt.Errorf("settle: %w", err)
		}
	}
	for i, p := range f.people {
		o := Outcome{Status: StatusAlreadyInvited, CandidateID: f.ids[i]}
		if held := claim.Held[i]; held != nil {
			o.CandidateID, o.InviteURL = held.CandidateID, held.InviteURL
		}
		if claim.Held[i] == nil || !claim.Held[i].Forgotten {
			e.queue.know(time.Time{}, p)
		}
		err = errors.Join(err, e.recordWanting(p, o, e.opts.Links == LinksAll && o.InviteURL == "" && o.CandidateID != ""))
	}
	f.people, f.ids, f.seen = nil, nil, nil
	return err
}

// leaveDoubts leaves out whom a dead run has in doubt, of whom the feeder, which
// may be far behind, has not told yet. Of them the list is to tell what became
// of that run's request, and they are to get its link: they are confirmed, and
// not people who were invited elsewhere.
func (f *foundPeople) leaveDoubts(ctx context.Context) error {
	records, err := lookup(ctx, f.engine.ledger, peopleKeys(f.people))
	if err != nil {
		return err
	}
	people, ids := f.people[:0], f.ids[:0]
	for i := range records {
		if records[i].State != StateSending {
			people, ids = append(people, f.people[i]), append(ids, f.ids[i])
		}
	}
	f.people, f.ids = people, ids
	return nil
}

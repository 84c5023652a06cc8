package batch

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
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

// A listManner is what a run has learned of how the API cuts lists into pages.
type listManner struct {
	ends404 atomic.Bool  // an empty page is 404
	limit   atomic.Int64 // the largest page size, if it is smaller than listLimit
}

// readList reads the whole list of an interview and shows each entry of it,
// some of them more than once.
//
// The error is *client.Error if the list cannot be read or believed, ctx's
// cause, or visit's.
func (e *Engine) readList(ctx context.Context, iv *interview, visit func(client.Entry) error) error {
	limit := listLimit
	if known := int(e.lists.limit.Load()); known > 0 {
		limit = known
	}
	err := e.readPages(ctx, iv, limit, visit)
	if isRefusal(err) {
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
	}
	e.learn(p)
	if ours == 0 && all > 0 {
		// The list may know the interview by another id: it is no proof of
		// anything.
		return &client.Error{Err: fmt.Errorf("the list shows %d invitations and none of them for the interview that was asked for", all)}
	}
	return nil
}

// learn remembers what the next list does not have to find out.
func (e *Engine) learn(p *pages) {
	if p.saw404 {
		e.lists.ends404.Store(true)
	}
	if p.learned > 0 {
		e.lists.limit.Store(int64(p.learned))
	}
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
		case isDenied(err):
			e.queue.suspectKey()
			return e.openInterview(iv, listRefused, "")
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

package batch

import (
	"context"
	"errors"
	"fmt"

	"bulkinvite/client"
)

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
	if e.out.lists.isNone() {
		return e.openUnlisted(iv, errNoList)
	}
	pauses := e.out.newPauses(longestPause)
	for try := 1; ; try++ {
		listErr, err := e.readBefore(soft, hard, iv)
		switch {
		case err != nil:
			return err
		case soft.Err() != nil:
			return nil // not_sent
		case isFatal(listErr):
			return listErr
		}
		verdict := judgeList(listErr, e.queue.isAccepted(iv), e.queue.acceptsSomebody(), e.out.lists.mayNotExist())
		if verdict != listUnreadable || try == listTries {
			return e.opened(iv, verdict, listErr)
		}
		if err := sleep(soft, pauses.next()); err != nil {
			return nil
		}
	}
}

// readBefore reads an interview's list for a preflight. What it finds is true,
// whatever comes after it. listErr is why the list could not be read or is not
// believed.
func (e *Engine) readBefore(soft, hard context.Context, iv *interview) (listErr, err error) {
	r, err := e.beginReading(hard, iv)
	if err != nil {
		return nil, err
	}
	found := &foundPeople{engine: e, iv: iv}
	r.err = e.readList(soft, iv, func(entry client.Entry) error {
		key := NewKey(iv.id, entry.CandidateEmail)
		row, c, err := e.recognise(hard, r, key, entry)
		switch {
		case err != nil || row < 0:
			return err
		case e.isContested(r, key):
			e.holdBack(r, row, key, entry)
			return nil
		}
		return found.add(hard, row, c, entry.CandidateID)
	})
	if r.err == nil {
		err = e.explain(hard, r, func(key Key, id string) (bool, error) { return found.find(hard, key, id) })
	}
	if r.err == nil && err == nil {
		err = found.findLoosely(hard, r)
	}
	if err = errors.Join(err, found.flush(hard)); err != nil || r.err != nil {
		return r.err, err
	}
	faults, err := e.faults(hard, r)
	if faults != "" {
		return &client.Error{Err: errors.New(faults)}, err
	}
	e.queue.setStrangers(iv, r.strangers(), true)
	return nil, errors.Join(err, e.noteStrangers(hard, r))
}

// opened lets what a preflight found out be followed.
func (e *Engine) opened(iv *interview, verdict listVerdict, err error) error {
	switch verdict {
	case noList:
		return e.openUnlisted(iv, err)
	case listClosed:
		e.warn(fmt.Sprintf("interview %s can be invited to, but its list is refused (%s): who was invited elsewhere is not known",
			iv.asSent, MaskText(message(err))))
	case inviteOne:
		if isDenied(err) {
			e.queue.suspectKey()
		}
		e.log.Warn().Str("interview", iv.asSent).Msg("the API's list is refused, one invitation will tell: " + MaskText(message(err)))
		return e.openInterview(iv, listRefused, "")
	case listUnreadable:
		why := "the list of who is invited already could not be read (" + message(err) + "); send this row again later"
		e.warn(fmt.Sprintf("interview %s: nobody is invited, since %s", iv.asSent, MaskText(why)))
		return e.openInterview(iv, listFailed, why)
	}
	return e.openInterview(iv, listDone, "")
}

// openUnlisted lets an interview's people go where there is no list: one of them
// first, since nobody could be asked about a refused request of several.
func (e *Engine) openUnlisted(iv *interview, err error) error {
	if e.out.lists.none.CompareAndSwap(false, true) {
		e.warn("the API has no list of invitations (" + MaskText(message(err)) + "): who was invited elsewhere is not known and may be " +
			"invited again, and who is in doubt stays so until somebody says what the dashboard shows, with bulkinvite confirm --assume")
	}
	if e.queue.isAccepted(iv) {
		return e.openInterview(iv, listDone, "")
	}
	return e.openInterview(iv, listRefused, "")
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
	q.schedule(iv)
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

// find is a finder: add for a row that is found by its key.
func (f *foundPeople) find(ctx context.Context, key Key, candidateID string) (bool, error) {
	row, c, err := f.engine.index.locate(key, f.engine.outcomes)
	if err != nil || row < 0 {
		return false, err
	}
	return true, f.add(ctx, row, c, candidateID)
}

// add takes a row in that the list shows, unless it is known already; in doubt,
// which confirming settles; or to be re-sent.
func (f *foundPeople) add(ctx context.Context, row int, c Candidate, candidateID string) error {
	w, key := f.engine.index.word(row), c.Key()
	if w.tag() != tagPending || c.CandidateID != "" || f.seen[key] {
		return nil
	}
	if f.seen == nil {
		f.seen = map[Key]bool{}
	}
	f.seen[key] = true
	f.people = append(f.people, &person{Candidate: c, key: key, row: row, offset: w.value()})
	f.ids = append(f.ids, candidateID)
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

package engine

import (
	"errors"
	"fmt"

	"bulkinvite/batch"
	"bulkinvite/batch/outlet"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
)

// A preflightJob is to read an interview's list before its first chunk, so that
// people who were invited elsewhere are not invited again.
type preflightJob struct {
	*reading
	listRead
	isNone bool // there is no list at all
}

func (j *preflightJob) do(w *worker) (report, error) {
	if j.isNone = w.out.Lists.IsNone(); j.isNone {
		return j, nil
	}
	if err := j.begin(w); err != nil {
		return nil, err
	}
	err := j.readBefore(w)
	if err == nil && client.IsFatal(j.err) && w.soft.Err() == nil {
		err = j.err
	}
	return j, err
}

// readBefore reads the list. What it finds is true, whatever comes after it.
func (j *preflightJob) readBefore(w *worker) error {
	found := &foundPeople{worker: w, asSent: j.asSent, tell: func(f *foundReport) { w.tell(j, f) }}
	j.err = j.read(func(key batch.Key, entry client.Entry) error {
		row, c, err := j.recognise(key, entry)
		switch {
		case err != nil || row < 0:
			return err
		case j.isContested(key):
			j.holdBack(row, key, entry)
			return nil
		}
		return found.add(row, c, entry.CandidateID)
	})
	var err error
	if j.err == nil {
		err = j.explain(found.find)
	}
	if j.err == nil && err == nil {
		err = found.findLoosely(j.reading)
	}
	if err = errors.Join(err, found.flush()); err != nil || j.err != nil {
		return err
	}
	faults, err := j.faults()
	if faults != "" {
		j.err = &client.Error{Err: errors.New(faults)}
		return err
	}
	return errors.Join(err, j.noteStrangers())
}

// follow lets happen what the list, or its error, means.
func (j *preflightJob) follow(r *run) error {
	iv := j.iv
	if j.isNone {
		return j.openUnlisted(r, outlet.ErrNoList)
	}
	r.took(iv, j.reading)
	if r.soft.Err() != nil {
		return nil // not_sent
	}
	if j.err == nil {
		iv.strangers.set(j.strangers(), true)
	}
	verdict := judgeList(j.err, iv.accepted, r.refusals.key.accepted, r.out.Lists.MayNotExist())
	if verdict == listUnreadable && j.try < outlet.ListTries {
		again := j.listRead
		again.try++
		if again.pauses == nil {
			again.pauses = r.out.NewPauses(outlet.LongestPause)
		}
		r.later(again.pauses.Next(), func() { r.picker.reads = append(r.picker.reads, again) })
		return nil
	}
	return j.opened(r, verdict, j.err)
}

// opened lets what a preflight found out be followed.
func (j *preflightJob) opened(r *run, verdict listVerdict, err error) error {
	iv := j.iv
	switch verdict {
	case noList:
		return j.openUnlisted(r, err)
	case listClosed:
		r.warn(fmt.Sprintf("interview %s can be invited to, but its list is refused (%s): who was invited elsewhere is not known",
			iv.asSent, batch.MaskText(client.MessageOf(err))))
	case inviteOne:
		if client.IsDenied(err) {
			r.refusals.key.suspect = true
		}
		r.log.Warn().Str("interview", iv.asSent).Msg("the API's list is refused, one invitation will tell: " + batch.MaskText(client.MessageOf(err)))
		return j.end(r, listRefused)
	case listUnreadable:
		iv.listError = "the list of who is invited already could not be read (" + client.MessageOf(err) + "); send this row again later"
		r.warn(fmt.Sprintf("interview %s: nobody is invited, since %s", iv.asSent, batch.MaskText(iv.listError)))
		return j.end(r, listFailed)
	}
	return j.end(r, listDone)
}

// openUnlisted lets an interview's people go where there is no list: one of them
// first, since nobody could be asked about a refused request of several.
func (j *preflightJob) openUnlisted(r *run, err error) error {
	iv := j.iv
	if !r.out.Lists.None.Load() {
		r.out.Lists.None.Store(true)
		r.warn("the API has no list of invitations (" + batch.MaskText(client.MessageOf(err)) + "): who was invited elsewhere is not known and may be " +
			"invited again, and who is in doubt stays so until somebody says what the dashboard shows, with bulkinvite confirm --assume")
	}
	if iv.accepted {
		return j.end(r, listDone)
	}
	return j.end(r, listRefused)
}

// end lets an interview's people go, but for those who were found in
// its list, or turns them away.
func (j *preflightJob) end(r *run, e interviewEvent) error {
	iv := j.iv
	r.step(iv, e)
	var err error
	if iv.state == shut {
		err = r.recordAll(r.admission.remove(iv), batch.Outcome{Code: batch.CodeNotSent, Error: iv.listError})
	} else {
		r.admission.removeFound(iv)
	}
	r.confirmer.schedule(iv)
	return err
}

// foundPeople are people of the input whom an interview's list shows.
type foundPeople struct {
	worker *worker
	asSent string // of the interview
	people []*person
	ids    []string
	seen   map[batch.Key]bool // in this block
	tell   func(*foundReport) // hands a block over
}

// foundBlock is how many of them are written to the ledger at once.
const foundBlock = 500

// find is a finder: add for a row that is found by its key.
func (f *foundPeople) find(key batch.Key, candidateID string) (bool, error) {
	row, c, err := f.worker.account.Locate(key)
	if err != nil || row < 0 {
		return false, err
	}
	return true, f.add(row, c, candidateID)
}

// add takes a row in that the list shows, unless it is known already; in doubt,
// which confirming settles; or to be re-sent.
func (f *foundPeople) add(row int, c batch.Candidate, candidateID string) error {
	key := c.Key()
	if !f.worker.account.Untouched(row) || c.CandidateID != "" || f.seen[key] {
		return nil
	}
	if f.seen == nil {
		f.seen = map[batch.Key]bool{}
	}
	f.seen[key] = true
	f.people = append(f.people, &person{Candidate: c, key: key, row: row})
	f.ids = append(f.ids, candidateID)
	if len(f.people) < foundBlock {
		return nil
	}
	return f.flush()
}

// flush writes those who were found to the ledger, then hands them over.
func (f *foundPeople) flush() error {
	if len(f.people) == 0 {
		return nil
	}
	if err := f.leaveDoubts(); err != nil {
		return err
	}
	w := f.worker
	claim, err := w.ledger.Claim(w.hard, batch.Request{Kind: batch.KindFound, InterviewID: f.asSent, People: peopleKeys(f.people)})
	if err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	answer := batch.Answer{Message: "found in the API's list"}
	for i, p := range f.people {
		if claim.Held[i] == nil {
			answer.Outcomes = append(answer.Outcomes, batch.Settlement{Key: p.key, State: batch.StateInvited, CandidateID: f.ids[i]})
		}
	}
	if claim.ID != 0 {
		if err := w.settle(claim.ID, answer); err != nil {
			return err
		}
	}
	rep := &foundReport{people: f.people, outcomes: make([]batch.Outcome, len(f.people))}
	for i := range f.people {
		rep.outcomes[i] = batch.Outcome{Status: batch.StatusAlreadyInvited, CandidateID: f.ids[i]}
		if held := claim.Held[i]; held != nil {
			rep.outcomes[i].CandidateID, rep.outcomes[i].InviteURL = held.CandidateID, held.InviteURL
		}
	}
	f.tell(rep)
	f.people, f.ids, f.seen = nil, nil, nil
	return nil
}

// leaveDoubts leaves out whom a dead run has in doubt, of whom the feeder, which
// may be far behind, has not told yet. Of them the list is to tell what became
// of that run's request, and they are to get its link: they are confirmed, and
// not people who were invited elsewhere.
func (f *foundPeople) leaveDoubts() error {
	records, err := plan.Lookup(f.worker.hard, f.worker.ledger, peopleKeys(f.people))
	if err != nil {
		return err
	}
	people, ids := f.people[:0], f.ids[:0]
	for i := range records {
		if records[i].State != batch.StateSending {
			people, ids = append(people, f.people[i]), append(ids, f.ids[i])
		}
	}
	f.people, f.ids = people, ids
	return nil
}

// A foundReport is people whom a list shows, as the ledger now has them.
type foundReport struct {
	people   []*person
	outcomes []batch.Outcome
}

func (f *foundReport) follow(r *run) error {
	var err error
	for i, p := range f.people {
		o := f.outcomes[i]
		link := r.opts.Links == batch.LinksAll && o.InviteURL == "" && o.CandidateID != ""
		err = errors.Join(err, r.recordWanting(p, o, link))
	}
	return err
}

// A listVerdict says what follows from reading an interview's list before its
// first chunk.
type listVerdict int

const (
	listUnreadable listVerdict = iota // try again, and in the end send nobody
	listKnown                         // its people go
	noList                            // there is none: its people go
	listClosed                        // it is refused, but the interview is not: its people go
	inviteOne                         // one invitation decides
)

// judgeList tells what an error of the first list of an interview means, or
// none. here says that somebody of the interview was accepted in this run,
// anywhere that somebody was at all, and nowhere that all answers for any list
// say that there is none.
func judgeList(err error, here, anywhere, nowhere bool) listVerdict {
	switch {
	case err == nil:
		return listKnown
	case nowhere && outlet.SaysNoList(err) && anywhere:
		return noList
	case nowhere && outlet.SaysNoList(err), client.IsDenied(err) && !here:
		return inviteOne
	case client.IsRefusal(err) && !outlet.SaysNoList(err) && here:
		return listClosed
	case client.IsRefusal(err) && !outlet.SaysNoList(err):
		return inviteOne
	}
	return listUnreadable
}

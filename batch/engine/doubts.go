package engine

import (
	"cmp"
	"errors"
	"slices"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/judge"
	"bulkinvite/batch/lists"
	"bulkinvite/batch/outlet"
	"bulkinvite/batch/queue"
	"bulkinvite/client"
)

// doubts are the requests in doubt of one interview.
type doubts struct {
	open     map[*doubt]struct{}
	joinable map[earlierRequest]*doubt // those of earlier runs that no look has begun to settle
	due      time.Time                 // for when a look is due; zero: for never
	reading  bool                      // a worker reads the list for them, or will
	lastRead time.Time                 // when the last look ended
}

// An earlierRequest is one that an earlier run left in doubt. Its people come
// up one by one.
type earlierRequest struct {
	id        int64
	displaced bool
}

// A confirmer holds the requests of which it is not known whom they invited, and
// decides when the API's lists are read for them and what those prove.
type confirmer struct {
	run *run

	people     int           // in doubt
	seq        int           // of the youngest doubt
	age        time.Duration // the smallest at which a read of this run has shown somebody; 0: none has
	controlled time.Time     // when a list was read last only to see how soon it shows somebody
}

// doubt puts people of a request in doubt, from now on. Those whom no list
// can show are uncertain at once.
func (c *confirmer) doubt(d *doubt, people []*queue.Person) error {
	if len(people) == 0 {
		return nil
	}
	var err error
	d.iv, d.since, d.people = d.chunk.iv, time.Now(), make(map[batch.Key]*queue.Person, len(people))
	for _, p := range people {
		if p.Listable() && !c.run.out.Lists.MayNotExist() {
			d.people[p.Key] = p
		} else {
			err = errors.Join(err, c.unlisted(d, p))
		}
	}
	if len(d.people) > 0 {
		c.add(d)
	}
	return err
}

// unlisted records that no list can tell of somebody in doubt.
func (c *confirmer) unlisted(d *doubt, p *queue.Person) error {
	var why string
	c.handOver(d)
	switch {
	case p.Listable():
		why = c.why(d, p, lists.Unreadable(c.run.out.Lists.Why()))
	case p.CandidateID != "":
		why = "this invitation may have been sent again (" + p.Reason + "), which no list of the API's shows; " + c.run.opts.ResendAgain(time.Now())
	default:
		why = c.why(d, p, "the API's list cannot show who it was for")
	}
	return c.run.record(p, batch.Outcome{Code: batch.CodeUncertain, Error: why})
}

// doubtEarlier lets the list tell of somebody whom an earlier run has in doubt.
func (c *confirmer) doubtEarlier(p *queue.Person, rec batch.Record) error {
	c.run.setClaimed([]*queue.Person{p}, true)
	of := earlierRequest{id: rec.RequestID, displaced: rec.Mark == batch.MarkOtherAddress}
	applied := rec.JobApplicationID != ""
	if !p.Listable() || c.run.out.Lists.WasNeverThere() {
		return c.unlisted(&doubt{earlier: true, applied: applied, displaced: of.displaced}, p)
	}
	c.addEarlier(p, of, applied, rec.OverAt)
	return nil
}

// add takes a request in, and sees to it that the list is read in time.
func (c *confirmer) add(d *doubt) {
	c.open(d)
	if d.then == part {
		c.run.step(d.iv, queue.SeveralRefused)
	}
	if d.refused() {
		c.run.waiting.Confirming(d.iv.Line, true)
	}
	c.people += len(d.people)
	c.schedule(d.iv)
}

func (c *confirmer) open(d *doubt) {
	if d.iv.doubts.open == nil {
		d.iv.doubts.open = map[*doubt]struct{}{}
	}
	d.iv.doubts.open[d] = struct{}{}
	c.seq++
	d.seq = c.seq
}

// addEarlier takes in one of the people whom an earlier run's request has in
// doubt. Those of one request share a doubt, but whoever comes up after a look
// has begun was not looked for in it.
func (c *confirmer) addEarlier(p *queue.Person, of earlierRequest, applied bool, overAt time.Time) {
	iv := c.run.interview(p)
	d := iv.doubts.joinable[of]
	if d == nil {
		d = &doubt{
			iv: iv, request: of.id, people: map[batch.Key]*queue.Person{}, since: later(c.run.start, overAt), then: sendAgain,
			earlier: true, applied: applied, displaced: of.displaced,
		}
		if iv.doubts.joinable == nil {
			iv.doubts.joinable = map[earlierRequest]*doubt{}
		}
		iv.doubts.joinable[of] = d
		c.open(d)
	}
	d.people[p.Key] = p
	c.people++
	c.schedule(iv)
}

// schedule sets the next look at the list: when the first of the doubts needs it,
// but not before the settle time after the last look, so that doubts share their
// looks.
func (c *confirmer) schedule(iv *interview) {
	ds := &iv.doubts
	at := c.nextLook(iv)
	if ds.reading || at.IsZero() || !ds.due.IsZero() && !at.Before(ds.due) {
		return
	}
	ds.due = at
	c.run.alarm.set(at, func() { c.becomeDue(iv, at) })
}

// becomeDue reads an interview's list for its doubts.
func (c *confirmer) becomeDue(iv *interview, at time.Time) {
	if !at.Equal(iv.doubts.due) {
		return // it was set for an earlier time since
	}
	iv.doubts.due = time.Time{}
	if next := c.nextLook(iv); next.After(time.Now().Add(lookSoon)) {
		c.schedule(iv) // a preflight has begun since, and will tell whether there is a list
		return
	}
	iv.doubts.reading = true
	c.run.picker.reads = append(c.run.picker.reads, listRead{iv: iv})
}

// nextLook returns when the list is to be read next; zero: not as yet.
func (c *confirmer) nextLook(iv *interview) (at time.Time) {
	var refused time.Time
	for d := range iv.doubts.open {
		if d.refused() && !c.run.facts.Distrust.Load() {
			if due := d.dueRefused(c.run.opts.SettleTime, c.age, iv.doubts.lastRead); due.After(refused) {
				refused = due // one look for all of them
			}
			continue
		}
		due := d.from()
		if due.Before(iv.doubts.lastRead) {
			due = iv.doubts.lastRead
		}
		if due = due.Add(c.run.opts.SettleTime); at.IsZero() || due.Before(at) {
			at = due
		}
	}
	if !refused.IsZero() && !iv.HasMore(c.run.picker.mayGoShort()) && (at.IsZero() || refused.Before(at)) {
		at = refused
	}
	if !at.IsZero() && c.mayWaitInVain(iv) {
		return time.Now().Add(lookSoon)
	}
	return at
}

// lookSoon is when a list is read first of which it is not known that it exists.
const lookSoon = time.Second

// mayWaitInVain reports whether there may be no list, and nothing to wait for. If
// a preflight is at it, that will tell.
func (c *confirmer) mayWaitInVain(iv *interview) bool {
	lists := c.run.out.Lists
	return !iv.IsRead() && (iv.doubts.lastRead.IsZero() && !lists.Seen.Load() || lists.MayNotExist())
}

// beginLook returns a look at an interview's list for the requests in doubt now.
func (c *confirmer) beginLook(iv *interview) *look {
	l := &look{
		Look: lists.NewLook(iv.newReading()), iv: iv, excused: c.run.out.Health.InvitesNobody(),
		sent: sentCounts{all: c.run.picker.sent, here: iv.Sent, out: iv.Out},
	}
	clear(iv.doubts.joinable)
	for d := range iv.doubts.open {
		l.doubts = append(l.doubts, d)
		for key, p := range d.people {
			l.People[key] = p.Row
		}
	}
	slices.SortFunc(l.doubts, func(a, b *doubt) int { return cmp.Compare(a.seq, b.seq) })
	return l
}

// sentCounts are how many chunks were handed out, in all and to one interview,
// and how many of the latter are out.
type sentCounts struct{ all, here, out int }

// inItsOwnWay reports whether a look may have failed because the run was sending
// meanwhile: whom it invites moves the others from page to page, and its
// requests may be what the API is too busy with.
func (c *confirmer) inItsOwnWay(l *look) bool {
	switch {
	case l.Err == nil, outlet.HasMoved(l.Err):
		return l.sent.out > 0 || l.iv.Sent > l.sent.here
	case client.IsThrottled(l.Err), client.IsBusy(l.Err):
		return c.run.picker.sent > l.sent.all
	}
	return false
}

// beginAnew follows a look that has shown somebody of a request for the first
// time: the work on it may still go on, and the settle time of the others begins
// again.
func (c *confirmer) beginAnew(of *doubt) {
	for d := range of.iv.doubts.open {
		if d.request == of.request {
			d.since, d.first = time.Now(), time.Time{}
		}
	}
}

// forget lets go of people of a request in doubt who are settled.
func (c *confirmer) forget(d *doubt, settled []*queue.Person) {
	for _, p := range settled {
		delete(d.people, p.Key)
	}
	c.people -= len(settled)
	if len(d.people) > 0 {
		return
	}
	delete(d.iv.doubts.open, d)
	if d.refused() {
		c.run.waiting.Confirming(d.iv.Line, false)
	}
}

// endLook lets the next look be scheduled.
func (c *confirmer) endLook(iv *interview) {
	iv.doubts.reading = false
	iv.doubts.lastRead = time.Now()
	c.schedule(iv)
}

// control returns the interview with the youngest acceptance whose list is short
// enough, or nil. One is read in each settle time at most.
func (c *confirmer) control(not *interview) *interview {
	now := time.Now()
	if now.Sub(c.controlled) < c.run.opts.SettleTime {
		return nil
	}
	var best *interview
	for _, iv := range c.run.inTurn {
		if iv == not || now.Sub(iv.lastAccepted) >= c.run.opts.SettleTime || iv.listCost(c.run.opts.ChunkSize) > maxControl {
			continue
		}
		if best == nil || iv.lastAccepted.After(best.lastAccepted) {
			best = iv
		}
	}
	if best != nil {
		c.controlled = now
	}
	return best
}

// A control is another interview's list that shows how soon lists show somebody.
// maxControl is how many requests it may take.
const maxControl = 5

// listCost is how many requests it takes to read the list, at most; very many if
// it was never read.
func (iv *interview) listCost(chunkSize int) int {
	if iv.listRequests == 0 {
		return maxControl + 1
	}
	return iv.listRequests + (len(iv.timed)*chunkSize+outlet.PageLimit-1)/outlet.PageLimit
}

// mayTell reports whether a list may soon tell of somebody in doubt: two looks that
// count can still be taken, and none was in vain.
func (c *confirmer) mayTell() bool {
	return slices.ContainsFunc(c.all(), func(d *doubt) bool {
		return d.problem == "" && time.Now().Before(judge.TellsBy(d.since, c.run.opts.SettleTime))
	})
}

// all returns the requests in doubt, in the order in which they came.
func (c *confirmer) all() []*doubt {
	var all []*doubt
	for _, iv := range c.run.inTurn {
		for d := range iv.doubts.open {
			all = append(all, d)
		}
	}
	slices.SortFunc(all, func(a, b *doubt) int { return cmp.Compare(a.seq, b.seq) })
	return all
}

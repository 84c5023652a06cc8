package batch

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"bulkinvite/client"
)

// doubts are the requests in doubt of one interview, and what its list has to
// show so that it is believed. It is guarded by the queue's mutex.
type doubts struct {
	open     map[*doubt]struct{}
	joinable map[earlierRequest]*doubt // those of earlier runs that no look has begun to settle
	due      time.Time                 // for when the alarm is set; zero: it is not
	reading  bool                      // a worker reads the list, or will
	lastRead time.Time                 // when the last look ended
}

// An earlierRequest is one that an earlier run left in doubt. Its people come
// up one by one.
type earlierRequest struct {
	id        int64
	displaced bool
}

// doubt takes a request in, and sees to it that the list is read in time.
func (q *queue) doubt(d *doubt) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.openDoubt(d)
	if d.then == part {
		d.iv.alone = true
	}
	if d.refused() {
		d.iv.testing++
	}
	q.doubtful += len(d.people)
	q.schedule(d.iv)
}

// refused reports whether the request was refused, which the list is asked
// about all the same.
func (d *doubt) refused() bool { return d.then == part || d.then == refusedAfterAll }

func (q *queue) openDoubt(d *doubt) {
	if d.iv.doubts.open == nil {
		d.iv.doubts.open = map[*doubt]struct{}{}
	}
	d.iv.doubts.open[d] = struct{}{}
	q.seq++
	d.seq = q.seq
}

// doubtEarlier takes in one of the people whom an earlier run's request has in
// doubt. Those of one request share a doubt, but whoever comes up after a look
// has begun was not looked for in it.
func (q *queue) doubtEarlier(p *person, of earlierRequest, since time.Time, applied bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	iv := q.interview(p)
	d := iv.doubts.joinable[of]
	if d == nil {
		d = &doubt{
			iv: iv, request: of.id, people: map[Key]*person{}, since: since, then: sendAgain,
			earlier: true, applied: applied, displaced: of.displaced,
		}
		if iv.doubts.joinable == nil {
			iv.doubts.joinable = map[earlierRequest]*doubt{}
		}
		iv.doubts.joinable[of] = d
		q.openDoubt(d)
	}
	d.people[p.key] = p
	q.doubtful++
	q.schedule(iv)
}

// schedule sets the alarm for the next look at the list: when the first of the
// doubts needs it, but not before the settle time after the last look, so that
// doubts share their looks.
func (q *queue) schedule(iv *interview) {
	ds := &iv.doubts
	at := q.nextLook(iv)
	if ds.reading || at.IsZero() || !ds.due.IsZero() && !at.Before(ds.due) {
		return
	}
	ds.due = at
	q.alarm.set(at, iv)
}

// nextLook returns when the list is to be read next; zero: not as yet.
func (q *queue) nextLook(iv *interview) (at time.Time) {
	var refused time.Time
	for d := range iv.doubts.open {
		if d.refused() && !q.distrust {
			if due := d.dueRefused(q.settle, time.Duration(q.lists.age.Load()), iv.doubts.lastRead); due.After(refused) {
				refused = due // one look for all of them
			}
			continue
		}
		due := d.from()
		if due.Before(iv.doubts.lastRead) {
			due = iv.doubts.lastRead
		}
		if due = due.Add(q.settle); at.IsZero() || due.Before(at) {
			at = due
		}
	}
	if !refused.IsZero() && !q.hasMore(iv) && (at.IsZero() || refused.Before(at)) {
		at = refused
	}
	if !at.IsZero() && q.mayWaitInVain(iv) {
		return time.Now().Add(lookSoon)
	}
	return at
}

// lookSoon is when a list is read first of which it is not known that it exists.
const lookSoon = time.Second

// mayWaitInVain reports whether there may be no list, and nothing to wait for. If
// a preflight is at it, that will tell.
func (q *queue) mayWaitInVain(iv *interview) bool {
	return iv.list != listReading && (iv.doubts.lastRead.IsZero() && !q.lists.seen.Load() || q.lists.mayNotExist())
}

// dueRefused returns when a look can show what a refused request did: once the
// list is known to show people, and if that look did not tell, as for others.
func (d *doubt) dueRefused(settle, age time.Duration, lastRead time.Time) time.Time {
	if soon := d.since.Add(age); d.first.IsZero() && age > 0 && age < settle && lastRead.Before(soon) {
		return soon
	}
	if due := d.from().Add(settle); lastRead.Before(due) {
		return due
	}
	return lastRead.Add(settle)
}

// hasMore reports whether people of the interview can go or are out, so that
// more of it may be refused before its list is read.
func (q *queue) hasMore(iv *interview) bool {
	if iv.out > 0 {
		return true
	}
	if !iv.open() {
		return false
	}
	for g := range iv.groups {
		if g.lane != resend && (g.full() || q.fed || q.crowded()) {
			return true
		}
	}
	return false
}

// beginLook returns a look at an interview's list for the requests in doubt now.
func (q *queue) beginLook(r *reading) *look {
	q.mu.Lock()
	defer q.mu.Unlock()
	iv := r.iv
	l := &look{
		reading: r, sent: sentCounts{all: q.sent, here: iv.sent, out: iv.out},
		byKey: map[Key]*doubt{}, found: map[*person]client.Entry{}, exact: map[*person]bool{}, several: map[*person]bool{}, unclear: map[*person]bool{},
	}
	clear(iv.doubts.joinable)
	for d := range iv.doubts.open {
		l.doubts = append(l.doubts, d)
		for key := range d.people {
			l.byKey[key] = d
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
func (q *queue) inItsOwnWay(l *look, iv *interview) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case l.err == nil, hasMoved(l.err):
		return l.sent.out > 0 || iv.sent > l.sent.here
	case isThrottled(l.err), isBusy(l.err):
		return q.sent > l.sent.all
	}
	return false
}

// beginAnew follows a look that has shown somebody of a request for the first
// time: the work on it may still go on, and the settle time of the others begins
// again.
func (q *queue) beginAnew(of *doubt) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for d := range of.iv.doubts.open {
		if d.request == of.request {
			d.since, d.first = time.Now(), time.Time{}
		}
	}
}

// settleDoubt forgets people of a request in doubt who are settled.
func (q *queue) settleDoubt(d *doubt, settled []*person) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range settled {
		delete(d.people, p.key)
	}
	q.doubtful -= len(settled)
	if len(d.people) == 0 {
		q.closeDoubt(d)
	}
	q.room.Signal()
}

func (q *queue) closeDoubt(d *doubt) {
	delete(d.iv.doubts.open, d)
	if d.refused() {
		d.iv.testing--
		q.updateInterview(d.iv)
		q.work.Broadcast()
	}
}

// endLook lets the next look be scheduled.
func (q *queue) endLook(iv *interview) {
	q.mu.Lock()
	defer q.mu.Unlock()
	iv.doubts.reading = false
	iv.doubts.lastRead = time.Now()
	q.schedule(iv)
}

// accept notes that somebody was invited to the interview in this run.
func (q *queue) accept(iv *interview) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if iv.accepted {
		return
	}
	iv.accepted = true
	if iv.list == listRefused {
		// It does exist: its list is asked once more before the next chunk.
		iv.list = listReading
		q.reads = append(q.reads, listRead{iv: iv, preflight: true})
	}
	q.updateInterview(iv)
	q.work.Broadcast()
}

func (q *queue) isAccepted(iv *interview) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return iv.accepted
}

// refuseList notes that an interview's list was refused while people of it were
// in doubt: from now on they go one by one, until one is accepted.
func (q *queue) refuseList(iv *interview) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if iv.list == listDone && !iv.accepted {
		iv.list = listRefused
	}
}

func (q *queue) interviewOf(p *person) *interview {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.interview(p)
}

// allDoubts returns the requests in doubt when the run ends, in the order in
// which they came.
func (q *queue) allDoubts() []*doubt {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []*doubt
	for _, iv := range q.interviews {
		all = slices.AppendSeq(all, maps.Keys(iv.doubts.open))
	}
	slices.SortFunc(all, func(a, b *doubt) int { return cmp.Compare(a.seq, b.seq) })
	return all
}

func inInputOrder(people []*person) []*person {
	slices.SortFunc(people, func(a, b *person) int { return cmp.Compare(a.row, b.row) })
	return people
}

func (q *queue) stopAlarm() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.alarm.stop()
}

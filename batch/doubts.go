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
	set      bool                      // the alarm is set
	reading  bool                      // a worker reads the list, or will
	lastRead time.Time                 // when the last look ended

	before rowList       // rows invited before this run
	during []knownPeople // rows invited by this run, by time
}

// An earlierRequest is one that an earlier run left in doubt. Its people come
// up one by one.
type earlierRequest struct {
	id        int64
	displaced bool
}

// knownPeople are rows that were invited by a time.
type knownPeople struct {
	by   time.Time
	rows rowList
}

// knownWithin is how many invitations share one knownPeople.
const knownWithin = time.Second

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
	if ds.set || ds.reading || len(ds.open) == 0 {
		return
	}
	var at time.Time
	for d := range ds.open {
		from := d.from()
		if at.IsZero() || from.Before(at) {
			at = from
		}
	}
	if at.Before(ds.lastRead) {
		at = ds.lastRead
	}
	at = at.Add(q.settle)
	if ds.lastRead.IsZero() && !q.lists.seen.Load() || q.lists.mayNotExist() {
		at = time.Now() // there may be nothing to wait for
	}
	ds.set = true
	q.alarm.set(at, iv)
}

// beginLook returns the requests in doubt now, and whom the list has to show:
// those known to be invited for at least the settle time.
func (q *queue) beginLook(iv *interview) *look {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := &look{begun: time.Now(), sent: sentCounts{all: q.sent, here: iv.sent, out: iv.out}, byKey: map[Key]*doubt{}, found: map[*person]client.Entry{}}
	clear(iv.doubts.joinable)
	for d := range iv.doubts.open {
		l.doubts = append(l.doubts, d)
		for key := range d.people {
			l.byKey[key] = d
		}
	}
	slices.SortFunc(l.doubts, func(a, b *doubt) int { return cmp.Compare(a.seq, b.seq) })
	l.must.addAll(&iv.doubts.before)
	for _, known := range iv.doubts.during {
		if known.by.After(l.begun.Add(-q.settle)) {
			break
		}
		l.must.addAll(&known.rows)
	}
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
	iv.doubts.set, iv.doubts.reading = false, false
	iv.doubts.lastRead = time.Now()
	q.schedule(iv)
}

// know remembers that people are invited, since when (zero: before this run),
// so that a list that does not show them is not believed. A job application
// may hold another address than the row: such rows prove nothing.
func (q *queue) know(since time.Time, people ...*person) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range people {
		if p.JobApplicationID == "" && p.CandidateID == "" && p.key.HasAddress() {
			q.interview(p).doubts.know(uint32(p.row), since)
		}
	}
}

func (ds *doubts) know(row uint32, since time.Time) {
	if since.IsZero() {
		ds.before.add(row)
		return
	}
	if n := len(ds.during); n == 0 || !since.Before(ds.during[n-1].by) {
		ds.during = append(ds.during, knownPeople{by: since.Add(knownWithin)})
	}
	ds.during[len(ds.during)-1].rows.add(row)
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

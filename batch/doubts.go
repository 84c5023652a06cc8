package batch

import (
	"cmp"
	"slices"
	"time"

	"bulkinvite/client"
)

// doubts are those of one interview, and what its list has to show so that it
// is believed. It is guarded by the queue's mutex.
type doubts struct {
	open     map[Key]*doubt
	set      bool      // the alarm is set
	reading  bool      // a worker reads the list, or will
	lastRead time.Time // when the last look ended

	before rowList       // rows invited before this run
	during []knownPeople // rows invited by this run, by time
}

// knownPeople are rows that were invited by a time.
type knownPeople struct {
	by   time.Time
	rows rowList
}

// knownWithin is how many invitations share one knownPeople.
const knownWithin = time.Second

// doubt adds somebody, and sees to it that the list is read in time.
func (q *queue) doubt(d *doubt) {
	q.mu.Lock()
	defer q.mu.Unlock()
	iv := q.interview(d.p)
	if iv.doubts.open == nil {
		iv.doubts.open = map[Key]*doubt{}
	}
	iv.doubts.open[d.p.key] = d
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
	for _, d := range ds.open {
		from := d.from()
		if at.IsZero() || from.Before(at) {
			at = from
		}
	}
	if at.Before(ds.lastRead) {
		at = ds.lastRead
	}
	ds.set = true
	q.alarm.set(at.Add(q.settle), iv)
}

// beginLook returns who is in doubt now, and whom the list has to show: those
// known to be invited for at least the settle time.
func (q *queue) beginLook(iv *interview) *look {
	q.mu.Lock()
	defer q.mu.Unlock()
	l := &look{begun: time.Now(), doubts: map[Key]*doubt{}, found: map[*doubt]client.Entry{}}
	for key, d := range iv.doubts.open {
		l.doubts[key] = d
	}
	l.must.addAll(&iv.doubts.before)
	for _, known := range iv.doubts.during {
		if known.by.After(l.begun.Add(-q.settle)) {
			break
		}
		l.must.addAll(&known.rows)
	}
	return l
}

// settleDoubts forgets doubts that are settled.
func (q *queue) settleDoubts(iv *interview, settled []*doubt) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, d := range settled {
		// The same person may be in doubt anew by now, after a second request.
		if iv.doubts.open[d.p.key] == d {
			delete(iv.doubts.open, d.p.key)
		}
		q.doubtful--
	}
	q.room.Signal()
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

// allDoubts returns everybody who is in doubt when the run ends, in input order.
func (q *queue) allDoubts() []*doubt {
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []*doubt
	for _, iv := range q.interviews {
		for _, d := range iv.doubts.open {
			all = append(all, d)
		}
	}
	return inInputOrder(all)
}

func inInputOrder(doubts []*doubt) []*doubt {
	slices.SortFunc(doubts, func(a, b *doubt) int { return cmp.Compare(a.p.row, b.p.row) })
	return doubts
}

func (q *queue) stopAlarm() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.alarm.stop()
}

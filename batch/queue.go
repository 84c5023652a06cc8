package batch

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A queue holds everybody who waits to be sent and everything that has to be
// asked, and hands it to the workers: chunks of groups that may go out, and
// interviews whose list is to be read. It decides what may go, not how.
type queue struct {
	mu   sync.Mutex
	work *sync.Cond // something may be there for a worker
	room *sync.Cond // the feeder may go on

	chunkSize int
	capacity  int // people who may go out and wait before the feeder pauses
	limit     int // people admitted at most; 0: no limit
	settle    time.Duration
	lists     *listManner

	controlled time.Time // when a list was read last only to see how soon it shows somebody

	interviews map[string]*interview
	inTurn     []*interview // all of them, as they came up
	probes     int          // how often one of them was named to be probed
	groups     map[groupKey]*group
	ready      readyHeap
	reads      []listRead // lists to read now
	alarm      alarm      // reads that are due later
	waiting    int        // people in groups
	readyCount int        // of them: those in groups that may go out
	doubtful   int        // people in doubt
	admitted   int        // people let in under the limit
	key        keyDoubt
	heard      atomic.Bool // the API has answered something usable
	distrust   bool        // a list has shown somebody of a refused request
	busy       int         // tasks out with workers
	sent       int         // chunks that were handed out
	seq        int
	fed        bool // the feeder is done
	closed     bool // nothing new goes out
	down       bool // the API is down: only the prober sends
}

// A task is what a worker does next: send a chunk or read a list.
type task struct {
	chunk *chunk
	read  *listRead
}

// A listRead is an interview whose list is to be read: before its first chunk,
// or for those in doubt.
type listRead struct {
	iv        *interview
	preflight bool
}

// A chunk is the people of one request.
type chunk struct {
	groupKey
	iv     *interview
	people []*person
	half   bool // they go with nobody else
}

func newQueue(opts Options, interviews int) *queue {
	q := &queue{
		chunkSize:  opts.ChunkSize,
		capacity:   capacity(opts, interviews),
		limit:      opts.Limit,
		settle:     opts.SettleTime,
		interviews: map[string]*interview{},
		groups:     map[groupKey]*group{},
	}
	q.work, q.room = sync.NewCond(&q.mu), sync.NewCond(&q.mu)
	q.alarm.ring = q.wake
	return q
}

// wake lets everybody look again.
func (q *queue) wake() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wakeLocked()
}

func (q *queue) wakeLocked() {
	q.work.Broadcast()
	q.room.Broadcast()
}

// close stops handing out work: the run ends early.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wakeLocked()
}

// endFeed says that no more rows come.
func (q *queue) endFeed() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.fed = true
	q.wakeLocked()
}

func (q *queue) setDown(down bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.down = down
	q.wakeLocked()
}

// interview returns what the run knows of a person's interview.
func (q *queue) interview(p *person) *interview {
	id := p.key.InterviewID // in normal form
	iv := q.interviews[id]
	if iv == nil {
		iv = &interview{id: id, asSent: p.InterviewID, groups: map[*group]struct{}{}}
		q.interviews[id] = iv
		q.inTurn = append(q.inTurn, iv)
	}
	return iv
}

// next waits for something to do. It returns nil when nothing is left, or when
// the run ends early.
func (q *queue) next() *task {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if q.closed {
			return nil
		}
		q.collectDue()
		if t := q.pick(); t != nil {
			q.busy++
			return t
		}
		if q.finished() {
			q.wakeLocked()
			return nil
		}
		q.work.Wait()
	}
}

// finished reports whether everything is done.
func (q *queue) finished() bool {
	return q.fed && q.idle()
}

// idle reports whether nothing waits, is out, or has to be found out.
func (q *queue) idle() bool {
	return q.waiting == 0 && q.busy == 0 && q.doubtful == 0 && len(q.reads) == 0
}

// collectDue moves the interviews whose list is due to the reads.
func (q *queue) collectDue() {
	for {
		iv, at := q.alarm.due(time.Now())
		if iv == nil {
			return
		}
		if !at.Equal(iv.doubts.due) {
			continue // it was set for an earlier time since
		}
		iv.doubts.due = time.Time{}
		if next := q.nextLook(iv); next.After(time.Now().Add(lookSoon)) {
			q.schedule(iv) // a preflight has begun since, and will tell whether there is a list
			continue
		}
		iv.doubts.reading = true
		q.reads = append(q.reads, listRead{iv: iv})
	}
}

func (q *queue) pick() *task {
	switch {
	case q.key.suspected():
		return q.pickOne()
	case !q.key.tried:
		return q.pickFirst()
	case len(q.reads) > 0:
		return q.nextRead()
	}
	if q.down {
		return nil
	}
	if c := q.take(); c != nil {
		return &task{chunk: c}
	}
	return nil
}

func (q *queue) nextRead() *task {
	read := q.reads[0]
	q.reads = q.reads[1:]
	return &task{read: &read}
}

// hear notes that the API answered something usable.
func (q *queue) hear() {
	if q.heard.CompareAndSwap(false, true) {
		q.wake()
	}
}

// take cuts the next chunk, or returns nil. A group that does not fill a
// request goes only if nothing can be added to it: the input is at its end, or
// so many wait that the fullest has to make room.
func (q *queue) take() *chunk {
	if len(q.ready) == 0 {
		return nil
	}
	g := q.ready[0]
	if !g.full() && !q.fed && !q.crowded() && !q.limitReached() {
		return nil
	}
	return q.cut(g)
}

// cut takes a chunk out of a group.
func (q *queue) cut(g *group) *chunk {
	if g.lane != resend && g.iv.goesAlone() {
		return q.cutOne(g.iv)
	}
	n := min(len(g.people), g.size)
	people := g.people[:n:n]
	g.people = g.people[n:]
	return q.handOut(g, people)
}

// handOut makes a chunk of people who were taken out of a group.
func (q *queue) handOut(g *group, people []*person) *chunk {
	c := &chunk{groupKey: g.groupKey, iv: g.iv, people: people, half: g.half}
	q.waiting -= len(people)
	q.sent++
	g.iv.sent++
	if g.lane != resend {
		g.iv.out++
	}
	if len(g.people) == 0 {
		q.drop(g)
	} else {
		q.update(g) // before others: the heap bears one misplaced group at a time
	}
	q.updateInterview(g.iv)
	q.room.Signal()
	return c
}

// drop forgets an empty group, so that very many interviews need no memory
// after their people are gone.
func (q *queue) drop(g *group) {
	q.update(g)
	delete(g.iv.groups, g)
	if q.groups[g.groupKey] == g {
		delete(q.groups, g.groupKey)
	}
}

// update puts a group where it belongs after a change of its people or of what
// may go out.
func (q *queue) update(g *group) {
	q.ready.update(g)
	ready := 0
	if g.place >= 0 {
		ready = len(g.people)
	}
	q.readyCount += ready - g.ready
	g.ready = ready
}

// updateInterview puts the interview's groups where they belong after a change
// of what may go out.
func (q *queue) updateInterview(iv *interview) {
	for g := range iv.groups {
		q.update(g)
	}
}

// add lets a person wait in their group.
func (q *queue) add(p *person, preflight bool) {
	gk := groupOf(&p.Candidate, p.key)
	g := q.groups[gk]
	if g == nil {
		g = q.newGroup(gk, q.interview(p), gk.size(q.chunkSize))
		q.groups[gk] = g
	}
	p.key.InterviewID = g.iv.id // one text for all of them: it is compared again and again
	g.people = append(g.people, p)
	q.waiting++
	if gk.lane != resend && g.iv.list == listUnread {
		g.iv.list = listDone
		if preflight {
			g.iv.list = listReading
			q.reads = append(q.reads, listRead{iv: g.iv, preflight: true})
			q.work.Signal()
		}
	}
	q.update(g)
	if len(g.people)%g.size == 0 {
		q.work.Signal()
	}
}

func (q *queue) newGroup(gk groupKey, iv *interview, size int) *group {
	q.seq++
	g := &group{groupKey: gk, iv: iv, size: size, seq: q.seq, place: -1}
	iv.groups[g] = struct{}{}
	return g
}

// done says that a task is dealt with. For a chunk, everything that follows
// from its answer has been told to the queue before.
func (q *queue) done(t *task) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.busy--
	if !q.key.tried || q.key.suspected() {
		q.work.Broadcast()
	}
	if t.chunk != nil {
		q.key.tried = true
		q.doneChunk(t.chunk)
	}
	q.wakeIfIdle()
}

func (q *queue) doneChunk(c *chunk) {
	gateWasOpen := c.iv.open()
	if c.lane != resend {
		c.iv.out--
	}
	if !gateWasOpen && c.iv.open() {
		q.updateInterview(c.iv)
		q.work.Broadcast()
	}
	q.schedule(c.iv)
}

// wakeIfIdle lets those who wait for the end look.
func (q *queue) wakeIfIdle() {
	if q.idle() {
		q.wakeLocked()
	}
}

// allWaiting returns everybody who waits when the run ends, in input order.
func (q *queue) allWaiting() []*person {
	q.mu.Lock()
	defer q.mu.Unlock()
	people := slices.Clone(q.key.denied)
	for _, iv := range q.interviews {
		for g := range iv.groups {
			people = append(people, g.people...)
		}
	}
	slices.SortFunc(people, func(a, b *person) int { return cmp.Compare(a.row, b.row) })
	return people
}

// free gives the memory back; nothing is handed out any more.
func (q *queue) free() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.interviews, q.inTurn, q.groups, q.ready, q.reads = nil, nil, nil, nil, nil
}

// takeProbe takes the next chunk even though the API is down and the group may
// not fill it.
func (q *queue) takeProbe() *task {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.ready) == 0 {
		return nil
	}
	q.busy++
	return &task{chunk: q.cut(q.ready[0])}
}

// toProbe returns the id of an interview, to ask for its list. They take turns:
// the list of one alone may be what does not work.
func (q *queue) toProbe() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.inTurn) == 0 {
		return ""
	}
	iv := q.inTurn[q.probes%len(q.inTurn)]
	q.probes++
	return iv.asSent
}

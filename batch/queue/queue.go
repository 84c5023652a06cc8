// Package queue keeps the people who wait to be sent, and cuts the requests in which
// they go. It knows which people may share a request, who goes first, and, line by
// line, who of an interview may go after what has happened to it. It must not know
// the ledger and the API: whoever takes people out says what became of them.
package queue

import (
	"cmp"
	"slices"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
)

// maxWaiting is how many people wait in all before nobody else should.
const maxWaiting = 10_000

// A Queue is everybody who waits to be sent, in groups whose people may share a
// request.
type Queue struct {
	chunkSize int
	capacity  int // people who may go out and wait before admission pauses
	groups    map[plan.GroupKey]*Group
	ready     readyHeap
	People    int
	mayGo     int // of them: those in groups that may go out
	seq       int
}

// A Chunk is the people of one request.
type Chunk struct {
	plan.GroupKey
	line   *Line
	People []*Person
	Half   bool // they go with nobody else
}

// New returns a queue, in which nobody waits, for the people of so many interviews.
func New(opts batch.Options, interviews int) *Queue {
	return &Queue{chunkSize: opts.ChunkSize, capacity: capacity(opts, interviews), groups: map[plan.GroupKey]*Group{}}
}

// capacity is how many people who may go out wait before admission pauses:
// enough for all connections, and to fill the requests of all interviews, of not
// too many; and no more, since the garbage collector looks at all of them each
// time.
func capacity(opts batch.Options, interviews int) int {
	const least = 1_000
	fill := min(2*opts.ChunkSize*interviews, maxWaiting)
	return max(least, fill, 4*opts.ChunkSize*opts.Concurrency)
}

// Crowded reports whether nobody else should wait. Those whose interview is shut
// count apart: it may be so for minutes, and the others must not stand still
// behind it.
func (q *Queue) Crowded() bool {
	return q.mayGo >= q.capacity || q.People >= max(maxWaiting, q.capacity)
}

// Add lets a person wait in their group.
func (q *Queue) Add(p *Person, l *Line) {
	gk := plan.GroupOf(&p.Candidate, p.Key)
	g := q.groups[gk]
	if g == nil {
		g = q.newGroup(gk, l, gk.Size(q.chunkSize))
		q.groups[gk] = g
	}
	g.people = append(g.people, p)
	q.People++
	q.update(g)
}

// AddParts lets parts of a chunk wait, each to go with nobody else.
func (q *Queue) AddParts(c *Chunk, parts [][]*Person) {
	for _, people := range slices.Backward(parts) { // the youngest group goes first
		g := q.newGroup(c.GroupKey, c.line, len(people))
		g.half = true
		g.people = people
		q.People += len(people)
		q.update(g)
	}
}

func (q *Queue) newGroup(gk plan.GroupKey, l *Line, size int) *Group {
	q.seq++
	g := &Group{GroupKey: gk, line: l, size: size, seq: q.seq, place: -1}
	l.groups[g] = struct{}{}
	return g
}

// Cut takes a chunk out of a group.
func (q *Queue) Cut(g *Group) *Chunk {
	if g.Lane != plan.Resend && g.line.goesAlone() {
		return q.cutOne(g.line)
	}
	n := min(len(g.people), g.size)
	people := g.people[:n:n]
	g.people = g.people[n:]
	return q.takeOut(g, people)
}

// CutLone takes somebody alone out of those who wait with a group.
func (q *Queue) CutLone(g *Group) *Chunk {
	if g.Lane == plan.Resend {
		return q.Cut(g)
	}
	return q.cutOne(g.line)
}

// takeOut makes a chunk of people who were taken out of a group.
func (q *Queue) takeOut(g *Group, people []*Person) *Chunk {
	c := &Chunk{GroupKey: g.GroupKey, line: g.line, People: people, Half: g.half}
	q.People -= len(people)
	g.line.Sent++
	if g.Lane != plan.Resend {
		g.line.Out++
	}
	if len(g.people) == 0 {
		q.drop(g)
	} else {
		q.update(g) // before others: the heap bears one misplaced group at a time
	}
	q.updateLine(g.line)
	return c
}

// Done notes that a chunk is dealt with, and others of its interview may go.
func (q *Queue) Done(c *Chunk) {
	if c.Lane != plan.Resend {
		c.line.Out--
	}
	q.updateLine(c.line)
}

// Step lets something happen to an interview, and its people go or not.
func (q *Queue) Step(l *Line, e Event) {
	l.State = l.State.after(e)
	q.updateLine(l)
}

// Confirming notes that a refused request is being confirmed, or is not any more.
func (q *Queue) Confirming(l *Line, is bool) {
	if is {
		l.testing++
	} else {
		l.testing--
	}
	q.updateLine(l)
}

// Ready returns the groups that may go, the one that goes first before the
// others, which have no order.
func (q *Queue) Ready() []*Group { return q.ready }

// Next returns the group that goes first, nil if none may.
func (q *Queue) Next() *Group {
	if len(q.ready) == 0 {
		return nil
	}
	return q.ready[0]
}

// drop forgets an empty group, so that very many interviews need no memory
// after their people are gone.
func (q *Queue) drop(g *Group) {
	q.update(g)
	delete(g.line.groups, g)
	if q.groups[g.GroupKey] == g {
		delete(q.groups, g.GroupKey)
	}
}

// update puts a group where it belongs after a change of its people or of what
// may go out.
func (q *Queue) update(g *Group) {
	q.ready.update(g)
	ready := 0
	if g.place >= 0 {
		ready = len(g.people)
	}
	q.mayGo += ready - g.ready
	g.ready = ready
}

// updateLine puts the interview's groups where they belong after a change
// of what may go out.
func (q *Queue) updateLine(l *Line) {
	for g := range l.groups {
		q.update(g)
	}
}

// Remove takes everybody of an interview who is not kept out of the waiting
// groups, and returns them.
func (q *Queue) Remove(l *Line, keep func(*Group, *Person) bool) []*Person {
	var removed []*Person
	for g := range l.groups {
		before := len(g.people)
		kept := g.people[:0]
		for _, p := range g.people {
			if keep(g, p) {
				kept = append(kept, p)
			} else {
				removed = append(removed, p)
			}
		}
		clear(g.people[len(kept):])
		g.people = kept
		q.People -= before - len(kept)
		switch len(kept) {
		case before:
		case 0:
			q.drop(g)
		default:
			q.update(g)
		}
	}
	return removed
}

// InInputOrder sorts people by their rows.
func InInputOrder(people []*Person) []*Person {
	slices.SortFunc(people, func(a, b *Person) int { return cmp.Compare(a.Row, b.Row) })
	return people
}

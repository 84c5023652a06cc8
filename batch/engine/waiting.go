package engine

import (
	"cmp"
	"slices"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
)

// Admission pauses when so many people wait in all, or are in doubt.
const (
	maxWaiting  = 10_000
	maxDoubtful = 100_000
)

// waiting is everybody who waits to be sent, in groups whose people may share a
// request.
type waiting struct {
	chunkSize int
	capacity  int // people who may go out and wait before admission pauses
	groups    map[plan.GroupKey]*group
	ready     readyHeap
	people    int
	mayGo     int // of them: those in groups that may go out
	seq       int
}

// A chunk is the people of one request.
type chunk struct {
	plan.GroupKey
	iv     *interview
	people []*person
	half   bool // they go with nobody else
}

func newWaiting(opts batch.Options, interviews int) *waiting {
	return &waiting{chunkSize: opts.ChunkSize, capacity: capacity(opts, interviews), groups: map[plan.GroupKey]*group{}}
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

// crowded reports whether nobody else should wait. Those whose interview is shut
// count apart: it may be so for minutes, and the others must not stand still
// behind it.
func (w *waiting) crowded() bool {
	return w.mayGo >= w.capacity || w.people >= max(maxWaiting, w.capacity)
}

// add lets a person wait in their group.
func (w *waiting) add(p *person, iv *interview) {
	gk := plan.GroupOf(&p.Candidate, p.key)
	g := w.groups[gk]
	if g == nil {
		g = w.newGroup(gk, iv, gk.Size(w.chunkSize))
		w.groups[gk] = g
	}
	p.key.InterviewID = iv.ID // one text for all of them: it is compared again and again
	g.people = append(g.people, p)
	w.people++
	w.update(g)
}

// addParts lets parts of a chunk wait, each to go with nobody else.
func (w *waiting) addParts(c *chunk, parts [][]*person) {
	for _, people := range slices.Backward(parts) { // the youngest group goes first
		g := w.newGroup(c.GroupKey, c.iv, len(people))
		g.half = true
		g.people = people
		w.people += len(people)
		w.update(g)
	}
}

func (w *waiting) newGroup(gk plan.GroupKey, iv *interview, size int) *group {
	w.seq++
	g := &group{GroupKey: gk, iv: iv, size: size, seq: w.seq, place: -1}
	iv.groups[g] = struct{}{}
	return g
}

// cut takes a chunk out of a group.
func (w *waiting) cut(g *group) *chunk {
	if g.Lane != plan.Resend && g.iv.goesAlone() {
		return w.cutOne(g.iv)
	}
	n := min(len(g.people), g.size)
	people := g.people[:n:n]
	g.people = g.people[n:]
	return w.takeOut(g, people)
}

// cutLone takes somebody alone out of those who wait with a group.
func (w *waiting) cutLone(g *group) *chunk {
	if g.Lane == plan.Resend {
		return w.cut(g)
	}
	return w.cutOne(g.iv)
}

// takeOut makes a chunk of people who were taken out of a group.
func (w *waiting) takeOut(g *group, people []*person) *chunk {
	c := &chunk{GroupKey: g.GroupKey, iv: g.iv, people: people, half: g.half}
	w.people -= len(people)
	g.iv.sent++
	if g.Lane != plan.Resend {
		g.iv.out++
	}
	if len(g.people) == 0 {
		w.drop(g)
	} else {
		w.update(g) // before others: the heap bears one misplaced group at a time
	}
	w.updateInterview(g.iv)
	return c
}

// drop forgets an empty group, so that very many interviews need no memory
// after their people are gone.
func (w *waiting) drop(g *group) {
	w.update(g)
	delete(g.iv.groups, g)
	if w.groups[g.GroupKey] == g {
		delete(w.groups, g.GroupKey)
	}
}

// update puts a group where it belongs after a change of its people or of what
// may go out.
func (w *waiting) update(g *group) {
	w.ready.update(g)
	ready := 0
	if g.place >= 0 {
		ready = len(g.people)
	}
	w.mayGo += ready - g.ready
	g.ready = ready
}

// updateInterview puts the interview's groups where they belong after a change
// of what may go out.
func (w *waiting) updateInterview(iv *interview) {
	for g := range iv.groups {
		w.update(g)
	}
}

// remove takes everybody of an interview who is not kept out of the waiting
// groups, and returns them.
func (w *waiting) remove(iv *interview, keep func(*group, *person) bool) []*person {
	var removed []*person
	for g := range iv.groups {
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
		w.people -= before - len(kept)
		switch len(kept) {
		case before:
		case 0:
			w.drop(g)
		default:
			w.update(g)
		}
	}
	return removed
}

// inInputOrder sorts people by their rows.
func inInputOrder(people []*person) []*person {
	slices.SortFunc(people, func(a, b *person) int { return cmp.Compare(a.row, b.row) })
	return people
}

package queue

import (
	"container/heap"

	"bulkinvite/batch/plan"
)

// A Group holds people who wait to be sent and may share a request. half marks
// a part of a chunk that was refused or too large: its people go together and
// with nobody else, so that the bad rows come to stand alone.
type Group struct {
	plan.GroupKey
	line   *Line
	people []*Person
	size   int
	half   bool
	seq    int // younger groups have larger ones
	place  int // in the ready heap; -1 if not there
	ready  int // people that count as ready
}

// Full reports whether nobody can be added to the group's next request.
func (g *Group) Full() bool { return g.half || len(g.people) >= g.size }

// readyHeap orders the groups that may go out: halves first, the youngest of
// them before the others (depth first finds the bad rows soonest), then the
// fullest, then the oldest.
type readyHeap []*Group

func (h readyHeap) Len() int { return len(h) }

func (h readyHeap) Less(i, j int) bool {
	a, b := h[i], h[j]
	if a.half != b.half {
		return a.half
	}
	if a.half {
		return a.seq > b.seq
	}
	na, nb := min(len(a.people), a.size)*b.size, min(len(b.people), b.size)*a.size
	if na != nb {
		return na > nb
	}
	return a.seq < b.seq
}

func (h readyHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push implements heap.Interface.
func (h *readyHeap) Push(x any) {
	g := x.(*Group)
	g.place = len(*h)
	*h = append(*h, g)
}

// Pop implements heap.Interface.
func (h *readyHeap) Pop() any {
	old := *h
	g := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	g.place = -1
	return g
}

// update puts a group where it belongs: among the ready ones or not.
func (h *readyHeap) update(g *Group) {
	ready := len(g.people) > 0 && (g.Lane == plan.Resend || g.line.mayGo())
	switch {
	case ready && g.place < 0:
		heap.Push(h, g)
	case ready:
		heap.Fix(h, g.place)
	case g.place >= 0:
		heap.Remove(h, g.place)
	}
}

package queue

import (
	"math/bits"
	"slices"

	"bulkinvite/batch/plan"
)

// A waiter is the place of somebody who waits.
type waiter struct {
	group *Group
	at    int
}

// cutOne takes the next one out of those of an interview who wait.
func (q *Queue) cutOne(l *Line) *Chunk {
	var all []waiter
	for g := range l.groups {
		if g.Lane == plan.Resend {
			continue
		}
		for at := range g.people {
			all = append(all, waiter{g, at})
		}
	}
	slices.SortFunc(all, func(a, b waiter) int { return a.group.people[a.at].Row - b.group.people[b.at].Row })
	next := all[spreadPlace(l.alone, len(all))]
	l.alone++
	g := next.group
	p := g.people[next.at]
	g.people = slices.Delete(g.people, next.at, next.at+1)
	return q.takeOut(g, []*Person{p})
}

// spreadPlace returns where the nth of those is who are spread over so many
// places: first, last, in the middle, and then between these.
func spreadPlace(n, places int) int {
	switch n {
	case 0:
		return 0
	case 1:
		return places - 1
	}
	// The bits of n-1, mirrored behind the point: 1/2, 1/4, 3/4, 1/8, 5/8, …
	fraction := float64(bits.Reverse32(uint32(n-1))) / (1 << 32)
	return int(fraction * float64(places))
}

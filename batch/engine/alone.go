package engine

import (
	"math/bits"
	"slices"

	"bulkinvite/batch/plan"
)

// A waiter is the place of somebody who waits.
type waiter struct {
	group *group
	at    int
}

// cutOne takes the next one out of those of an interview who wait.
func (w *waiting) cutOne(iv *interview) *chunk {
	var all []waiter
	for g := range iv.groups {
		if g.Lane == plan.Resend {
			continue
		}
		for at := range g.people {
			all = append(all, waiter{g, at})
		}
	}
	slices.SortFunc(all, func(a, b waiter) int { return a.group.people[a.at].row - b.group.people[b.at].row })
	next := all[spreadPlace(iv.wentAlone, len(all))]
	iv.wentAlone++
	g := next.group
	p := g.people[next.at]
	g.people = slices.Delete(g.people, next.at, next.at+1)
	return w.takeOut(g, []*person{p})
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

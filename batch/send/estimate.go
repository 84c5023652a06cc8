package send

import (
	"time"

	"bulkinvite/batch/plan"
)

// Requests estimate how many requests of each kind a run makes. All go through
// one limiter.
type Requests struct{ Invitations, Lists int }

// All returns the sum.
func (r Requests) All() int { return r.Invitations + r.Lists }

// Requests estimates the requests for the people left. The estimate is exact
// unless the ledger knows some of them, or the lists have unknown people.
func (p *Preview) Requests() Requests {
	var sum Requests
	last := 0
	for _, i := range p.Plan.Interviews {
		sum.Invitations += RequestsLeft(i)
		sum.Lists += p.looks(i) * readingOf(i.AlreadyInvited)
		if i.Left > 0 {
			last += readingOf(i.AlreadyInvited + i.Left)
		}
	}
	if last <= maxLastLooks {
		sum.Lists += last
	}
	return sum
}

// maxLastLooks limits the requests at the end of a run that look for people whom
// another sender has invited as well.
const maxLastLooks = 20

// looks returns how often the list of an interview is read: once before the first
// invitation, and twice for people in doubt.
func (p *Preview) looks(i plan.InterviewPlan) int {
	looks := 0
	if i.Left > i.InDoubt && !p.Options.NoPreflight {
		looks++
	}
	if i.InDoubt > 0 {
		looks += 2
	}
	return looks
}

// readingOf returns how many requests read a list with so many people: its pages
// and two empty ones, before and after them, since pages may be counted from 0 or
// from 1.
func readingOf(people int) int {
	const pageSize = 100
	return (people+pageSize-1)/pageSize + 2
}

// AtRate returns the shortest time that so many requests take.
func (p *Preview) AtRate(requests int) time.Duration {
	return time.Duration(float64(requests) / p.Options.Rate * float64(time.Second))
}

// RequestsLeft returns how many of an interview's requests the people left need,
// rounded up.
func RequestsLeft(i plan.InterviewPlan) int {
	if i.People == 0 {
		return 0
	}
	return (i.Requests*i.Left + i.People - 1) / i.People
}

package send

import (
	"time"

	"bulkinvite/batch"
)

// Requests are how many requests of each kind a run will make, as far as that is
// known before it. All go through one limiter.
type Requests struct{ Invitations, Lists int }

// All are both.
func (r Requests) All() int { return r.Invitations + r.Lists }

// Requests estimates what the people left need: exactly, unless the ledger knows
// some of them or the lists have people whom it does not know.
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

// maxLastLooks is how many requests a run makes at its end at most, to see
// whether another sender has invited its people as well.
const maxLastLooks = 20

// looks is how often the list of an interview is read before its people are
// done with: before the first invitation, and twice for those in doubt.
func (p *Preview) looks(i batch.InterviewPlan) int {
	looks := 0
	if i.Left > i.InDoubt && !p.Options.NoPreflight {
		looks++
	}
	if i.InDoubt > 0 {
		looks += 2
	}
	return looks
}

// readingOf is how many requests it takes to read a list that shows so many
// people: its pages, and two that show nobody, one before and one behind them,
// since nobody knows whether pages are counted from 0 or from 1.
func readingOf(people int) int {
	const pageSize = 100
	return (people+pageSize-1)/pageSize + 2
}

// AtRate is the least time that so many requests take.
func (p *Preview) AtRate(requests int) time.Duration {
	return time.Duration(float64(requests) / p.Options.Rate * float64(time.Second))
}

// RequestsLeft is the share of an interview's invitations that its people left
// need, rounded up.
func RequestsLeft(i batch.InterviewPlan) int {
	if i.People == 0 {
		return 0
	}
	return (i.Requests*i.Left + i.People - 1) / i.People
}

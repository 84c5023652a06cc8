package batch

import "time"

// A Pace is at which rate requests may go, and what the API has said of it. Its
// methods are pure: an outlet keeps one of its own, and runs that share a ledger
// one for all of them.
type Pace struct {
	Allowed float64   // requests per second
	HeardAt float64   // the rate at which the API last said 429 or 503; 0: never
	Until   time.Time // nobody goes before: Retry-After
	Halved  time.Time // when the rate was last halved
	Grown   time.Time // when it last grew
}

// A rate of less than this share of the ceiling would be a standstill.
const slowest = 1.0 / 64

// Throttled is the pace after a 429 or 503 to a request that went at a time. The
// rate is halved once for all requests that were on their way together.
func (p Pace) Throttled(went, now time.Time, ceiling float64) Pace {
	if !went.After(p.Halved) {
		return p
	}
	p.HeardAt = p.Allowed
	p.Halved, p.Grown = now, now
	p.Allowed = max(p.HeardAt/2, ceiling*slowest)
	return p
}

// HeldUntil is the pace after a Retry-After.
func (p Pace) HeldUntil(until time.Time) Pace {
	if until.After(p.Until) {
		p.Until = until
	}
	return p
}

// Grow brings the rate back: in two seconds to a little below the one at which the
// API last complained, since that much it allows, and slowly from there, since it
// may complain again; faster once it is clear that it does not. Never above the
// ceiling.
func (p Pace) Grow(now time.Time, ceiling float64) Pace {
	if p.Allowed >= ceiling || now.Before(p.Until) {
		p.Grown = now
		return p
	}
	seconds := now.Sub(p.Grown).Seconds()
	p.Grown = now
	switch {
	case p.Allowed < 0.9*p.HeardAt:
		p.Allowed = min(p.Allowed+0.2*p.HeardAt*seconds, 0.9*p.HeardAt)
	case p.Allowed < 1.1*p.HeardAt:
		p.Allowed += 0.01 * p.HeardAt * seconds
	default:
		p.Allowed += 0.05 * p.Allowed * seconds
	}
	p.Allowed = min(p.Allowed, ceiling)
	return p
}

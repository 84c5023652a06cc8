package batch

import (
	"context"
	"time"
)

// A Shared is a Ledger that several runs use at the same time. Every run keeps
// telling it that it lives; one that stops to is fenced by whoever wants to know
// what became of its people, and must not send any more.
type Shared interface {
	Ledger

	// MayLeave returns nil if a request of this run may leave now. It is asked
	// before the last byte, since what it says is good for seconds only. Every
	// error means that the request must not leave; a *Fenced, that none may.
	MayLeave(ctx context.Context) error

	// HandOver says that a request has ended, that its answer is lost, and that
	// this run leaves it at that: others need not wait for the end of the run to
	// find out whom it invited. It is durable when it returns.
	HandOver(ctx context.Context, id int64) error

	// Slot takes a place in the schedule of all runs that send to the same API,
	// and returns how long it is until then.
	Slot(ctx context.Context) (wait time.Duration, err error)

	// ChangePace changes the schedule by what f makes of it. f may be called
	// several times, with what others have made of it meanwhile.
	ChangePace(ctx context.Context, f func(p Pace, now time.Time) Pace) error
}

// A Fenced is why a run must not send any more: another has taken it for dead.
// Everything that it has settled stands.
type Fenced struct{ Reason string }

func (f *Fenced) Error() string { return f.Reason }

// A Holder is a run that goes on and has somebody's request, which it may still
// send.
type Holder struct {
	Name      string    // for people: run 41 on cron-b, since 02:00
	SettledAt time.Time // when it last settled anything, by the clock of this machine
}

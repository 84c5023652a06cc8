// Package outlet is the only way to the API: every request leaves through an
// Outlet, and every answer comes back through it. It knows the rate, what the
// answers say of the API's health, and how a list that comes in pages is read. It
// must not know rows, ledgers and plans: what follows from an answer is for its
// callers to say.
//
// A run has one Outlet. A Lister has one too, and reads a list outside of a run.
package outlet

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// An Outlet is the only way to the API. Every request leaves through it, at no
// more than the allowed rate, and every answer tells it how the API is.
type Outlet struct {
	api     batch.API
	opts    batch.Options
	log     zerolog.Logger
	hooks   Hooks
	ends    time.Time // see EndAt; zero: never
	pacer   *pacer
	Health  health
	Lists   *listManner
	traffic traffic
	conns   chan struct{} // held until the answer is here
	Heard   atomic.Bool   // the API has answered something usable
	Hear    chan struct{} // has an element once it has
}

// Hooks are what follows outside of an outlet from an answer.
type Hooks struct {
	End   func(batch.End, string)                                         // the run ends, and why
	Learn func(ctx context.Context, fact *atomic.Bool, name string) error // it is true from now on, in later runs too

	// Knows reports whether people are invited to an interview by this run, or
	// were by an earlier one.
	Knows func(ctx context.Context, interviewID string) (bool, error)

	// Shared is the ledger if other runs use it at the same time: it has a say in
	// when a request may leave.
	Shared batch.Shared
}

// New returns an outlet to an API. What follows from answers is the hooks'.
func New(api batch.API, opts batch.Options, hooks Hooks) *Outlet {
	o := &Outlet{
		api: api, opts: opts, log: opts.Log, hooks: hooks,
		pacer:  newPacer(opts.Rate, opts.Burst),
		Health: health{WentDown: make(chan struct{}, 1)},
		Lists:  &listManner{},
		conns:  make(chan struct{}, opts.Concurrency),
		Hear:   make(chan struct{}, 1),
	}
	if hooks.Shared != nil {
		o.pacer.shared = &sharedPace{hooks.Shared, opts.Rate, opts.Log}
	}
	return o
}

// Pace returns how many requests a second may leave now, and how long the API
// keeps the next one back.
func (o *Outlet) Pace() (rate float64, held time.Duration) {
	rate, _ = o.pacer.state()
	return rate, o.pacer.heldFor()
}

// EndAt says when the run ends at the latest, before requests leave.
func (o *Outlet) EndAt(deadline time.Time) { o.ends = deadline }

// hears notes that the API has answered something usable.
func (o *Outlet) hears() {
	if o.Heard.Load() {
		return
	}
	o.Heard.Store(true)
	select {
	case o.Hear <- struct{}{}:
	default:
	}
}

// A Slot is the right to make one request, now.
type Slot struct {
	outlet *Outlet
	went   time.Time
}

// Leave returns when a request may go. Whoever gets no error makes the request.
func (o *Outlet) Leave(ctx context.Context) (Slot, error) {
	select {
	case o.conns <- struct{}{}:
	case <-ctx.Done():
		return Slot{}, context.Cause(ctx)
	}
	went, err := o.pacer.wait(ctx)
	if err != nil {
		<-o.conns
	}
	return Slot{o, went}, err
}

// Invite makes a request that invites, sends again or asks for a link. A request
// that has left is awaited: the client's time-out is its end.
func (s Slot) Invite(ctx context.Context, ep Endpoint, req client.InviteRequest) ([]client.Invitation, error) {
	defer func() { <-s.outlet.conns }()
	if shared := s.outlet.hooks.Shared; shared != nil {
		req.MayLeave = shared.MayLeave
	}
	invitations, err := s.outlet.api.Invite(ctx, req)
	if fenced := (*batch.Fenced)(nil); errors.As(err, &fenced) {
		s.outlet.hooks.End(batch.TakenOver, fenced.Reason)
		return nil, err
	}
	if err == nil && ep != Link {
		s.outlet.Health.accept(s.went)
	}
	if ep == Invite && len(req.Candidates) > 1 {
		ep = several
	}
	s.outlet.observe(ep, s.went, err)
	return invitations, err
}

// list asks for one page of a list, once. The second error is that of ctx: then
// the answer says nothing of the API.
func (o *Outlet) list(ctx context.Context, req client.ListRequest) (entries []client.Entry, apiErr, err error) {
	s, err := o.Leave(ctx)
	if err != nil {
		return nil, nil, err
	}
	entries, apiErr = o.ask(ctx, req)
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	o.Lists.answered(apiErr)
	o.observe(list, s.went, apiErr)
	return entries, apiErr, nil
}

func (o *Outlet) ask(ctx context.Context, req client.ListRequest) ([]client.Entry, error) {
	defer func() { <-o.conns }()
	return o.api.Invites(ctx, req)
}

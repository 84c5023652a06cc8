package batch

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"bulkinvite/client"
)

// An outlet is the only way to the API. Every request leaves through it, at no
// more than the allowed rate, and every answer tells it how the API is.
type outlet struct {
	api     API
	opts    Options
	log     zerolog.Logger
	hooks   hooks
	ends    time.Time // Options.Deadline; zero: never
	pacer   *pacer
	health  health
	lists   *listManner
	traffic traffic
	conns   chan struct{} // held until the answer is here
	heard   atomic.Bool   // the API has answered something usable
	hear    chan struct{} // has an element once it has
}

// hooks are what follows outside of an outlet from an answer.
type hooks struct {
	end      func(End, string)                            // the run ends, and why
	remember func(ctx context.Context, name string) error // later runs are to know it

	// knows reports whether people are invited to an interview by this run, or
	// were by an earlier one.
	knows func(ctx context.Context, interviewID string) (bool, error)
}

func newOutlet(api API, opts Options, hooks hooks) *outlet {
	return &outlet{
		api: api, opts: opts, log: opts.Log, hooks: hooks,
		pacer:  newPacer(opts.Rate, opts.Burst),
		health: health{wentDown: make(chan struct{}, 1)},
		lists:  &listManner{},
		conns:  make(chan struct{}, opts.Concurrency),
		hear:   make(chan struct{}, 1),
	}
}

// hears notes that the API has answered something usable.
func (o *outlet) hears() {
	if o.heard.Load() {
		return
	}
	o.heard.Store(true)
	select {
	case o.hear <- struct{}{}:
	default:
	}
}

// A slot is the right to make one request, now.
type slot struct {
	outlet *outlet
	went   time.Time
}

// leave returns when a request may go. Whoever gets no error makes the request.
func (o *outlet) leave(ctx context.Context) (slot, error) {
	select {
	case o.conns <- struct{}{}:
	case <-ctx.Done():
		return slot{}, context.Cause(ctx)
	}
	went, err := o.pacer.wait(ctx)
	if err != nil {
		<-o.conns
	}
	return slot{o, went}, err
}

// invite makes a request that invites, sends again or asks for a link. A request
// that has left is awaited: the client's time-out is its end.
func (s slot) invite(ctx context.Context, ep endpoint, req client.InviteRequest) ([]client.Invitation, error) {
	defer func() { <-s.outlet.conns }()
	invitations, err := s.outlet.api.Invite(ctx, req)
	if err == nil && ep != link {
		s.outlet.health.accept(s.went)
	}
	s.outlet.observe(ep, s.went, err)
	return invitations, err
}

// list asks for one page of a list, once. The second error is that of ctx: then
// the answer says nothing of the API.
func (o *outlet) list(ctx context.Context, req client.ListRequest) (entries []client.Entry, apiErr, err error) {
	s, err := o.leave(ctx)
	if err != nil {
		return nil, nil, err
	}
	entries, apiErr = o.ask(ctx, req)
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	o.lists.answered(apiErr)
	o.observe(list, s.went, apiErr)
	return entries, apiErr, nil
}

func (o *outlet) ask(ctx context.Context, req client.ListRequest) ([]client.Entry, error) {
	defer func() { <-o.conns }()
	return o.api.Invites(ctx, req)
}

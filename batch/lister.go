package batch

import (
	"context"
	"errors"
	"fmt"

	"bulkinvite/client"
)

// A Lister reads interviews' lists outside of a run, with all the care of one:
// its rate, its patience, and what it does not assume about pages.
type Lister struct {
	engine *Engine
}

// NewLister returns a Lister. Of the options those that concern reading count.
func NewLister(api API, opts Options) (*Lister, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	e := &Engine{
		api: api, opts: opts, log: opts.Log,
		pacer: newPacer(opts.Rate, opts.Burst),
		lists: &listManner{},
		conns: make(chan struct{}, 1),
	}
	e.health.endProbing() // nobody probes: each page is tried for itself
	return &Lister{e}, nil
}

// Read shows each entry of an interview's list, some of them more than once. If
// the list breaks on the way it is read again from its beginning. The error is
// *client.Error, ctx's cause, or visit's.
func (l *Lister) Read(ctx context.Context, interviewID string, visit func(client.Entry) error) error {
	e := l.engine
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e.cancel = cancel
	iv := &interview{id: normalInterviewID(interviewID), asSent: interviewID}
	pauses := e.newPauses(longestPause)
	for try := 1; ; try++ {
		err := e.readList(ctx, iv, visit)
		switch {
		case e.reason != "":
			return &client.Error{Err: errors.New(e.reason)}
		case err == nil || ctx.Err() != nil || isFatal(err) || isRefusal(err):
			return err
		case isDenied(err):
			return &client.Error{Err: errors.New(keyRefused(err.Error()))}
		case try == listTries, saysNoList(err) && e.lists.mayNotExist():
			return fmt.Errorf("the list could not be read: %w", err)
		}
		if err := sleep(ctx, pauses.next()); err != nil {
			return err
		}
	}
}

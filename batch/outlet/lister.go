package outlet

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// A Lister reads interviews' lists outside of a run, with all the care of one:
// its rate, its patience, and what it does not assume about pages.
type Lister struct {
	out    *Outlet
	cancel context.CancelFunc
	reason string // why nothing can be read any more
}

// NewLister returns a Lister. Of the options those that concern reading count.
func NewLister(api batch.API, opts batch.Options) (*Lister, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	opts = opts.WithDefaults()
	l := &Lister{}
	l.out = New(api, opts, Hooks{
		End: func(_ batch.End, reason string) {
			l.reason = reason
			l.cancel()
		},
		Learn: func(_ context.Context, fact *atomic.Bool, _ string) error {
			fact.Store(true)
			return nil
		},
		Knows: func(context.Context, string) (bool, error) { return false, nil },
	})
	l.out.Health.EndProbing() // nobody probes: each page is tried for itself
	return l, nil
}

// Read shows each entry of an interview's list, some of them more than once. If
// the list breaks on the way it is read again from its beginning. The error is
// *client.Error, ctx's cause, or visit's.
func (l *Lister) Read(ctx context.Context, interviewID string, visit func(client.Entry) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.cancel = cancel
	pauses := l.out.NewPauses(LongestPause)
	for try := 1; ; try++ {
		_, err := l.out.ReadList(ctx, interviewID, visit)
		switch {
		case l.reason != "":
			return &client.Error{Err: errors.New(l.reason)}
		case err == nil || ctx.Err() != nil || client.IsFatal(err) || client.IsRefusal(err):
			return err
		case client.IsDenied(err):
			return &client.Error{Err: errors.New(KeyRefusal(err.Error()))}
		case try == ListTries, client.SaysNoList(err) && l.out.Lists.MayNotExist():
			return fmt.Errorf("the list could not be read: %w", err)
		}
		if err := Sleep(ctx, pauses.Next()); err != nil {
			return err
		}
	}
}

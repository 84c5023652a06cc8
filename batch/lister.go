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
	out    *outlet
	cancel context.CancelFunc
	reason string // why nothing can be read any more
}

// NewLister returns a Lister. Of the options those that concern reading count.
func NewLister(api API, opts Options) (*Lister, error) {
	if err := opts.Validate(); err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	l := &Lister{}
	l.out = newOutlet(api, opts, hooks{
		end: func(_ End, reason string) {
			l.reason = reason
			l.cancel()
		},
		remember: func(context.Context, string) error { return nil },
		knows:    func(context.Context, string) (bool, error) { return false, nil },
	})
	l.out.health.endProbing() // nobody probes: each page is tried for itself
	return l, nil
}

// Read shows each entry of an interview's list, some of them more than once. If
// the list breaks on the way it is read again from its beginning. The error is
// *client.Error, ctx's cause, or visit's.
func (l *Lister) Read(ctx context.Context, interviewID string, visit func(client.Entry) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	l.cancel = cancel
	pauses := l.out.newPauses(longestPause)
	for try := 1; ; try++ {
		_, err := l.out.readList(ctx, interviewID, visit)
		switch {
		case l.reason != "":
			return &client.Error{Err: errors.New(l.reason)}
		case err == nil || ctx.Err() != nil || isFatal(err) || isRefusal(err):
			return err
		case isDenied(err):
			return &client.Error{Err: errors.New(keyRefused(err.Error()))}
		case try == listTries, saysNoList(err) && l.out.lists.mayNotExist():
			return fmt.Errorf("the list could not be read: %w", err)
		}
		if err := sleep(ctx, pauses.next()); err != nil {
			return err
		}
	}
}

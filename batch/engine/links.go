package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"bulkinvite/batch"
)

// WantsLinks reports, after Run, whether FetchLinks has anything to do. It may
// take a while: whoever has something to write about the run does so before.
func (e *Engine) WantsLinks() bool { return !e.cutShort && e.account.Counts().Links > 0 }

// FetchLinks gets the links of those whose invitation was found in the list. It
// comes after Run: a link is worth less than an invitation. Missing links are no
// error, and neither is that ctx ends; how the run has ended stays as it is.
func (e *Engine) FetchLinks(ctx context.Context) error {
	if !e.WantsLinks() {
		return nil
	}
	soft, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	e.cancel = cancel
	if !e.deadline.IsZero() {
		timer := time.AfterFunc(time.Until(e.deadline), e.overDeadline)
		defer timer.Stop()
	}
	err := e.links.Fetch(soft)
	if why := (*ending)(nil); errors.As(context.Cause(soft), &why) {
		e.run.warn("links of confirmed invitations are not fetched and stay empty: " + batch.MaskText(why.reason))
	}
	return err
}

// overDeadline ends the run, or what is left of it.
func (e *Engine) overDeadline() {
	e.endRun(batch.DeadlineOver, fmt.Sprintf("the deadline of %v was reached", e.opts.Deadline))
}

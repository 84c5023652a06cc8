package outlet

import (
	"fmt"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// longWait is from when on a wait that the API asks for is worth a warning: who
// looks at a run that stands still asks why.
const longWait = 30 * time.Second

// obey keeps everybody back for as long as an answer says. If the run may not
// wait so long there is nothing to wait for: it ends now.
func (o *Outlet) obey(err *client.Error) {
	wait := err.RetryAfter
	end, limit := batch.APIDown, ""
	switch {
	case err.Fate == client.Denied: // ends the run for a better reason
	case wait > o.opts.GiveUpAfter:
		limit = fmt.Sprintf("the %v after which it is given up", o.opts.GiveUpAfter)
	case !o.ends.IsZero() && wait > time.Until(o.ends):
		end, limit = batch.DeadlineOver, fmt.Sprintf("the deadline of %v allows", o.opts.Deadline)
	}
	if limit != "" {
		o.hooks.End(end, fmt.Sprintf("the API asked to wait for %v, longer than %s (%v)", wait, limit, err))
		return
	}
	o.pacer.shared.hold(wait)
	if o.pacer.hold(wait) > longWait {
		o.log.Warn().Dur("retry_after", wait).Time("until", time.Now().Add(wait)).Msg("the API asks to wait, nothing is sent until then: " + batch.MaskText(err.Error()))
	}
}

package send

import (
	"context"
	"fmt"
	"os"
	"time"

	"bulkinvite/batch"
	"bulkinvite/cmd/bulkinvite/app"
)

// bugGrace is how long a run with a bug may take to end, in addition to the
// requests under way.
const bugGrace = 10 * time.Second

// endOverdue ends the program if a run with a bug does not end by itself, for
// example because others wait for a lock of the goroutine that panicked. The ledger
// makes that safe.
func (s *sender) endOverdue(ctx context.Context) error {
	var p *batch.Panic
	select {
	case p = <-s.bugs:
	case <-ctx.Done():
		return nil // the run's end is no error
	}
	select {
	case <-time.After(s.flags.input.Batch.Timeout + bugGrace):
	case <-ctx.Done():
		return nil // the run reports its bug itself
	}
	app.LogBug(s.log, p)
	_, _ = fmt.Fprintf(s.Stderr, "bulkinvite: broke off: %v; it kept the run from its end and the outputs are not written; %s\n", p, s.again())
	s.Stderr.End()
	os.Exit(batch.ExitBroken)
	return nil
}

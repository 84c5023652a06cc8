package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
)

// logBug logs where a bug was, if err is one: its words alone help nobody who
// is to mend it.
func logBug(log zerolog.Logger, err error) {
	if p := (*batch.Panic)(nil); errors.As(err, &p) {
		log.Error().Str("stack", p.Stack).Msg(p.Error())
	}
}

// bugGrace is how long a run with a bug may take to its end, besides the
// requests under way.
const bugGrace = 10 * time.Second

// endOverdue ends the program if a run with a bug does not come to its end, as
// when what panicked held what others wait for. The ledger makes that safe.
func (s *sender) endOverdue(ctx context.Context, bugs <-chan *batch.Panic) error {
	var p *batch.Panic
	select {
	case p = <-bugs:
	case <-ctx.Done():
		return nil // the run's end is no error
	}
	select {
	case <-time.After(s.flags.input.batch.Timeout + bugGrace):
	case <-ctx.Done():
		return nil // told at the end of the run
	}
	logBug(s.log, p)
	_, _ = fmt.Fprintf(s.stderr, "bulkinvite: broke off: %v; it kept the run from its end and the outputs are not written; %s\n", p, s.report.again())
	s.stderr.end()
	os.Exit(exitBroken)
	return nil
}

package batch_test

import (
	"context"
	"errors"
	"testing"

	"bulkinvite/batch"
)

// A namedCause stops a run, as a signal does.
type namedCause int

func (n namedCause) Error() string { return "stopped" }
func (n namedCause) ExitCode() int { return int(n) }

func TestExitCodes(t *testing.T) {
	term, nobody := namedCause(143), errors.New("somebody")
	tests := []struct {
		name   string
		end    batch.End
		cause  error
		failed int
		want   int
	}{
		{"all is well", batch.Finished, nil, 0, 0},
		{"some failed", batch.Finished, nil, 1, 3},
		{"a signal that kept nobody from going", batch.Finished, term, 0, 0},
		{"the same with failed rows", batch.Finished, term, 1, 3},
		{"SIGTERM", batch.Stopped, term, 1, 143},
		{"SIGINT", batch.Stopped, namedCause(130), 1, 130},
		{"SIGHUP", batch.Stopped, namedCause(129), 1, 129},
		{"stopped by nobody knows what", batch.Stopped, nobody, 1, 1},
		{"key", batch.KeyRefused, nil, 1, 4},
		{"quota", batch.QuotaUsedUp, nil, 1, 4},
		{"path", batch.WrongPath, nil, 1, 4},
		{"down", batch.APIDown, nil, 1, 4},
		{"deadline", batch.DeadlineOver, nil, 1, 4},
	}
	for _, test := range tests {
		ctx, cancel := context.WithCancelCause(t.Context())
		if test.cause != nil {
			cancel(test.cause)
		}
		if got := batch.ExitCode(ctx, test.end, test.failed); got != test.want {
			t.Errorf("%s: exit %d, want %d", test.name, got, test.want)
		}
		if test.end.String() == "" {
			t.Errorf("%s: the end has no name", test.name)
		}
		cancel(nil)
	}
}

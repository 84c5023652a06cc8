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
		{name: "all is well", end: batch.Finished, cause: nil, failed: 0, want: 0},
		{name: "some failed", end: batch.Finished, cause: nil, failed: 1, want: 3},
		{name: "a signal that kept nobody from going", end: batch.Finished, cause: term, failed: 0, want: 0},
		{name: "the same with failed rows", end: batch.Finished, cause: term, failed: 1, want: 3},
		{name: "SIGTERM", end: batch.Stopped, cause: term, failed: 1, want: 143},
		{name: "SIGINT", end: batch.Stopped, cause: namedCause(130), failed: 1, want: 130},
		{name: "SIGHUP", end: batch.Stopped, cause: namedCause(129), failed: 1, want: 129},
		{name: "stopped by nobody knows what", end: batch.Stopped, cause: nobody, failed: 1, want: 1},
		{name: "key", end: batch.KeyRefused, cause: nil, failed: 1, want: 4},
		{name: "quota", end: batch.QuotaUsedUp, cause: nil, failed: 1, want: 4},
		{name: "path", end: batch.WrongPath, cause: nil, failed: 1, want: 4},
		{name: "down", end: batch.APIDown, cause: nil, failed: 1, want: 4},
		{name: "taken for dead", end: batch.TakenOver, cause: nil, failed: 1, want: 1},
		{name: "deadline", end: batch.DeadlineOver, cause: nil, failed: 1, want: 4},
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

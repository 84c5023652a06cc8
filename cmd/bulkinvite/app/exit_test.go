package app

import (
	"syscall"
	"testing"

	"bulkinvite/batch"
)

func TestExitCodes(t *testing.T) {
	term := StopSignal{syscall.SIGTERM}
	none := StopSignal{}
	tests := []struct {
		name   string
		end    batch.End
		stop   StopSignal
		failed int
		want   int
	}{
		{"all is well", batch.Finished, none, 0, 0},
		{"some failed", batch.Finished, none, 1, 3},
		{"a signal that kept nobody from going", batch.Finished, term, 0, 0},
		{"the same with failed rows", batch.Finished, term, 1, 3},
		{"SIGTERM", batch.Stopped, term, 1, 143},
		{"SIGINT", batch.Stopped, StopSignal{syscall.SIGINT}, 1, 130},
		{"SIGHUP", batch.Stopped, StopSignal{syscall.SIGHUP}, 1, 129},
		{"stopped by nobody knows what", batch.Stopped, none, 1, 1},
		{"key", batch.KeyRefused, none, 1, 4},
		{"quota", batch.QuotaUsedUp, none, 1, 4},
		{"path", batch.WrongPath, none, 1, 4},
		{"down", batch.APIDown, none, 1, 4},
		{"deadline", batch.DeadlineOver, none, 1, 4},
	}
	for _, test := range tests {
		if got := ExitCode(test.end, test.stop, test.failed); got != test.want {
			t.Errorf("%s: exit %d, want %d", test.name, got, test.want)
		}
	}
}

package app

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
)

func TestFirstSignalCancelsSecondExits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal, 2)
		var told []StopSignal
		var exited []int
		err := withSignalsFrom(t.Context(), signals,
			func(s StopSignal) { told = append(told, s) },
			func(code int) { exited = append(exited, code) },
			func(ctx context.Context) error {
				if _, stopped := StoppedBy(ctx); stopped {
					t.Error("stopped without a signal")
				}
				signals <- syscall.SIGTERM
				<-ctx.Done()
				if stop, ok := StoppedBy(ctx); !ok || stop.ExitCode() != 143 {
					t.Errorf("stopped by %v, %v: want SIGTERM, 143", stop, ok)
				}
				synctest.Wait()
				if len(exited) != 0 {
					t.Error("the first signal ended the program")
				}
				signals <- syscall.SIGINT
				synctest.Wait()
				return errors.New("from f")
			})
		if err == nil || err.Error() != "from f" {
			t.Errorf("error %v, want that of f", err)
		}
		if len(told) != 1 || told[0].Sig != syscall.SIGTERM {
			t.Errorf("told of %v, want SIGTERM alone", told)
		}
		if len(exited) != 1 || exited[0] != 130 {
			t.Errorf("exited with %v, want 130 once", exited)
		}
	})
}

// Of a terminal that is closed both the system and the shell send SIGHUP.
func TestHangUpIsNoSecondSignal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal, 2)
		var exited []int
		err := withSignalsFrom(t.Context(), signals,
			func(StopSignal) {},
			func(code int) { exited = append(exited, code) },
			func(ctx context.Context) error {
				signals <- syscall.SIGHUP
				<-ctx.Done()
				signals <- syscall.SIGHUP
				synctest.Wait()
				if len(exited) != 0 {
					t.Errorf("a second SIGHUP exited with %v", exited)
				}
				signals <- syscall.SIGTERM
				synctest.Wait()
				return nil
			})
		if err != nil || len(exited) != 1 || exited[0] != 143 {
			t.Errorf("%v, exited with %v: want 143 once", err, exited)
		}
	})
}

// Whoever sends SIGQUIT wants an end, and not the code of a run that has sent
// nothing.
func TestQuitExitsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signals := make(chan os.Signal, 2)
		var exited []int
		err := withSignalsFrom(t.Context(), signals,
			func(s StopSignal) { t.Errorf("%v only stops", s) },
			func(code int) { exited = append(exited, code) },
			func(context.Context) error {
				signals <- syscall.SIGQUIT
				synctest.Wait()
				return nil
			})
		if err != nil || len(exited) != 1 || exited[0] != 131 {
			t.Errorf("%v, exited with %v: want 131 once", err, exited)
		}
	})
}

func TestWithoutSignals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := withSignalsFrom(t.Context(), make(chan os.Signal), nil, nil, func(ctx context.Context) error {
			return ctx.Err()
		})
		if err != nil {
			t.Error(err)
		}
	})
}

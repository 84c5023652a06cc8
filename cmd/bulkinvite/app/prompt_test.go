package app

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A scriptedTerminal gives one answer and keeps what was written.
type scriptedTerminal struct {
	answer io.Reader
	shown  strings.Builder
}

func (s *scriptedTerminal) Read(p []byte) (int, error) { return s.answer.Read(p) }

func (s *scriptedTerminal) Write(p []byte) (int, error) { return s.shown.Write(p) }

func (s *scriptedTerminal) SetReadDeadline(_ time.Time) error { return nil }

func TestOnlyYesIsYes(t *testing.T) {
	tests := []struct {
		answer string
		yes    bool
	}{
		{"y\n", true}, {"yes\n", true}, {" YES \r\n", true},
		{"n\n", false}, {"\n", false}, {"yess\n", false}, {"ja\n", false}, {"", false},
	}
	for _, test := range tests {
		answer, yes := test.answer, test.yes
		tty := &scriptedTerminal{answer: strings.NewReader(answer)}
		err := ask(t.Context(), tty, "send? ")
		if yes != (err == nil) || !yes && !errors.Is(err, errDeclined) {
			t.Errorf("%q: %v, want yes: %v", answer, err, yes)
		}
		if tty.shown.String() != "send? " {
			t.Errorf("shown: %q", &tty.shown)
		}
	}
}

func TestSignalEndsTheQuestion(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = read.Close(), write.Close() }()
	ctx, cancel := context.WithCancelCause(t.Context())
	go cancel(StopSignal{syscall.SIGINT})
	tty := &pipeTerminal{f: read}
	err = ask(ctx, tty, "send? ")
	var stop StopSignal
	if !errors.As(err, &stop) {
		t.Errorf("error %v, want the signal", err)
	}
	if got := tty.shown.String(); got != "send? \n" {
		t.Errorf("shown %q: what comes next must begin a line", got)
	}
}

// A pipeTerminal is a terminal on which nobody answers.
type pipeTerminal struct {
	f     *os.File
	shown strings.Builder
}

func (t *pipeTerminal) Read(p []byte) (int, error) { return t.f.Read(p) }

func (t *pipeTerminal) Write(p []byte) (int, error) { return t.shown.Write(p) }

func (t *pipeTerminal) SetReadDeadline(end time.Time) error { return t.f.SetReadDeadline(end) }

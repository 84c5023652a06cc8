package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"bulkinvite/batch/file"
)

// errDeclined is the error of a question that was not answered with yes.
var errDeclined = errors.New("declined")

// A terminal is where a question is asked. Reading must end at the deadline, so
// that a signal can end the waiting.
type terminal interface {
	io.ReadWriter
	SetReadDeadline(t time.Time) error
}

// AskOnTerminal asks on the controlling terminal, because standard input and output
// may be something else. undone says what did not happen after a no.
func AskOnTerminal(ctx context.Context, question, undone string) error {
	tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("there is no terminal to ask on (%w); use --yes to go on without a question", file.Bare(err))
	}
	defer func() { _ = tty.Close() }() // nothing is lost with it
	err = ask(ctx, tty, question)
	if errors.Is(err, errDeclined) {
		return Refusef("declined; %s", undone)
	}
	return err
}

// ask writes the question and waits for the answer. It returns nil for y and yes
// only.
func ask(ctx context.Context, tty terminal, question string) error {
	if _, err := io.WriteString(tty, question); err != nil {
		return fmt.Errorf("ask: %w", err)
	}
	stop := context.AfterFunc(ctx, func() {
		// If the system cannot do this with a terminal, the second signal ends
		// the program.
		_ = tty.SetReadDeadline(time.Unix(1, 0))
	})
	defer stop()
	answer, err := bufio.NewReader(tty).ReadString('\n')
	if ctx.Err() != nil {
		_, _ = io.WriteString(tty, "\n") // the next message goes below the question
		return context.Cause(ctx)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errDeclined
}

package send

import (
	"bytes"
	"strings"
	"syscall"
	"testing"

	"github.com/rs/zerolog"

	"bulkinvite/cmd/bulkinvite/app"
)

// Before anything was sent there are no requests to wait for: what is said
// then is only that nothing was sent, by the command's end.
func TestStoppingIsToldOnlyWhileSending(t *testing.T) {
	var logged bytes.Buffer
	s := &sender{App: &app.App{}, flags: &Options{}, log: zerolog.New(&logged)}
	s.begun.Store(true)
	s.stopping(app.StopSignal{Sig: syscall.SIGINT})
	if logged.Len() != 0 {
		t.Errorf("before sending: %s", &logged)
	}
	s.sending.Store(true)
	s.stopping(app.StopSignal{Sig: syscall.SIGINT})
	if !strings.Contains(logged.String(), "stopping") {
		t.Errorf("while sending: %q", &logged)
	}
}

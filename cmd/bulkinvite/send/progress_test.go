package send

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"bulkinvite/batch/engine"
	"bulkinvite/cmd/bulkinvite/app"
)

func TestLogEvery30Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		begin := time.Now()
		progress := func() engine.Progress {
			done := int(time.Since(begin).Seconds())
			return engine.Progress{People: 200, Done: done, Invited: done, Requests: 7, Rate: 5, Unsent: 200 - done, RequestsLeft: 4}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		logProgress(ctx, zerolog.New(&logged), &meter{progress: progress})
		lines := strings.Split(strings.TrimSpace(logged.String()), "\n")
		if len(lines) != 3 {
			t.Fatalf("%d lines in 100 s, want 3:\n%s", len(lines), &logged)
		}
		var last struct {
			Done, People, Requests int
			Left                   string
		}
		if err := json.Unmarshal([]byte(lines[2]), &last); err != nil {
			t.Fatal(err)
		}
		if last.Done != 90 || last.People != 200 || last.Requests != 7 || last.Left != "1m50s" {
			t.Errorf("last line %s", lines[2])
		}
		if strings.Contains(logged.String(), "\r") {
			t.Error("a carriage return in the log")
		}
	})
}

// Log lines that come while the bar is drawn stay whole, and none is lost,
// before, while and after it is there.
func TestLogLinesAboveTheBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen bytes.Buffer
		s := &sender{App: app.New(nil, nil, &screen, nil)}
		log := zerolog.New(s.Stderr)
		progress := func() engine.Progress { return engine.Progress{People: 10, Done: 4, Invited: 3, Failed: 1} }
		log.Info().Msg("before")
		ctx, cancel := context.WithCancel(t.Context())
		defer time.AfterFunc(3*time.Second, cancel).Stop()
		for n := range 20 {
			time.AfterFunc(time.Duration(n)*150*time.Millisecond, func() { log.Info().Msg("while") })
		}
		s.showProgress(ctx, &meter{progress: progress})
		log.Info().Msg("after")
		s.Stderr.End()
		shown := screen.String()
		for line, want := range map[string]int{`{"level":"info","message":"before"}`: 1, `{"level":"info","message":"while"}`: 20, `{"level":"info","message":"after"}`: 1} {
			if got := strings.Count(shown, line+"\n"); got != want {
				t.Errorf("%s is there %d times, want %d:\n%q", line, got, want, shown)
			}
		}
		bar := "\r 4/10 [===>--------] "
		if got := strings.Count(shown, bar); got < 15 {
			t.Errorf("the bar %q is there %d times:\n%q", bar, got, shown)
		}
		if want := "invited 3, failed 1, in doubt 0\n"; !strings.Contains(shown, want) {
			t.Errorf("the bar does not end with %q:\n%q", want, shown)
		}
	})
}

// On a terminal of 80 columns all is there, on one of 60 what matters most,
// and the bar stands still while the numbers grow.
func TestLabelsFit(t *testing.T) {
	progress := engine.Progress{People: 12000, Rate: 5, Unsent: 12000, RequestsLeft: 240}
	m := meter{progress: func() engine.Progress { return progress }}
	now := time.Now()
	s := m.at(now, progress)
	first := s.label(false)
	progress.Done, progress.Invited, progress.Failed = 11000, 10988, 12
	progress.Unsent, progress.RequestsLeft = 1000, 20
	s = m.at(now.Add(20*time.Second), progress)
	last := s.label(false)
	for columns, wants := range map[int]string{
		100: "550/s, 4s left; invited 10988, failed 12, in doubt 0             ",
		80:  "4s left; invited 10988, failed 12, in doubt 0           ",
		60:  "4s left; failed 12, in doubt 0           ",
		30:  "4s left    ",
	} {
		if got := last.tail(columns - len(last.head)); got != wants {
			t.Errorf("%d columns: %q, want %q", columns, got, wants)
		}
		if a, b := first.tail(columns-len(first.head)), last.tail(columns-len(last.head)); len(a) != len(b) || len(first.head) != len(last.head) {
			t.Errorf("%d columns: the bar moves from\n%q to\n%q", columns, a, b)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
)

func TestPaceForgetsWhatIsLongAgo(t *testing.T) {
	var p pace
	now := time.Now()
	if p.perSecond() != 0 || p.left(10) != "?" {
		t.Error("something is known before anything happened")
	}
	p.add(now, 0)
	p.add(now.Add(time.Second), 100000) // those whom the ledger knows
	for i := 1; i <= 60; i++ {
		p.add(now.Add(time.Second+time.Duration(i)*time.Second), 100000+10*i)
	}
	if got := p.perSecond(); got < 9.9 || got > 10.1 {
		t.Errorf("%v people per second, want 10", got)
	}
	if got := p.left(600); got != "1m" {
		t.Errorf("%s left, want 1m", got)
	}
	if len(p.samples) > 40 {
		t.Errorf("%d samples are kept", len(p.samples))
	}
}

func TestLogEvery30Seconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		begin := time.Now()
		progress := func() batch.Progress {
			done := int(time.Since(begin).Seconds())
			return batch.Progress{People: 200, Done: done, Invited: done, Requests: 7, Rate: 5}
		}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		if err := logProgress(ctx, zerolog.New(&logged), progress); err != nil {
			t.Fatal(err)
		}
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
	var screen lockedBuffer
	logTo := &logWriter{direct: &screen}
	log := zerolog.New(logTo)
	progress := func() batch.Progress { return batch.Progress{People: 10, Done: 4, Invited: 3, Failed: 1} }
	log.Info().Msg("before")
	ctx, cancel := context.WithCancel(t.Context())
	drawn := make(chan error)
	go func() { drawn <- showProgress(ctx, &screen, logTo, progress) }()
	for range 20 {
		log.Info().Msg("while")
	}
	cancel()
	if err := <-drawn; err != nil {
		t.Fatal(err)
	}
	log.Info().Msg("after")
	shown := screen.String()
	for line, want := range map[string]int{`{"level":"info","message":"before"}`: 1, `{"level":"info","message":"while"}`: 20, `{"level":"info","message":"after"}`: 1} {
		if got := strings.Count(shown, line+"\n"); got != want {
			t.Errorf("%s is there %d times, want %d:\n%q", line, got, want, shown)
		}
	}
	for _, want := range []string{"4/10", "invited 3, failed 1, in doubt 0"} {
		if !strings.Contains(shown, want) {
			t.Errorf("the bar does not show %q:\n%q", want, shown)
		}
	}
}

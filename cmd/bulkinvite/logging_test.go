package main

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"
)

// A lockedBuffer is a screen that several goroutines write to.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

type closedPipe struct{ writes int }

func (c *closedPipe) Write([]byte) (int, error) {
	c.writes++
	return 0, errors.New("broken pipe")
}

func TestNobodyReadingIsNoError(t *testing.T) {
	var pipe closedPipe
	a := &app{stderr: lossy{&pipe}, logFormat: "json", logLevel: "info"}
	a.logTo = &logWriter{direct: a.stderr}
	log := a.newLogger()
	log.Info().Msg("is anybody there?")
	if n, err := a.stderr.Write([]byte("hello")); n != 5 || err != nil {
		t.Errorf("%d, %v: want 5, no error", n, err)
	}
	if pipe.writes != 2 {
		t.Errorf("%d writes, want 2", pipe.writes)
	}
}

func TestLogFormats(t *testing.T) {
	for _, test := range []struct{ format, level, wants string }{
		{"auto", "info", `{"level":"warn"`}, // no terminal
		{"json", "warn", `{"level":"warn"`},
		{"console", "debug", "WRN careful"},
		{"json", "error", ""},
	} {
		var b bytes.Buffer
		a := &app{logFormat: test.format, logLevel: test.level, logTo: &logWriter{direct: &b}}
		log := a.newLogger()
		log.Warn().Msg("careful")
		if got := b.String(); test.wants == "" && got != "" || !strings.Contains(got, test.wants) {
			t.Errorf("%s, %s: %q, must have %q", test.format, test.level, got, test.wants)
		}
	}
}

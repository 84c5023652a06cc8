package app

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
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
	a := &App{logFormat: "json", logLevel: "info"}
	a.Stderr = newBacklog(&pipe, a.logDropped)
	log := a.newLogger()
	log.Info().Msg("is anybody there?")
	if n, err := a.Stderr.Write([]byte("hello")); n != 5 || err != nil {
		t.Errorf("%d, %v: want 5, no error", n, err)
	}
	a.Stderr.End()
	if pipe.writes != 2 {
		t.Errorf("%d writes, want 2", pipe.writes)
	}
}

// A fullPipe takes nothing until somebody reads it.
type fullPipe struct {
	read chan struct{}
	lockedBuffer
}

func (f *fullPipe) Write(p []byte) (int, error) {
	<-f.read
	return f.lockedBuffer.Write(p)
}

// Who logs does not wait for who reads: what is too much is dropped, the oldest
// first, and told.
func TestBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipe := fullPipe{read: make(chan struct{})}
		a := &App{logFormat: "json", logLevel: "info"}
		a.Stderr = newBacklog(&pipe, a.logDropped)
		log, begin := a.newLogger(), time.Now()
		log.Info().Int("line", 1).Msg("")
		synctest.Wait() // it is being written
		for i := range backlogLines + 10 {
			log.Info().Int("line", i+2).Msg("")
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("logging took %v", took)
		}
		a.Stderr.Flush()
		if took := time.Since(begin); took != lastWords {
			t.Errorf("flushing took %v", took)
		}
		close(pipe.read)
		a.Stderr.End()
		lines := strings.Split(strings.TrimSpace(pipe.String()), "\n")
		// Of the backlog, one place is flush's own.
		if len(lines) != 1+1+backlogLines-1 {
			t.Fatalf("%d lines", len(lines))
		}
		for at, want := range map[int]string{
			0: `"line":1,`, 1: `"lines":11,`, 2: `"line":13,`, len(lines) - 1: fmt.Sprintf(`"line":%d,`, backlogLines+11),
		} {
			if !strings.Contains(lines[at], want) {
				t.Errorf("line %d is %s, want %s", at, lines[at], want)
			}
		}
	})
}

// The end of the program does not wait for ever.
func TestBacklogThatNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pipe := fullPipe{read: make(chan struct{})}
		b := newBacklog(&pipe, func(io.Writer, int) {})
		_, _ = b.Write([]byte("anybody?\n"))
		begin := time.Now()
		b.End()
		b.End() // a signal's, too
		if took := time.Since(begin); took != lastWords {
			t.Errorf("the end took %v", took)
		}
		close(pipe.read)
	})
}

// Only a terminal that can show colours gets them.
func TestLogColours(t *testing.T) {
	for environ, wants := range map[string]bool{"TERM=xterm": true, "TERM=dumb": false, "NO_COLOR=1": false} {
		var b bytes.Buffer
		a := &App{logFormat: "console", logLevel: "info", StderrTerminal: os.Stderr, Environ: []string{environ}}
		log := a.loggerTo(&b)
		log.Warn().Msg("careful")
		if got := strings.Contains(b.String(), "\x1b["); got != wants {
			t.Errorf("%s: %q, want colours: %v", environ, b.String(), wants)
		}
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
		a := &App{logFormat: test.format, logLevel: test.level}
		log := a.loggerTo(&b)
		log.Warn().Msg("careful")
		if got := b.String(); test.wants == "" && got != "" || !strings.Contains(got, test.wants) {
			t.Errorf("%s, %s: %q, must have %q", test.format, test.level, got, test.wants)
		}
	}
}

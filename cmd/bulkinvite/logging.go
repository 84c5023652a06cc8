package main

import (
	"io"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// lossy drops the errors of a writer. Nobody reading our words any more is no
// reason to stop sending, nor to complain about it.
type lossy struct{ w io.Writer }

func (l lossy) Write(p []byte) (int, error) {
	_, _ = l.w.Write(p)
	return len(p), nil
}

// A logWriter is where log lines go: straight to stderr, or through the
// progress bar while there is one, which writes them above itself.
type logWriter struct {
	direct io.Writer

	mu    sync.Mutex
	above io.Writer // nil without a bar
}

func (l *logWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.above != nil {
		if _, err := l.above.Write(p); err == nil {
			return len(p), nil
		}
		l.above = nil // the bar is gone: the terminal was closed, or it ended
	}
	return l.direct.Write(p)
}

// setAbove sends further lines through w; nil sends them straight again.
func (l *logWriter) setAbove(w io.Writer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.above = w
}

// newLogger returns the logger that the flags ask for.
func (a *app) newLogger() zerolog.Logger {
	var w io.Writer = a.logTo
	console := a.logFormat == "console" || a.logFormat == "auto" && a.stderrTerminal != nil
	if console {
		w = zerolog.ConsoleWriter{
			Out:        a.logTo,
			TimeFormat: time.TimeOnly,
			NoColor:    a.stderrTerminal == nil || lookup(a.environ, "NO_COLOR") != "",
		}
	}
	level, err := zerolog.ParseLevel(a.logLevel)
	if err != nil {
		level = zerolog.InfoLevel // the flag takes only known words
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger()
}

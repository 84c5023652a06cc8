package main

import (
	"io"
	"sync/atomic"
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

// A logWriter is where the backlog goes: straight to stderr, or through the
// progress bar while there is one, which writes it above itself.
type logWriter struct {
	direct io.Writer
	above  atomic.Pointer[io.Writer] // nil without a bar
}

func newLogWriter(direct io.Writer) *logWriter { return &logWriter{direct: direct} }

func (l *logWriter) Write(p []byte) (int, error) {
	above := l.above.Load()
	if above == nil {
		return l.direct.Write(p)
	}
	// A key such as Ctrl-C has left ^C behind the bar, which can be wiped out
	// only from the beginning of the line.
	_, _ = l.direct.Write([]byte{'\r'})
	if _, err := (*above).Write(p); err == nil {
		return len(p), nil
	}
	l.above.CompareAndSwap(above, nil) // the bar is gone: the terminal was closed, or it ended
	return l.direct.Write(p)
}

// setAbove sends further lines through w; nil sends them straight again.
func (l *logWriter) setAbove(w io.Writer) {
	if w == nil {
		l.above.Store(nil)
		return
	}
	l.above.Store(&w)
}

// newLogger returns the logger that the flags ask for.
func (a *app) newLogger() zerolog.Logger { return a.loggerTo(a.stderr) }

// tellDropped writes to the log, past the backlog, that lines are missing in it.
func (a *app) tellDropped(n int) {
	log := a.loggerTo(a.logTo)
	log.Error().Int("lines", n).Msg("nobody read stderr for a while: log lines are missing here")
}

func (a *app) loggerTo(to io.Writer) zerolog.Logger {
	w := to
	console := a.logFormat == "console" || a.logFormat == "auto" && a.stderrTerminal != nil
	if console {
		w = zerolog.ConsoleWriter{
			Out:        to,
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

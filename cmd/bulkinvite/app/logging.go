package app

import (
	"errors"
	"io"
	"time"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
)

// lossy drops the errors of a writer: sending goes on when nobody reads its output.
type lossy struct{ w io.Writer }

func (l lossy) Write(p []byte) (int, error) {
	_, _ = l.w.Write(p)
	return len(p), nil
}

// newLogger returns the logger that the flags ask for.
func (a *App) newLogger() zerolog.Logger { return a.loggerTo(a.Stderr) }

// logDropped logs, past the backlog, that lines are missing.
func (a *App) logDropped(to io.Writer, n int) {
	log := a.loggerTo(to)
	log.Error().Int("lines", n).Msg("nobody read stderr for a while: log lines are missing here")
}

func (a *App) loggerTo(to io.Writer) zerolog.Logger {
	w := to
	console := a.logFormat == "console" || a.logFormat == "auto" && a.StderrTerminal != nil
	if console {
		w = zerolog.ConsoleWriter{
			Out:        to,
			TimeFormat: time.TimeOnly,
			NoColor:    a.StderrTerminal == nil || lookup(a.Environ, "NO_COLOR") != "" || lookup(a.Environ, "TERM") == "dumb",
		}
	}
	level, err := zerolog.ParseLevel(a.logLevel)
	if err != nil {
		level = zerolog.InfoLevel // the flag takes only known words
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger()
}

// LogBug logs the stack of a bug, if err is one.
func LogBug(log zerolog.Logger, err error) {
	if p := (*batch.Panic)(nil); errors.As(err, &p) {
		log.Error().Str("stack", p.Stack).Msg(p.Error())
	}
}

// Every calls f after each interval until ended is closed.
func Every(ended <-chan struct{}, interval time.Duration, f func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return
		case <-ticker.C:
			f()
		}
	}
}

// LogInterval is the time between log lines about progress.
const LogInterval = 30 * time.Second

// Package app is what all commands share: the program's arguments and streams,
// flags and their environment, the key, the ledger's path, signals, the terminal,
// the log, exit codes, and words for counts and times. It knows cobra and the
// library. It must not know any command.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"bulkinvite/batch"
)

// An App holds the streams and the environment of the program, for all commands.
type App struct {
	Stdin   io.Reader
	Stdout  io.Writer
	Answers io.Writer // stdout with its errors, for output that programs read
	Stderr  *backlog
	Environ []string

	stdinTerminal  bool
	StderrTerminal *os.File // nil unless stderr is a terminal

	logFormat, logLevel string
}

// New returns an App. The caller ends its Stderr.
func New(stdin io.Reader, stdout, stderr io.Writer, environ []string) *App {
	a := &App{Stdin: stdin, Stdout: lossy{stdout}, Answers: stdout, Environ: environ}
	if f, ok := stdin.(*os.File); ok {
		a.stdinTerminal = term.IsTerminal(int(f.Fd()))
	}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		a.StderrTerminal = f
	}
	a.Stderr = newBacklog(stderr, a.logDropped)
	return a
}

// AddFlags adds the flags that all commands have.
func (a *App) AddFlags(flags *pflag.FlagSet) {
	a.logFormat, a.logLevel = "auto", "info"
	flags.Var(Choice(&a.logFormat, "auto", "console", "json"), "log-format",
		"how log lines look: auto (console on a terminal, else json), console or json")
	flags.Var(Choice(&a.logLevel, "debug", "info", "warn", "error"), "log-level",
		"the least that is logged: debug, info, warn or error")
}

// SetFlags sets the flags that the command line did not from the environment, and
// expands ~ in those that name files.
func (a *App) SetFlags(cmd *cobra.Command, _ []string) error {
	return cmp.Or(applyEnvironment(cmd.Flags(), a.Environ), expandHomes(cmd.Flags(), a.Environ))
}

// OnTerminal reports whether a user is there to answer a question.
func (a *App) OnTerminal() bool { return a.stdinTerminal || a.StderrTerminal != nil }

// Columns returns the width of the terminal.
func (a *App) Columns() int {
	width, _, err := term.GetSize(int(a.StderrTerminal.Fd()))
	if err != nil {
		return 80
	}
	return width
}

// Finish prints an error in one line and returns the exit code. An error that is no
// Failure comes from cobra and is about the usage.
func (a *App) Finish(cmd *cobra.Command, err error) int {
	if err == nil {
		return batch.ExitOK
	}
	var f *Failure
	if !errors.As(err, &f) {
		_, _ = fmt.Fprintf(a.Stderr, "bulkinvite: %s; see %s --help\n", firstLine(err.Error()), cmd.CommandPath())
		return batch.ExitUsage
	}
	if f.Err != nil {
		_, _ = fmt.Fprintf(a.Stderr, "bulkinvite: %s\n", batch.OneLine(f.Err.Error()))
	}
	return f.Code
}

// Action adapts a command's function to cobra. It makes errors Failures, to set
// them apart from those of cobra itself.
func (a *App) Action(f func(ctx context.Context, log zerolog.Logger, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		log := a.newLogger()
		for _, name := range UnknownVariables(cmd.Root(), a.Environ) {
			log.Warn().Str("variable", name).Msg("no flag belongs to this environment variable; it has no effect")
		}
		err := batch.Guard(func() error { return f(cmd.Context(), log, args) })()
		if err == nil {
			return nil
		}
		LogBug(log, err)
		return &Failure{Code: CodeOf(err), Err: wordsOf(err)}
	}
}

// wordsOf returns the part of a command's error that is still to be printed: the
// bug, if it has one, and nothing of an exit code alone.
func wordsOf(err error) error {
	if p := (*batch.Panic)(nil); errors.As(err, &p) {
		return p
	}
	var f *Failure
	if errors.As(err, &f) && f.Err == nil {
		return nil
	}
	return err
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"bulkinvite/batch"
)

// An app is what the program was started with: all that the commands share.
type app struct {
	stdin   io.Reader
	stdout  io.Writer
	answers io.Writer // stdout that tells its errors, for what programs read
	stderr  *backlog  // of logTo
	environ []string

	stdinTerminal  bool
	stderrTerminal *os.File // nil unless stderr is a terminal

	logFormat, logLevel string
	logTo               *logWriter
}

// run is the program. It takes all of the environment, as os.Environ gives
// it, and not a getenv, so that misspelled variables can be warned of.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	a := newApp(stdin, stdout, stderr, environ)
	defer a.stderr.end()
	root := newRootCommand(a)
	root.SetArgs(args)
	root.SetIn(a.stdin)
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	cmd, err := root.ExecuteContextC(ctx)
	return a.finish(cmd, err)
}

// newApp returns what the program was started with. Its stderr is to be ended.
func newApp(stdin io.Reader, stdout, stderr io.Writer, environ []string) *app {
	a := &app{stdin: stdin, stdout: lossy{stdout}, answers: stdout, environ: environ}
	if f, ok := stdin.(*os.File); ok {
		a.stdinTerminal = term.IsTerminal(int(f.Fd()))
	}
	if f, ok := stderr.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		a.stderrTerminal = f
	}
	a.logTo = newLogWriter(stderr)
	a.stderr = newBacklog(a.logTo, a.tellDropped)
	return a
}

// addFlags adds the flags that all commands have.
func (a *app) addFlags(flags *pflag.FlagSet) {
	a.logFormat, a.logLevel = "auto", "info"
	flags.Var(Choice(&a.logFormat, "auto", "console", "json"), "log-format",
		"how log lines look: auto (console on a terminal, else json), console or json")
	flags.Var(Choice(&a.logLevel, "debug", "info", "warn", "error"), "log-level",
		"the least that is logged: debug, info, warn or error")
}

// setFlags sets the flags that only the environment has, and the home
// directory in those that name files.
func (a *app) setFlags(cmd *cobra.Command, _ []string) error {
	return cmp.Or(applyEnvironment(cmd.Flags(), a.environ), expandHomes(cmd.Flags(), a.environ))
}

// onTerminal reports whether somebody is there to be asked.
func (a *app) onTerminal() bool { return a.stdinTerminal || a.stderrTerminal != nil }

// finish says in one line what went wrong and returns the exit code. Errors
// that are no failure come from cobra itself and are about the usage.
func (a *app) finish(cmd *cobra.Command, err error) int {
	if err == nil {
		return exitOK
	}
	var f *failure
	if !errors.As(err, &f) {
		_, _ = fmt.Fprintf(a.stderr, "bulkinvite: %s; see %s --help\n", firstLine(err.Error()), cmd.CommandPath())
		return exitUsage
	}
	if f.err != nil {
		_, _ = fmt.Fprintf(a.stderr, "bulkinvite: %s\n", oneLine(f.err.Error()))
	}
	return f.code
}

func newRootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "bulkinvite",
		Short: "Invite everyone in a CSV file or Excel workbook to their micro1 AI interview, exactly once",
		Example: `  bulkinvite check candidates.csv
  bulkinvite send candidates.csv --sandbox
  bulkinvite send candidates.csv --api-key-file ~/.micro1-api-key
  bulkinvite status`,
		Long: `bulkinvite invites everyone in a CSV file or Excel workbook to their micro1 AI
interview, exactly once, and accounts for every row. Whatever ends a run,
running the same command again goes on where it stood.

Every flag can also be set in the environment: --settle-time is
BULKINVITE_SETTLE_TIME. A flag beats the environment. The API key is read from
--api-key-file, from micro1-api-key in $CREDENTIALS_DIRECTORY (systemd's
LoadCredential) or from MICRO1_API_KEY.

Exit codes: 0 every row is in the results; 1 the run broke off; 2 usage,
configuration or unreadable input, nothing was sent; 3 finished, some rows
failed; 4 ended early by the API (key, quota, down, deadline); 5 another run
holds the ledger, nothing was sent; 129, 130, 143 a signal kept rows from going.`,
		SilenceErrors:              true,
		SilenceUsage:               true,
		DisableSuggestions:         true, // they span lines; an error is one
		SuggestionsMinimumDistance: 2,
		Args:                       unknownCommand,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("no command was given")
		},
		PersistentPreRunE: a.setFlags,
	}
	root.SetFlagErrorFunc(flagError)
	a.addFlags(root.PersistentFlags())
	root.AddCommand(NewCmdSend(a), NewCmdCheck(a), NewCmdStatus(a), NewCmdReport(a), NewCmdExplain(a),
		NewCmdForget(a), NewCmdConfirm(a), NewCmdAudit(a), NewCmdSandbox(a), NewCmdVersion(a))
	addVersionFlag(root)
	addTopics(root, monitoringTopic)
	root.SetHelpCommand(NewCmdHelp())
	root.CompletionOptions.DisableNoDescFlag = true
	root.InitDefaultCompletionCmd()
	requireShell(root)
	addCompletions(root)
	return root
}

// action adapts a command's own function to cobra, such that its errors can
// be told from those that cobra makes itself.
func (a *app) action(f func(ctx context.Context, log zerolog.Logger, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		log := a.newLogger()
		for _, name := range unknownVariables(cmd.Root(), a.environ) {
			log.Warn().Str("variable", name).Msg("no flag belongs to this environment variable; it has no effect")
		}
		err := batch.Guard(func() error { return f(cmd.Context(), log, args) })()
		if err == nil {
			return nil
		}
		logBug(log, err)
		return &failure{code: codeOf(err), err: wordsOf(err)}
	}
}

// wordsOf returns what is left to tell of a command's error: nothing of one
// that is only a code, and of a bug the bug.
func wordsOf(err error) error {
	if p := (*batch.Panic)(nil); errors.As(err, &p) {
		return p
	}
	var f *failure
	if errors.As(err, &f) && f.err == nil {
		return nil
	}
	return err
}

// noArguments is cobra's NoArgs in this program's words.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes flags alone, and not %q", cmd.Name(), args[0])
	}
	return nil
}

// unknownCommand is noArguments where the first may be a command that was
// misspelled.
func unknownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	guess := ""
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		guess = fmt.Sprintf(" (did you mean %s?)", strings.Join(near, " or "))
	}
	return fmt.Errorf("unknown command %q%s", args[0], guess)
}

// flagError puts pflag's errors in this program's words, and in one line.
func flagError(cmd *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		invalid *pflag.InvalidValueError
		missing *pflag.ValueRequiredError
	)
	switch {
	case errors.As(err, &unknown) && strings.HasPrefix(unknown.GetSpecifiedName(), "api-key"):
		// Whatever follows may be the key: it must not be shown.
		return fmt.Errorf("unknown flag --%s; the API key is never given on the command line, where others can read it", unknown.GetSpecifiedName())
	case errors.As(err, &unknown):
		guess := ""
		if near := nearestFlag(cmd.Flags(), unknown.GetSpecifiedName()); near != "" {
			guess = fmt.Sprintf(" (did you mean --%s?)", near)
		}
		return fmt.Errorf("unknown flag %s%s", dashed(unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames()), guess)
	case errors.As(err, &invalid) && hidesValue(invalid.GetFlag()):
		return fmt.Errorf("--%s: %w", invalid.GetFlag().Name, invalid.Unwrap())
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s %q: %w", invalid.GetFlag().Name, invalid.GetValue(), badValue(invalid.GetFlag(), invalid.Unwrap()))
	case errors.As(err, &missing):
		return fmt.Errorf("--%s needs a value", missing.GetFlag().Name)
	default:
		return err
	}
}

// nearestFlag returns the flag that was meant, if there is one that begins like
// what was typed or differs from it by a slip of the pen.
func nearestFlag(flags *pflag.FlagSet, typed string) string {
	const most = 2 // as cobra has it for commands
	best, found := most+1, ""
	flags.VisitAll(func(f *pflag.Flag) {
		distance := levenshtein.ComputeDistance(typed, f.Name)
		if len(typed) > most && strings.HasPrefix(f.Name, typed) {
			distance = min(distance, most)
		}
		if distance < best && distance < len(typed) {
			best, found = distance, f.Name
		}
	})
	return found
}

// hidesValue reports whether errors do not repeat what a flag was set to: people
// have been seen to paste keys there.
func hidesValue(f *pflag.Flag) bool { return f.Value.Type() == typeURL || f.Name == "api-key-file" }

// badValue is why a flag cannot be set: err, unless it is pflag's own for a
// switch, which names Go's functions.
func badValue(f *pflag.Flag, err error) error {
	if f.Value.Type() == "bool" {
		return errors.New("must be true or false")
	}
	return err
}

func dashed(name, shortnames string) string {
	switch shortnames {
	case "":
		return "--" + name
	case name:
		return "-" + name
	default:
		return fmt.Sprintf("-%s in -%s", name, shortnames)
	}
}

// oneLine makes several errors, which errors.Join puts on a line each, one.
// Many may have met with the same, such as a full disk: that is told once.
func oneLine(s string) string {
	var lines []string
	for line := range strings.SplitSeq(s, "\n") {
		if !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "; ")
}

// firstLine leaves out the hints that cobra puts on lines of their own.
func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

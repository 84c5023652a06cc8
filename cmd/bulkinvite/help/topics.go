// Package help has the commands help and version, and the topics of help. It
// knows cobra's commands and their flags, as they are when it is called. It must
// not know what any command does.
package help

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulkinvite/cmd/bulkinvite/app"
)

// AddTopics adds the topics of help. All commands must be there already, because
// the topic about the environment lists their flags. monitoring is send's topic.
func AddTopics(root *cobra.Command, monitoring string) {
	root.AddCommand(
		&cobra.Command{Use: "exit-codes", Short: "What the exit codes mean, and what to do", Long: exitCodesTopic},
		&cobra.Command{Use: "files", Short: "The files that are read and written, and their modes", Long: filesTopic},
		&cobra.Command{Use: "monitoring", Short: "How to be called when a job fails: metrics and notifications", Long: monitoring},
		&cobra.Command{Use: "environment", Short: "The environment variables", Long: environmentTopic(root)},
	)
}

const exitCodesTopic = `What the exit codes mean, and what to do:

  0    every row is in the results
  1    the run broke off (disk, ledger, a bug): fix what the last line of the
       log names, and run the same command again
  2    usage, configuration, no API key, a declined question, unreadable input,
       or input that --strict or --min-rows refuses: nothing was sent, and old
       outputs are untouched
  3    finished, and some rows are in the failed file, each with its reason, or
       the input has no rows (old outputs are untouched then), or the API's list
       shows people of this run twice; also check, if some rows cannot be sent,
       confirm, if somebody is still in doubt, and audit, if something is wrong
  4    ended early by the API (key refused, quota used up, down for too long)
       or by --deadline: the rest is not_sent; read the reason, fix it, and
       run the same command again; also audit, if a list cannot be read
  5    another run holds the ledger: nothing was sent (or removed, by forget),
       and old outputs are untouched; let that run end
  129  SIGHUP stopped the run before all rows were sent; run the same command
       again
  130  SIGINT (Ctrl-C) did
  143  SIGTERM did

Where several apply, the code is 1, else the signal's, else 4, 3 or 0; 2 comes
before 5.

A program that is killed (137), or ended at once by SIGQUIT (131, Ctrl-\),
writes no outputs, and its ledger knows all that was sent: run the same command
again to go on.

Monitoring should call somebody at 1, 2 and 4; at 3 somebody should look at the
failed rows by day. After 5 and a signal the next run goes on by itself: call
somebody only if they repeat.`

const filesTopic = `Files of a run of send. All of them but --metrics belong to their owner alone
(mode 0600), and those with a name appear whole or not at all.

The input (FILE, or - for standard input) is copied once, at the beginning, and
never changed. So is the plan that check --json wrote, for send --plan.

Outputs, beside the input if no flag names them:
  NAME.results.csv     0600  the rows of those who are invited, with their links
                             (--results)
  NAME.failed.csv      0600  the other rows, with the reason (--failed)
  --summary FILE       0600  counts, exit code and reason, as JSON
  --metrics FILE       0644  figures of the run for Prometheus' node exporter,
                             whose user has to be able to read them; nothing
                             personal is in it (bulkinvite help monitoring)
  check --rows FILE    0600  the rows that cannot be sent, as in NAME.failed.csv
NAME is the input's without .csv, .gz and the like, or stdin, in the current
folder, for standard input. A sheet that --sheet names is part of it, as in
NAME.SHEET.results.csv. A rehearsal (--sandbox) writes
NAME.rehearsal.results.csv and NAME.rehearsal.failed.csv. A file in the place of
an output that no flag names is left alone if bulkinvite did not write it, or
wrote it for another input: a notice says so, and NAME.results (2).csv and
NAME.failed (2).csv are written. While an output is written, a hidden file
beside it has the new content; kill -9 may leave it behind: remove it then.

The page that report makes, in the current folder or where --output says:
  report-RUN.html      0600  about a run, with addresses unless
                             --no-personal-data is given

The ledger, $XDG_STATE_HOME/bulkinvite/ledger.db, or without XDG_STATE_HOME
~/.local/state/bulkinvite/ledger.db, or where --ledger says. A missing folder is
made with mode 0700.
  ledger.db            0600  who was sent to when, and what came back (SQLite)
  ledger.db-wal        0600  what was written to it last; there during a run and
                             after a crash, and then part of it: never remove it
  ledger.db-shm        0600  SQLite's; there during a run and after a crash
  ledger.db.lock       0600  empty; locked while a run uses the ledger, freed
                             however the run ends
  ledger.db.last       0600  the number of the last request: it shows a run that
                             the ledger has lost something
Keep the ledger: it prevents second invitations. Copy, move and restore all of
it together, and only while no run uses it. It must not be on a network file
system or have a second name (a hard link). Only forget removes anything.

Use one ledger for an account, and one sender at a time: two machines, or two
people with ledgers of their own, who send to the same interviews invite people
twice. A ledger that several machines share is to follow. bulkinvite audit shows
who is in a list twice.

What a ledger cannot see: a person who has an e-mail in one row and only a job
application or candidate id in another is two people to it, and so is one job
application in two rows with different addresses. They may be invited twice.

Temporary files, in $TMPDIR or /tmp, as large as the input without compression,
and gone however the program ends:
  bulkinvite-spool-*   0600  the input's copy; has no name any more
  bulkinvite-outcomes-*
                       0600  the outcome of each row; has no name any more
  bulkinvite-list-*    0600  a list that audit reads; has no name any more
  bulkinvite-requests-*
                       0600  requests of earlier runs, if the input names known
                             people in another order; has no name any more
  bulkinvite-sandbox-* 0700  the folder of the throw-away ledger of --sandbox;
                             only kill -9 leaves it behind
  etilqs_*             0600  SQLite's, while forget writes the ledger anew, in
                             /var/tmp without TMPDIR; has no name any more

The API key is read from the file that --api-key-file names, which should have
mode 0600, or from micro1-api-key in $CREDENTIALS_DIRECTORY. It is never
written.`

// otherVariables are the variables that set no flag.
const otherVariables = `Others:
  MICRO1_API_KEY         the API key, if neither --api-key-file nor the systemd
                         credential gives it
  CREDENTIALS_DIRECTORY  where systemd (LoadCredential=micro1-api-key:FILE) puts
                         the file micro1-api-key, which holds the API key
  XDG_STATE_HOME         the ledger is bulkinvite/ledger.db in it
  HOME                   the ledger is in .local/state in it, without
                         XDG_STATE_HOME and --ledger; what ~/ at the beginning
                         of a path stands for
  TMPDIR                 where the temporary files are (default /tmp)
  NO_COLOR, TERM=dumb    log lines on a terminal have no colour
  HTTPS_PROXY, NO_PROXY  the proxy to the API and to --notify, and what goes
                         without it`

// topicWidth is the width of a topic: that of a terminal.
const topicWidth = 80

// environmentTopic lists the variables of all flags of all commands.
func environmentTopic(root *cobra.Command) string {
	users := map[string][]string{} // flag: who has it
	learn := func(who string) func(*pflag.Flag) {
		return func(f *pflag.Flag) {
			if f.Name != "help" && !f.Hidden {
				users[f.Name] = append(users[f.Name], who)
			}
		}
	}
	root.PersistentFlags().VisitAll(learn("all commands"))
	for _, cmd := range root.Commands() {
		cmd.LocalFlags().VisitAll(learn(cmd.Name()))
	}
	width := 0
	for flag := range users {
		width = max(width, len(app.EnvName(flag)))
	}
	var b strings.Builder
	b.WriteString(`Every flag can be set in the environment. The flag beats the variable, and an
empty variable counts as not set. Switches take true or false. The variable of a
flag that may be repeated has all values, separated by commas. A
variable that begins with BULKINVITE_ and belongs to no flag causes a warning.

`)
	for _, flag := range slices.SortedFunc(maps.Keys(users), cmp.Compare) {
		slices.Sort(users[flag])
		line := fmt.Sprintf("  %-*s  --%s", width, app.EnvName(flag), flag)
		who := fmt.Sprintf("(%s)", strings.Join(users[flag], ", "))
		if len(line)+len(who) >= topicWidth {
			line += fmt.Sprintf("\n  %*s ", min(width, topicWidth-len(who)-4), "")
		}
		fmt.Fprintf(&b, "%s %s\n", line, who)
	}
	b.WriteString("\n" + otherVariables)
	return b.String()
}

// NewCmdHelp returns the command help. Unlike cobra's it fails for an unknown
// topic, and shells complete topics too.
func NewCmdHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND or TOPIC]",
		Short: "Help about a command or a topic",
		Example: `  bulkinvite help send
  bulkinvite help exit-codes`,
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			var names []cobra.Completion
			if about, rest, err := cmd.Root().Find(args); err == nil && len(rest) == 0 {
				for _, sub := range about.Commands() {
					if !sub.Hidden {
						names = append(names, cobra.CompletionWithDesc(sub.Name(), sub.Short))
					}
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		// A wrong variable must not keep anybody from the help about it.
		PersistentPreRunE: func(*cobra.Command, []string) error { return nil },
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return app.Refusef("there is no help about %q; bulkinvite --help lists the commands and topics", strings.Join(args, " "))
			}
			about.InitDefaultHelpFlag() // so that it is among the flags
			return about.Help()
		},
	}
}

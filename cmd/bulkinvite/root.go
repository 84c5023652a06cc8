package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/cmd/bulkinvite/audit"
	"bulkinvite/cmd/bulkinvite/check"
	"bulkinvite/cmd/bulkinvite/confirm"
	"bulkinvite/cmd/bulkinvite/forget"
	"bulkinvite/cmd/bulkinvite/help"
	"bulkinvite/cmd/bulkinvite/history"
	"bulkinvite/cmd/bulkinvite/sandbox"
	"bulkinvite/cmd/bulkinvite/send"
)

// run is the program. It takes the whole environment and not a getenv, so that it
// can warn about misspelled variables.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	a := app.New(stdin, stdout, stderr, environ)
	defer a.Stderr.End()
	root := newRootCommand(a)
	root.SetArgs(args)
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	cmd, err := root.ExecuteContextC(ctx)
	return a.Finish(cmd, err)
}

func newRootCommand(a *app.App) *cobra.Command {
	root := &cobra.Command{
		Use:   "bulkinvite",
		Short: "Invite everyone in a CSV file or Excel workbook to their micro1 AI interview, exactly once",
		Example: `  bulkinvite check candidates.csv
  bulkinvite send candidates.csv --sandbox
  bulkinvite send candidates.csv --api-key-file ~/.micro1-api-key
  bulkinvite status`,
		Long: `bulkinvite invites everyone in a CSV file or Excel workbook to their micro1 AI
interview, exactly once, and accounts for every row. However a run ends, the same
command goes on where it stood.

Every flag can also be set in the environment: --settle-time is
BULKINVITE_SETTLE_TIME. A flag beats the environment. The API key is read from
--api-key-file, from micro1-api-key in $CREDENTIALS_DIRECTORY (systemd's
LoadCredential) or from MICRO1_API_KEY.

Exit codes: 0 every row is in the results; 1 the run broke off; 2 usage,
configuration or unreadable input, nothing was sent; 3 finished, some rows
failed; 4 ended early by the API (key, quota, down, deadline); 5 another run
holds the ledger, nothing was sent; 129, 130, 143 stopped by a signal.`,
		SilenceErrors:              true,
		SilenceUsage:               true,
		DisableSuggestions:         true, // they span lines; an error is one
		SuggestionsMinimumDistance: 2,
		Args:                       app.UnknownCommand,
		RunE: func(*cobra.Command, []string) error {
			return errors.New("no command was given")
		},
		PersistentPreRunE: a.SetFlags,
	}
	root.SetFlagErrorFunc(app.FlagError)
	a.AddFlags(root.PersistentFlags())
	root.AddCommand(send.NewCmdSend(a), check.NewCmdCheck(a), history.NewCmdStatus(a), history.NewCmdReport(a), history.NewCmdExplain(a),
		forget.NewCmdForget(a), confirm.NewCmdConfirm(a), audit.NewCmdAudit(a), sandbox.NewCmdSandbox(a), help.NewCmdVersion(a))
	help.AddVersionFlag(root)
	help.AddTopics(root, send.MonitoringTopic)
	root.SetHelpCommand(help.NewCmdHelp())
	root.CompletionOptions.DisableNoDescFlag = true
	root.InitDefaultCompletionCmd()
	app.RequireShell(root)
	app.AddCompletions(root)
	return root
}

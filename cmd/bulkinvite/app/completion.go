package app

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// AddCompletions registers what shells complete after cmd, its commands and their
// flags: the words of a flag, files where a flag names one, and else nothing,
// since cobra's default is files.
func AddCompletions(cmd *cobra.Command) {
	if cmd.ValidArgsFunction == nil && !strings.Contains(cmd.Use, "FILE") {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if _, found := cmd.GetFlagCompletionFunc(f.Name); found {
			return
		}
		complete := cobra.NoFileCompletions
		if f.Value.Type() == kindFile {
			return
		}
		if v, ok := f.Value.(interface{ completions() []string }); ok {
			complete = cobra.FixedCompletions(v.completions(), cobra.ShellCompDirectiveNoFileComp)
		}
		_ = cmd.RegisterFlagCompletionFunc(f.Name, complete) // fails only for unknown flags and for those found above
	})
	for _, sub := range cmd.Commands() {
		AddCompletions(sub)
	}
}

// RequireShell makes cobra's completion command fail without a shell, because a
// profile would run the help that it prints instead.
func RequireShell(root *cobra.Command) {
	cmd, _, err := root.Find([]string{"completion"})
	if err != nil {
		return // cobra adds none to a program without commands
	}
	cmd.Example = `  source <(bulkinvite completion bash)
  bulkinvite completion fish > ~/.config/fish/completions/bulkinvite.fish`
	cmd.Args = cobra.ArbitraryArgs // the shells are commands
	cmd.RunE = func(*cobra.Command, []string) error {
		return errors.New("name a shell: bash, zsh, fish or powershell")
	}
	for _, shell := range cmd.Commands() {
		shell.Args = NoArguments
	}
}

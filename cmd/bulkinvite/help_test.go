package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/cmd/bulkinvite/app"
)

// commands returns root and all below it, as far as people see them.
func commands(root *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{root}
	for _, sub := range root.Commands() {
		if !sub.Hidden {
			all = append(all, commands(sub)...)
		}
	}
	return all
}

// topic returns the text of a topic of help.
func topic(t *testing.T, root *cobra.Command, name string) string {
	t.Helper()
	cmd, rest, err := root.Find([]string{name})
	if err != nil || len(rest) > 0 || !cmd.IsAdditionalHelpTopicCommand() {
		t.Fatalf("there is no topic %s (%v)", name, err)
	}
	return cmd.Long
}

func TestEnvironmentTopicNamesEveryFlag(t *testing.T) {
	root := newRootCommand(&app.App{})
	text := topic(t, root, "environment")
	for _, cmd := range commands(root) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			line := fmt.Sprintf("  %s ", app.EnvName(f.Name))
			if app.HasVariable(f) && !strings.Contains(text, line) {
				t.Errorf("%s --%s: %s has no line", cmd.CommandPath(), f.Name, app.EnvName(f.Name))
			}
		})
	}
	for _, name := range []string{"MICRO1_API_KEY", "CREDENTIALS_DIRECTORY", "XDG_STATE_HOME", "HOME", "TMPDIR"} {
		if !strings.Contains(text, "  "+name+" ") {
			t.Errorf("%s has no line", name)
		}
	}
}

func TestExitCodesTopicNamesEveryCode(t *testing.T) {
	text := topic(t, newRootCommand(&app.App{}), "exit-codes")
	for _, code := range []int{batch.ExitOK, batch.ExitBroken, batch.ExitUsage, batch.ExitFailedRows, batch.ExitEndedEarly, batch.ExitLocked, 129, 130, 143} {
		if !strings.Contains(text, fmt.Sprintf("\n  %-3d  ", code)) {
			t.Errorf("exit code %d has no line", code)
		}
	}
}

func TestFilesTopicNamesAllOfALedger(t *testing.T) {
	text := topic(t, newRootCommand(&app.App{}), "files")
	for _, path := range ledger.Files("ledger.db") {
		if !strings.Contains(text, "\n  "+filepath.Base(path)+" ") {
			t.Errorf("%s has no line", path)
		}
	}
}

func TestPackageDocNamesEveryCommand(t *testing.T) {
	source, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	doc, _, _ := strings.Cut(string(source), "\npackage main\n")
	for _, cmd := range newRootCommand(&app.App{}).Commands() {
		if cmd.IsAvailableCommand() && !strings.Contains(doc, "\n//\tbulkinvite "+cmd.Name()+" ") {
			t.Errorf("%s has no line", cmd.Name())
		}
	}
}

// Help is read on terminals of 80 columns, but for what is a command to copy
// or cobra's own.
func TestTopicsFitTheTerminal(t *testing.T) {
	root := newRootCommand(&app.App{})
	for _, name := range []string{"exit-codes", "files", "monitoring", "environment"} {
		for line := range strings.Lines(topic(t, root, name)) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > 80 {
				t.Errorf("%s: %d columns: %s", name, len(line), line)
			}
		}
	}
}

// Examples are copied: each command that they show must be one, with flags
// that it has and values that these take.
func TestExamplesAreCommands(t *testing.T) {
	for _, cmd := range commands(newRootCommand(&app.App{})) {
		ours := cmd.Runnable() && (cmd.Parent() == nil || cmd.Parent().Name() != "completion")
		if ours && cmd.Example == "" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Example) {
			_, shown, found := strings.Cut(strings.TrimSpace(line), "bulkinvite ")
			if !found || strings.HasPrefix(strings.TrimSpace(line), "#") {
				continue
			}
			shown, _, _ = strings.Cut(strings.TrimSuffix(shown, ")"), " >")
			shown, _, _ = strings.Cut(shown, " |")
			checkExample(t, cmd, strings.Fields(shown))
		}
	}
}

func checkExample(t *testing.T, shownBy *cobra.Command, args []string) {
	t.Helper()
	cmd, rest, err := newRootCommand(&app.App{}).Find(args)
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err != nil {
		t.Errorf("%s shows %q: %v", shownBy.CommandPath(), args, err)
	}
}

// Shells complete the names of files where a flag names a file.
func TestFileFlagsAreFiles(t *testing.T) {
	fileFlags := []string{"results", "failed", "ledger", "summary", "plan", "rows", "output", "metrics"} // besides those that end in -file
	for _, cmd := range commands(newRootCommand(&app.App{})) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			names := strings.HasSuffix(f.Name, "-file") || slices.Contains(fileFlags, f.Name)
			if isFile := f.Value.Type() == "FILE"; isFile != names {
				t.Errorf("%s --%s takes a %s; make it a file, or say here that it is one", cmd.CommandPath(), f.Name, f.Value.Type())
			}
		})
	}
}

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulkinvite/cmd/bulkinvite/app"
)

// Each command is shown what it does when it is used badly, and so is each of
// its flags: some script runs it and it must exit with 2.
func TestScriptsMisuseEveryFlag(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(scripts, "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("%d scripts, %v", len(names), err)
	}
	var all []byte
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	misused := func(pattern string) bool {
		return regexp.MustCompile(`(?m)^(\[.*\] )?exits 2 .*\bbulkinvite ` + pattern).Match(all)
	}
	for _, cmd := range newRootCommand(&app.App{}).Commands() {
		if cmd.Hidden || !cmd.IsAvailableCommand() {
			continue
		}
		checkMisuse(t, cmd, misused)
	}
}

func checkMisuse(t *testing.T, cmd *cobra.Command, misused func(pattern string) bool) {
	t.Helper()
	name := regexp.QuoteMeta(cmd.Name())
	if !misused(name + `\b`) {
		t.Errorf("no script uses %s badly", cmd.Name())
	}
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "help" && !misused(name+`( .*)? --`+regexp.QuoteMeta(f.Name)+`( |=|$)`) {
			t.Errorf("no script uses %s --%s badly", cmd.Name(), f.Name)
		}
	})
}

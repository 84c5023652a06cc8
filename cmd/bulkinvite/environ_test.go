package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulkinvite/cmd/bulkinvite/app"
)

func TestUnknownVariables(t *testing.T) {
	root := newRootCommand(&app.App{})
	environ := []string{
		"PATH=/bin", "BULKINVITE_LOG_LEVEL=warn", "BULKINVITE_RAET=5", "BULKINVITE_API_KEY=secret",
		"BULKINVITE_RAET=6", "XBULKINVITE_RATE=5", "BULKINVITE_HELP=1",
	}
	got := app.UnknownVariables(root, environ)
	if want := []string{"BULKINVITE_API_KEY", "BULKINVITE_HELP", "BULKINVITE_RAET"}; !slices.Equal(got, want) {
		t.Errorf("unknown: %q, want %q", got, want)
	}
}

// Every flag of every command can come from the environment: its name must be
// one that a shell can set, and must not be that of another flag.
func TestEveryFlagHasAVariable(t *testing.T) {
	seen := map[string]string{}
	visit := func(cmd *cobra.Command) func(*pflag.Flag) {
		return func(f *pflag.Flag) {
			name := app.EnvName(f.Name)
			if strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != "" {
				t.Errorf("%s --%s: %s is no name for a variable", cmd.Name(), f.Name, name)
			}
			if other, found := seen[name]; found && other != f.Name {
				t.Errorf("--%s and --%s share %s", f.Name, other, name)
			}
			seen[name] = f.Name
		}
	}
	root := newRootCommand(&app.App{})
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(visit(cmd))
	}
}

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func testFlags() (*pflag.FlagSet, *int, *bool) {
	n, yes := 50, false
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.Var(Whole(&n, 1, 1000), "chunk-size", "")
	flags.BoolVar(&yes, "yes", false, "")
	flags.BoolP("help", "h", false, "")
	return flags, &n, &yes
}

func TestFlagBeatsEnvironment(t *testing.T) {
	environ := []string{"BULKINVITE_CHUNK_SIZE=7", "BULKINVITE_YES=true"}
	flags, n, yes := testFlags()
	if err := flags.Parse([]string{"--chunk-size", "9"}); err != nil {
		t.Fatal(err)
	}
	if err := applyEnvironment(flags, environ); err != nil {
		t.Fatal(err)
	}
	if *n != 9 || !*yes {
		t.Errorf("chunk size %d, yes %v: want 9 from the flag and true from the environment", *n, *yes)
	}
	if !flags.Changed("yes") {
		t.Error("a flag that the environment set does not count as given")
	}
}

func TestEnvironmentIsCheckedLikeFlags(t *testing.T) {
	for environ, wants := range map[string]string{
		"BULKINVITE_CHUNK_SIZE=0": `BULKINVITE_CHUNK_SIZE="0" in the environment: must be a whole number between 1 and 1000`,
		"BULKINVITE_YES=perhaps":  `BULKINVITE_YES="perhaps" in the environment: must be true or false`,
		"BULKINVITE_YES=":         "", // an empty variable is none
		"BULKINVITE_HELP=nothing": "", // warned of, as an unknown one
	} {
		flags, _, _ := testFlags()
		got := ""
		if err := applyEnvironment(flags, []string{environ}); err != nil {
			got = err.Error()
		}
		if got != wants {
			t.Errorf("%s: error %q, want %q", environ, got, wants)
		}
	}
}

func TestUnknownVariables(t *testing.T) {
	root := newRootCommand(&app{})
	environ := []string{
		"PATH=/bin", "BULKINVITE_LOG_LEVEL=warn", "BULKINVITE_RAET=5", "BULKINVITE_API_KEY=secret",
		"BULKINVITE_RAET=6", "XBULKINVITE_RATE=5", "BULKINVITE_HELP=1",
	}
	got := unknownVariables(root, environ)
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
			name := envName(f.Name)
			if strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != "" {
				t.Errorf("%s --%s: %s is no name for a variable", cmd.Name(), f.Name, name)
			}
			if other, found := seen[name]; found && other != f.Name {
				t.Errorf("--%s and --%s share %s", f.Name, other, name)
			}
			seen[name] = f.Name
		}
	}
	root := newRootCommand(&app{})
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(visit(cmd))
	}
}

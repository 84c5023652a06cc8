package app

import (
	"testing"

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

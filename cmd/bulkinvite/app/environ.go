package app

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// envPrefix is the prefix of all environment variables that set flags.
const envPrefix = "BULKINVITE_"

// EnvName returns the variable of a flag: settle-time is
// BULKINVITE_SETTLE_TIME.
func EnvName(flag string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// lookup returns the last value of a variable in environ. An empty variable counts
// as not set.
func lookup(environ []string, name string) string {
	for _, entry := range slices.Backward(environ) {
		if key, value, _ := strings.Cut(entry, "="); key == name {
			return value
		}
	}
	return ""
}

// HasVariable reports whether a flag can be set in the environment.
func HasVariable(f *pflag.Flag) bool { return f.Name != "help" && f.Name != "version" }

// applyEnvironment sets the flags that the command line did not.
func applyEnvironment(flags *pflag.FlagSet, environ []string) error {
	var first error
	flags.VisitAll(func(f *pflag.Flag) {
		value := lookup(environ, EnvName(f.Name))
		if f.Changed || !HasVariable(f) || value == "" || first != nil {
			return
		}
		if err := setFromEnvironment(f.Value, value); err != nil {
			first = badVariable(f, value, err)
			return
		}
		f.Changed = true
	})
	return first
}

// setFromEnvironment sets a flag. The variable of a repeated flag has all values,
// separated by commas and quoted as in a CSV file.
func setFromEnvironment(flag pflag.Value, value string) error {
	if _, repeated := flag.(Repeated); !repeated {
		return flag.Set(value)
	}
	r := csv.NewReader(strings.NewReader(value))
	r.FieldsPerRecord = -1
	r.LazyQuotes = true // a quote in the middle means itself
	lines, err := r.ReadAll()
	if err != nil {
		return err
	}
	for _, v := range slices.Concat(lines...) {
		if err := flag.Set(v); err != nil {
			return err
		}
	}
	return nil
}

// badVariable returns the error of a variable with a value that its flag refuses.
func badVariable(f *pflag.Flag, value string, err error) error {
	name := EnvName(f.Name)
	if hidesValue(f) {
		return fmt.Errorf("%s in the environment: %w", name, err)
	}
	return fmt.Errorf("%s=%q in the environment: %w", name, value, badValue(f, err))
}

// UnknownVariables returns the variables with our prefix that belong to no flag of
// any command: they are probably misspelled.
func UnknownVariables(root *cobra.Command, environ []string) []string {
	known := map[string]bool{}
	learn := func(f *pflag.Flag) { known[EnvName(f.Name)] = HasVariable(f) }
	root.PersistentFlags().VisitAll(learn)
	for _, cmd := range root.Commands() {
		cmd.Flags().VisitAll(learn)
	}
	var unknown []string
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envPrefix) && !known[name] && !slices.Contains(unknown, name) {
			unknown = append(unknown, name)
		}
	}
	slices.Sort(unknown)
	return unknown
}

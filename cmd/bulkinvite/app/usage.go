package app

import (
	"errors"
	"fmt"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// NoArguments refuses arguments.
func NoArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes flags alone, and not %q", cmd.Name(), args[0])
	}
	return nil
}

// UnknownCommand refuses arguments, and guesses which command the first one may
// be a misspelling of.
func UnknownCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	guess := ""
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		guess = fmt.Sprintf(" (did you mean %s?)", strings.Join(near, " or "))
	}
	return fmt.Errorf("unknown command %q%s", args[0], guess)
}

// FlagError rewrites pflag's errors in this program's words and in one line.
func FlagError(cmd *cobra.Command, err error) error {
	var (
		unknown *pflag.NotExistError
		invalid *pflag.InvalidValueError
		missing *pflag.ValueRequiredError
	)
	switch {
	case errors.As(err, &unknown) && strings.HasPrefix(unknown.GetSpecifiedName(), "api-key"):
		// The key may follow, which must not be shown.
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

// nearestFlag returns the flag that was probably meant: one that begins with what
// was typed, or differs from it in two letters at most.
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

// hidesValue reports whether errors must not repeat the value of a flag, since
// people paste keys there.
func hidesValue(f *pflag.Flag) bool { return f.Value.Type() == KindURL || f.Name == "api-key-file" }

// badValue returns err, except for switches, where pflag's error names Go
// functions.
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

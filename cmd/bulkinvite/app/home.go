package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"bulkinvite/batch/file"
)

// expandHome replaces a leading ~ of a path by the home directory. Shells do not
// expand it in --ledger=~/ledger.db, and cron and systemd never do: each working
// folder would get a folder named ~ with an empty ledger of its own.
func expandHome(name string, environ []string) (string, error) {
	first, rest, hasRest := strings.Cut(name, "/")
	if !strings.HasPrefix(first, "~") || !hasRest && first != "~" {
		return name, nil
	}
	_, err := os.Lstat(first)
	literal := err == nil
	switch {
	case first != "~" && literal: // a folder of this name, and nobody's home
		return name, nil
	case first != "~":
		return "", fmt.Errorf("only ~/ stands for a home directory; write the path without %s", first)
	case literal && file.Exists(name):
		return "", errors.New("is in a folder that is called ~ as well; write ./~/ for that, or the whole path")
	}
	home := lookup(environ, "HOME")
	if home == "" {
		return "", errors.New("HOME is not set, so that ~ means nothing; write the whole path")
	}
	return filepath.Join(home, rest), nil
}

// expandHomes expands ~ in all flags that name files, wherever they were set.
func expandHomes(flags *pflag.FlagSet, environ []string) error {
	var first error
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Value.Type() != kindFile || first != nil {
			return
		}
		file := f.Value.(value[string]).variable
		name, err := expandHome(*file, environ)
		switch {
		case err == nil:
			*file = name
		case hidesValue(f):
			first = fmt.Errorf("--%s: %w", f.Name, err)
		default:
			first = fmt.Errorf("--%s %q: %w", f.Name, *file, err)
		}
	})
	return first
}

// ExpandInputs expands ~ in the names of inputs.
func ExpandInputs(names, environ []string) ([]string, error) {
	names = slices.Clone(names)
	for i, name := range names {
		var err error
		if names[i], err = expandHome(name, environ); err != nil {
			return nil, Refusef("%s: %w", name, err)
		}
	}
	return names, nil
}

package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
)

// version is set when a release is built: -ldflags "-X main.version=v1.2.3".
var version = ""

// A build says which program this is.
type build struct{ version, commit, goVersion string }

// thisBuild reads what the linker and the go command left in the binary.
func thisBuild() build {
	b := build{version: version, commit: "unknown", goVersion: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	if b.version == "" {
		b.version = info.Main.Version
	}
	if b.version == "" || b.version == "(devel)" {
		b.version = "devel"
	}
	modified := ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			b.commit = setting.Value
		case setting.Key == "vcs.modified" && setting.Value == "true":
			modified = " (modified)"
		}
	}
	b.commit += modified
	return b
}

func (b build) String() string {
	return fmt.Sprintf("bulkinvite %s\ncommit %s\n%s %s/%s\n", b.version, b.commit, b.goVersion, runtime.GOOS, runtime.GOARCH)
}

// addVersionFlag makes --version of root, which many try first, print what the
// command prints.
func addVersionFlag(root *cobra.Command) {
	root.Version = thisBuild().String()
	root.SetVersionTemplate("{{.Version}}")
	root.Flags().Bool("version", false, "print the version, the commit and Go's version") // else cobra adds -v, which means verbose elsewhere
}

func NewCmdVersion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, the commit and Go's version",
		Example: `  bulkinvite version`,
		Args:    noArguments,
		RunE: a.action(func(context.Context, zerolog.Logger, []string) error {
			_, _ = io.WriteString(a.stdout, thisBuild().String())
			return nil
		}),
	}
}

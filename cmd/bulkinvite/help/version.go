package help

import (
	"context"
	"io"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"bulkinvite/cmd/bulkinvite/app"
)

// AddVersionFlag makes --version of root, which many try first, print what the
// command prints.
func AddVersionFlag(root *cobra.Command) {
	root.Version = app.ThisBuild().String()
	root.SetVersionTemplate("{{.Version}}")
	root.Flags().Bool("version", false, "print the version, the commit and Go's version") // else cobra adds -v, which means verbose elsewhere
}

// NewCmdVersion returns the command version.
func NewCmdVersion(a *app.App) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version, the commit and Go's version",
		Example: `  bulkinvite version`,
		Args:    app.NoArguments,
		RunE: a.Action(func(context.Context, zerolog.Logger, []string) error {
			_, _ = io.WriteString(a.Stdout, app.ThisBuild().String())
			return nil
		}),
	}
}

package main

import (
	"context"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
)

func newCheckCommand(a *app) *cobra.Command {
	var input inputFlags
	cmd := &cobra.Command{
		Use:   "check FILE|-",
		Short: "Show what would be sent and which rows are wrong; nothing leaves this machine",
		Long: `check reads all of FILE (- is standard input) as send would, and shows whom it
would invite, which rows would not go, and why. It needs no API key and no
ledger, and sends nothing.

Exit codes: 0 every row can go, 2 the input cannot be read, 3 some rows will not
go.`,
		Args: oneFile,
		RunE: a.action(func(ctx context.Context, log zerolog.Logger, args []string) error {
			return withSignals(ctx, a.endAtOnce, func(ctx context.Context) error {
				return early(ctx, a.check(ctx, log, args[0], &input))
			})
		}),
	}
	input.add(cmd.Flags())
	return cmd
}

func (a *app) check(ctx context.Context, log zerolog.Logger, name string, input *inputFlags) error {
	in, err := input.open(ctx, a, name)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read from
	logColumns(log, in)
	view, err := makePlan(ctx, in.Name(), in, input.batch)
	if err != nil {
		return err
	}
	view.warnings = in.Warnings()
	if err := view.writeTo(a.stdout); err != nil {
		return err
	}
	if view.invalid() > 0 {
		return exitWith(exitFailedRows)
	}
	return nil
}

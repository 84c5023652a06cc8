// Package check is the command that shows what send would do. It knows what the
// commands share, the preview, and how the ledger is read. It must not know other
// commands, nor change anything or ask the API.
package check

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulkinvite/batch"
	"bulkinvite/batch/file"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/send"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/cmd/bulkinvite/preview"
	"bulkinvite/csvio"
)

// Options are the flags of check.
type Options struct {
	input   preview.InputFlags
	ledger  string
	baseURL string
	invalid string // --rows
	json    bool
}

func (f *Options) add(flags *pflag.FlagSet) {
	f.input.Add(flags)
	app.AddLedgerFlag(flags, &f.ledger)
	flags.Var(app.BaseURL(&f.baseURL), "base-url", "the API of the invitations; check does not ask it")
	flags.Var(app.File(&f.invalid), "rows", "write the rows that cannot be sent to this file, with the reason")
	flags.BoolVar(&f.json, "json", false, "write the plan as JSON, for programs and for send --plan")
}

const long = `check reads all of FILE (- is standard input) as send would, and shows how many
people send would invite to which interview, how many are invited already as far
as the ledger knows, and which rows cannot be sent, and why. It needs no API key,
sends nothing and changes nothing. It may be used while a run goes on. Several
files are read as if they were one.

With --rows it also writes the rows that cannot be sent to a file with the
columns of NAME.failed.csv. Fix them there, and send that file.

With --json it writes one JSON document instead. send --plan takes it, and sends
nothing if the input, these flags or what the ledger knows about the people have
changed since:

  bulkinvite check people.csv --json >plan.json
  bulkinvite send people.csv --plan plan.json

The document has
  version            of this format: 1
  input, sha256      the name of the input and the SHA-256 of its bytes; of
                     several files that of their sums, a line each
  base_url, options  the API, and the flags that say how the input is read
  ledger             {path, new, known}: known is a digest of what it knows about
                     these people; path is empty if there is no place for one
  columns            [{field, header, sample}]: which column is read as which
                     field, and the first text in it; of several files
                     [{file, …}]
  rows, people       all rows; valid ones without duplicates
  blank_rows         rows without any text, which are left out
  duplicates         {count, first: [{row, line, name, repeats, repeats_line,
                     repeats_name, names_differ}]}, the first ten and the first
                     whose names differ; row and repeats are rows as a
                     spreadsheet counts them, and line is where the row starts in
                     a text file; of several files [{file, …, repeats_file, …}]
  invalid            {count, by_code: {CODE: {count, first: [{row, line, name,
                     value, error}]}}}, at most five of a code; value is the cell
                     that is wrong; of several files [{file, …}]
  already_invited, in_doubt, held_back, left
                     people: in doubt are those whose answer was lost, so that
                     the API is asked first; they count among those left; held
                     back are those who were re-sent to less than --resend-after
                     ago
  requests, list_requests, rate, seconds_at_rate
                     all requests as far as they are known, those among them that
                     read lists, and the least time they take
  interviews         [{id, people, already_invited, in_doubt, left, requests}];
                     the requests are invitations
  warnings           texts
  warned             the same for programs: [{kind, message, hint, rows, first:
                     [{row, line, name, value}]}]: how many rows, and five of
                     them; of several files [{kind, file, …}]

Exit codes: 0 every row can be sent; 2 the input or the ledger cannot be read, or
--strict or --min-rows refuses it; 3 some rows cannot be sent, or there are none,
and the plan is complete all the same.`

// NewCmdCheck returns the command check.
func NewCmdCheck(a *app.App) *cobra.Command {
	var flags Options
	cmd := &cobra.Command{
		Use:   "check FILE|-...",
		Short: "Show what would be sent and which rows are wrong; nothing leaves this machine",
		Example: `  bulkinvite check candidates.csv
  bulkinvite check candidates.csv --encoding windows-1252
  bulkinvite check candidates.xlsx --sheet 2
  bulkinvite check candidates.csv --rows candidates.invalid.csv
  gzip -dc candidates.csv.gz | bulkinvite check -`,
		Long: long,
		Args: preview.SomeFiles,
		RunE: a.Reading(func(ctx context.Context, log zerolog.Logger, args []string) error {
			c := checker{App: a, flags: &flags, log: log}
			return c.run(ctx, args)
		}),
	}
	flags.add(cmd.Flags())
	return cmd
}

// A checker is one run of check.
type checker struct {
	*app.App
	flags   *Options
	log     zerolog.Logger
	invalid *csvio.InvalidRows // of --rows, or nil
}

func (c *checker) run(ctx context.Context, args []string) error {
	names, err := app.ExpandInputs(args, c.Environ)
	if err != nil {
		return err
	}
	in, err := csvio.OpenAll(ctx, names, c.flags.input.Read(c.App))
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }() // only read from
	path := c.findLedger()
	if err := c.prepareInvalid(in, path); err != nil {
		return err
	}
	plan := &preview.Plan{WrittenTo: c.flags.invalid}
	if plan.Preview, err = send.Check(ctx, in, c.flags.input.Batch, app.SetGCPercent); err != nil {
		return err
	}
	plan.LogColumns(c.log.Debug) // the plan shows them
	plan.Plan.FreeAccount()
	debug.SetGCPercent(app.GCPercent(plan.Plan.Rows) / 2) // a ledger's list of people is smaller than the index was
	debug.FreeOSMemory()                                  // before that is read
	if err := ledger.Advised(plan.Look(ctx, path, c.flags.baseURL), path); err != nil {
		return err
	}
	if err := plan.FindRepeats(ctx); err != nil {
		return err
	}
	if c.invalid != nil {
		if _, err := c.invalid.Write(ctx); err != nil {
			return err
		}
	}
	if err := c.show(plan); err != nil {
		return err
	}
	if err := c.flags.input.Refuse(plan); err != nil {
		return err
	}
	if plan.Invalid() > 0 || plan.Plan.Rows == 0 {
		return app.ExitWith(batch.ExitFailedRows)
	}
	return nil
}

// findLedger returns the path of the ledger, which need not exist, and "" if there
// is no place for one: only send needs it.
func (c *checker) findLedger() string {
	path, err := app.LedgerPath(c.flags.ledger, c.Environ)
	if err != nil {
		return ""
	}
	return file.Absolute(path)
}

// prepareInvalid makes sure that --rows can be written and overwrites nothing.
func (c *checker) prepareInvalid(in *csvio.Input, path string) (err error) {
	name := c.flags.invalid
	if name == "" {
		return nil
	}
	if path != "" && app.IsLedger(name, path) {
		return app.Refusef("--rows %s is the ledger; name another file", name)
	}
	if c.invalid, err = csvio.NewInvalidRows(in, name); err != nil {
		return fmt.Errorf("--rows: %w", err)
	}
	return nil
}

// show writes the plan to stdout.
func (c *checker) show(plan *preview.Plan) error {
	if !c.flags.json {
		_, err := io.WriteString(c.Stdout, plan.Text())
		return err
	}
	return app.WriteJSON(c.Answers, plan.Save(c.flags.baseURL, c.flags.input.Options()))
}

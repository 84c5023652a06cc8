// Package preview is what check and send share: the flags that say how an input is
// read, and its plan, in words for people and as the document that send --plan
// compares. It knows csvio, the plan and the ledger's part of it. It must not know
// what a command does with the plan, nor send anything.
package preview

import (
	"errors"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulkinvite/batch"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/csvio"
)

// InputFlags say how the input is read and cut into requests. check has the same as
// send, to show what send would do.
type InputFlags struct {
	csv      csvio.Options
	encoding string // encodingAuto or one of csvio's
	strict   bool   // any warning refuses the input
	minRows  int    // fewer refuse it
	Batch    batch.Options

	flags *pflag.FlagSet // that these belong to
}

// Add adds the flags.
func (f *InputFlags) Add(flags *pflag.FlagSet) {
	f.flags, f.encoding = flags, encodingAuto
	f.Batch = batch.DefaultOptions()
	flags.Var(app.Repeated{Value: app.NewFlag(&f.csv.Map, "FIELD=HEADER", csvio.Mapping.String, func(s string) (csvio.Mapping, error) {
		mapping := f.csv.Map
		return mapping, mapping.Add(s)
	})}, "map", "take a column for name, first_name, last_name, email, interview_id, job_application_id, candidate_id or disable_email_notification: "+
		"email=Contact, email=#3 for the third column, or email= for none; may be repeated")
	flags.Var(app.Text(&f.csv.InterviewID, csvio.CheckInterviewID), "interview-id", "the interview of rows without one")
	flags.Var(app.Text(&f.csv.Delimiter, csvio.CheckDelimiter), "delimiter", `the character between cells, or "tab" (default: found in the header)`)
	flags.Var(app.Text(&f.encoding, checkEncoding, knownEncodings...), "encoding",
		"of the input: auto (UTF-8, or UTF-16 with a byte order mark), utf-8, utf-16, windows-1252, iso-8859-15, shift_jis and so on")
	flags.Var(app.Text(&f.csv.Sheet, nil), "sheet", "of an Excel workbook, by its name or its number from 1, or all that have the columns and are not hidden (default: the first that is not hidden)")
	flags.BoolVar(&f.csv.DisableEmail, "no-email", false, "ask the API to send no e-mails (a column disable_email_notification does it for one row)")
	flags.BoolVar(&f.csv.Resend, "resend", false, "send rows with a candidate_id again; without this flag the column has no effect")
	flags.BoolVar(&f.strict, "strict", false, "exit 2, and send nothing, if check has any warning about the input")
	flags.Var(app.Whole(&f.minRows, 0, math.MaxInt), "min-rows", "exit 2, and send nothing, if the input has fewer rows, like half an export")
	flags.Var(app.Span(&f.Batch.ResendAfter), "resend-after", "an invitation is sent again at most once in this time; shorter than a day, so that a daily job misses none")
	flags.Var(app.Whole(&f.Batch.ChunkSize, 1, 1000), "chunk-size", "people per request")
	flags.Var(app.Fraction(&f.Batch.Rate, 0, 1e6, true), "rate", "requests per second, of all kinds together")
}

// encodingAuto is the value of --encoding that finds the encoding out.
const encodingAuto = "auto"

// knownEncodings are the usual encodings of lists.
var knownEncodings = []string{encodingAuto, "utf-8", "utf-16", "windows-1252", "windows-1251", "iso-8859-15", "macintosh", "gb18030", "shift_jis"}

func checkEncoding(s string) error {
	if s == encodingAuto {
		return nil
	}
	return csvio.CheckEncoding(s)
}

// Options returns the flags of a plan that are not at their default: those that
// decide who is invited to what. The size and rate of requests, and the flags that
// refuse an input, are no part of a plan.
func (f *InputFlags) Options() map[string]string {
	var untouched InputFlags
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	untouched.Add(all)
	options := map[string]string{}
	all.VisitAll(func(d *pflag.Flag) {
		if slices.Contains([]string{"chunk-size", "rate", "strict", "min-rows"}, d.Name) {
			return
		}
		if value := f.flags.Lookup(d.Name).Value.String(); value != d.Value.String() {
			options[d.Name] = value
		}
	})
	return options
}

// SomeFiles takes one FILE or more.
func SomeFiles(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("name a FILE, or - for standard input")
	}
	return nil
}

// Read returns how the input is read.
func (f *InputFlags) Read(a *app.App) csvio.Options {
	options := f.csv
	options.Stdin = a.Stdin
	if f.encoding != encodingAuto {
		options.Encoding = f.encoding
	}
	return options
}

// Refuse returns why a readable input is not sent: it has too few rows, or
// warnings under --strict.
func (f *InputFlags) Refuse(v *Plan) error {
	if rows := v.Plan.Rows; rows < f.minRows {
		return app.Refusef("%s has %s, fewer than --min-rows %d; nothing was sent; look whether it is whole, or allow fewer",
			v.Input(), batch.Count(rows, "row"), f.minRows)
	}
	if !f.strict || len(v.Warnings) == 0 {
		return nil
	}
	var texts []string
	for _, w := range v.Warnings {
		text := w.Brief()
		if w.File != "" {
			text = w.File + ": " + text
		}
		texts = append(texts, text)
	}
	return app.Refusef("--strict refuses %s: %s; nothing was sent; fix the input, or leave out --strict",
		batch.Count(len(texts), "warning"), strings.Join(texts, "; "))
}

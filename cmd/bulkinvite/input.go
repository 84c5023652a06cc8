package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"bulkinvite/batch"
	"bulkinvite/csvio"
)

// inputFlags say how the input is to be read and cut into requests. check has
// the same as send, so that it shows what send would do.
type inputFlags struct {
	csv      csvio.Options
	encoding string // encodingAuto or one of csvio's
	strict   bool   // any warning refuses the input
	minRows  int    // fewer refuse it
	batch    batch.Options

	flags *pflag.FlagSet // that these belong to
}

func (f *inputFlags) add(flags *pflag.FlagSet) {
	f.flags, f.encoding = flags, encodingAuto
	f.batch = batch.DefaultOptions()
	flags.Var(columns{&f.csv.Map}, "map", "take a column for name, first_name, last_name, email, interview_id, job_application_id, candidate_id or disable_email_notification: "+
		"email=Contact, email=#3 for the third column, or email= for none; may be repeated")
	flags.Var(Text(&f.csv.InterviewID, csvio.CheckInterviewID), "interview-id", "the interview of rows that name none")
	flags.Var(Text(&f.csv.Delimiter, csvio.CheckDelimiter), "delimiter", `what separates the cells, one character or "tab" (default: found in the header)`)
	flags.Var(Text(&f.encoding, checkEncoding, knownEncodings...), "encoding",
		"of the input: auto (UTF-8, or UTF-16 with a byte order mark), utf-8, utf-16, windows-1252, iso-8859-15, shift_jis and so on")
	flags.Var(Text(&f.csv.Sheet, nil), "sheet", "of an Excel workbook, by its name or its number from 1, or all that have the columns and are not hidden (default: the first that is not hidden)")
	flags.BoolVar(&f.csv.DisableEmail, "no-email", false, "the API shall e-mail nobody (a column disable_email_notification does it for one row)")
	flags.BoolVar(&f.csv.Resend, "resend", false, "send rows with a candidate_id again; without it that column does nothing")
	flags.BoolVar(&f.strict, "strict", false, "exit 2, and send nothing, if check has any warning about the input")
	flags.Var(Whole(&f.minRows, 0, math.MaxInt), "min-rows", "exit 2, and send nothing, if the input has fewer rows: half an export")
	flags.Var(Span(&f.batch.ResendAfter), "resend-after", "an invitation is sent again at most once in this time; shorter than a day, so that a daily job misses none")
	flags.Var(Whole(&f.batch.ChunkSize, 1, 1000), "chunk-size", "people per request")
	flags.Var(Fraction(&f.batch.Rate, 0, 1e6, true), "rate", "requests per second, of all kinds together")
}

// encodingAuto is what --encoding says if nothing is declared.
const encodingAuto = "auto"

// knownEncodings are those that lists mostly have.
var knownEncodings = []string{encodingAuto, "utf-8", "utf-16", "windows-1252", "windows-1251", "iso-8859-15", "macintosh", "gb18030", "shift_jis"}

func checkEncoding(s string) error {
	if s == encodingAuto {
		return nil
	}
	return csvio.CheckEncoding(s)
}

// A columns is a flag that names one column each time that it is given.
type columns struct{ mapping *csvio.Mapping }

func (c columns) String() string     { return formatPointer(c.mapping, csvio.Mapping.String) }
func (c columns) Type() string       { return "FIELD=HEADER" }
func (c columns) Repeated()          {}
func (c columns) Set(s string) error { return c.mapping.Add(s) }

// options returns the flags that say how the input is read and what is asked for
// its people, where they are not the default. In what portions and how fast, and
// what would refuse it, is no part of a plan.
func (f *inputFlags) options() map[string]string {
	var untouched inputFlags
	all := pflag.NewFlagSet("", pflag.ContinueOnError)
	untouched.add(all)
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

// someFiles is cobra's MinimumNArgs(1) in this program's words.
func someFiles(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return errors.New("name a FILE, or - for standard input")
	}
	return nil
}

// open reads the files into the spool.
func (f *inputFlags) open(ctx context.Context, a *app, names []string) (*csvio.Input, error) {
	options := f.csv
	options.Stdin = a.stdin
	if f.encoding != encodingAuto {
		options.Encoding = f.encoding
	}
	return csvio.OpenAll(ctx, names, options)
}

// refuse says why an input that can be read is not sent all the same.
func (f *inputFlags) refuse(v *planView) error {
	if rows := v.plan.Rows; rows < f.minRows {
		return refusef("%s has %s, fewer than --min-rows %d; nothing was sent; look whether it is whole, or allow fewer",
			v.input(), count(rows, "row"), f.minRows)
	}
	if !f.strict || len(v.warnings) == 0 {
		return nil
	}
	var texts []string
	for _, w := range v.warnings {
		text := w.Brief()
		if w.File != "" {
			text = w.File + ": " + text
		}
		texts = append(texts, text)
	}
	return refusef("--strict refuses %s: %s; nothing was sent; mend the input, or leave out --strict",
		count(len(texts), "warning"), strings.Join(texts, "; "))
}

// fileNames returns how messages call the files of the input.
func fileNames(in *csvio.Input) []string {
	var names []string
	for _, file := range in.Files() {
		names = append(names, file.Name())
	}
	return names
}

// early makes err that of a command that has sent nothing and touched no
// output: the signal's, if one ended it, else one that says so by its code.
func early(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if stop, ok := stoppedBy(ctx); ok {
		return &failure{code: stop.code(), err: fmt.Errorf("%w; nothing was sent", stop)}
	}
	var (
		f *failure
		p *batch.Panic
	)
	if errors.As(err, &f) || errors.As(err, &p) { // a bug is none of those who use the program
		return err
	}
	return refuse(err)
}

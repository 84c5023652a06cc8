package main

import (
	"context"
	"errors"
	"fmt"

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
	batch    batch.Options
}

func (f *inputFlags) add(flags *pflag.FlagSet) {
	f.encoding = encodingAuto
	f.batch = batch.DefaultOptions()
	flags.Var(text{value: &f.csv.InterviewID, check: csvio.CheckInterviewID}, "interview-id", "the interview of rows that name none")
	flags.Var(text{value: &f.csv.Delimiter, check: csvio.CheckDelimiter}, "delimiter", `what separates the cells, one character or "tab" (default: found in the header)`)
	flags.Var(text{value: &f.encoding, check: checkEncoding}, "encoding",
		"of the input: auto (UTF-8, or UTF-16 with a byte order mark), utf-8, utf-16, windows-1252, iso-8859-15, shift_jis and so on")
	flags.Var(text{value: &f.csv.Sheet}, "sheet", "of an Excel workbook, by its name or its number from 1 (default: the first that is not hidden)")
	flags.BoolVar(&f.csv.DisableEmail, "no-email", false, "the API shall e-mail nobody (a column disable_email_notification does it for one row)")
	flags.BoolVar(&f.csv.Resend, "resend", false, "send rows with a candidate_id again; without it that column does nothing")
	flags.Var(whole{&f.batch.ChunkSize, 1, 1000}, "chunk-size", "people per request")
	flags.Var(fraction{&f.batch.Rate, 0, 1e6, true}, "rate", "requests per second, of all kinds together")
}

// encodingAuto is what --encoding says if nothing is declared.
const encodingAuto = "auto"

func checkEncoding(s string) error {
	if s == encodingAuto {
		return nil
	}
	return csvio.CheckEncoding(s)
}

// oneFile is cobra's ExactArgs(1) in this program's words.
func oneFile(_ *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return errors.New("name one FILE, or - for standard input")
	case 1:
		return nil
	default: // not repeated: one of them may be the API key
		return fmt.Errorf("%d files are named, and one is sent at a time", len(args))
	}
}

// open reads the input into the spool.
func (f *inputFlags) open(ctx context.Context, a *app, name string) (*csvio.Input, error) {
	options := f.csv
	options.Stdin = a.stdin
	if f.encoding != encodingAuto {
		options.Encoding = f.encoding
	}
	return csvio.Open(ctx, name, options)
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
	var f *failure
	if errors.As(err, &f) {
		return err
	}
	return refuse(err)
}

package send

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/batch/plan"
	"bulkinvite/csvio"
)

// shownLines is how many rows with each kind of problem a Preview keeps.
const shownLines = 5

// A Preview is the plan of a run, with what a person needs to judge it.
type Preview struct {
	Files     []string // of the input, as messages name them
	SHA256    string   // of the input, in hexadecimal
	Plan      *plan.Plan
	First     map[batch.Code][]Problem // the first rows with each kind of problem
	Repeats   []plan.Repeat            // the first duplicates, once FindRepeats has found them
	Columns   []Column
	BlankRows int // that are left out
	Warnings  []csvio.Warning
	Ledger    string // where it is; empty if there is no place for one
	NewLedger bool   // there is none yet
	Options   batch.Options

	source batch.Source
	input  *csvio.Input   // source, unless it is a test's
	ledger batch.Lookuper // nil as long as the run does not hold it
}

// A Problem is a row that cannot be sent.
type Problem struct {
	File string `json:"file,omitempty"` // of several
	batch.Place
	Value string `json:"value,omitempty"` // of the cell that is wrong
	Error string `json:"error"`
	brief string
}

// String returns row 7 NAME "VALUE": ERROR, with the file before it.
func (r Problem) String() string { return r.With(r.File, r.Value) + ": " + r.brief }

// A Column is a column that is read as a field.
type Column struct {
	File string `json:"file,omitempty"`
	csvio.Column
}

// Check is pass 1 over an input. It asks neither the ledger nor the API. read,
// unless nil, is called every 100,000 rows with the rows so far.
func Check(ctx context.Context, in *csvio.Input, opts batch.Options, read func(rows int)) (*Preview, error) {
	var files []string
	for _, file := range in.Lists() {
		files = append(files, file.Name())
	}
	p, err := CheckRows(ctx, files, in, opts, read)
	if err != nil {
		return nil, err
	}
	p.input, p.SHA256 = in, in.SHA256()
	p.Warnings = append(p.Warnings, in.Warnings()...)
	p.BlankRows = in.BlankRows()
	for n, file := range in.Lists() {
		for _, c := range file.Columns() {
			p.Columns = append(p.Columns, Column{p.File(n), c})
		}
	}
	return p, nil
}

// CheckRows is Check for rows without an Input. files are the names of the files
// that they are in.
func CheckRows(ctx context.Context, files []string, rows batch.Source, opts batch.Options, read func(rows int)) (*Preview, error) {
	opts.Rate = cmp.Or(opts.Rate, batch.DefaultOptions().Rate)
	p := &Preview{Files: files, First: map[batch.Code][]Problem{}, Options: opts, source: rows}
	var err error
	if p.Plan, err = plan.Check(ctx, &problemKeeper{rows, p, read}, opts); err != nil {
		return nil, err
	}
	p.warnOfOddInterviews()
	return p, p.warnOfNames(ctx)
}

// A problemKeeper is a Source that keeps the first rows with each kind of problem
// for the Preview, as the check pass reads them: the plan only counts.
type problemKeeper struct {
	batch.Source
	preview *Preview
	read    func(rows int)
}

func (k *problemKeeper) Scan(ctx context.Context, f func(*batch.Row) error) error {
	const often = 100_000 // rows
	return k.Source.Scan(ctx, func(row *batch.Row) error {
		if row.Index%often == 0 && k.read != nil {
			k.read(row.Index)
		}
		if row.Problem != nil {
			k.preview.keep(row)
		}
		return f(row)
	})
}

func (p *Preview) keep(row *batch.Row) {
	problem := row.Problem
	if first := p.First[problem.Code]; len(first) < shownLines {
		p.First[problem.Code] = append(first, Problem{
			p.File(row.File), row.Place(), problem.Value, problem.Message, cmp.Or(problem.Brief, problem.Message),
		})
	}
}

// File returns the name of a file if there are several, since an only one need
// not be named.
func (p *Preview) File(n int) string {
	if len(p.Files) == 1 {
		return ""
	}
	return p.Files[n]
}

// Input returns the name of the input in messages.
func (p *Preview) Input() string { return strings.Join(p.Files, ", ") }

// Invalid returns how many rows cannot be sent.
func (p *Preview) Invalid() int {
	sum := 0
	for _, n := range p.Plan.Problems {
		sum += n
	}
	return sum
}

// Claims returns how many people a run may claim, as far as the plan knows.
func (p *Preview) Claims() int {
	left := p.Plan.Left()
	if limit := p.Options.Limit; limit > 0 {
		return min(left, limit)
	}
	return left
}

// FindRepeats sets Repeats, unless it is set: it reads the input again.
func (p *Preview) FindRepeats(ctx context.Context) (err error) {
	if len(p.Repeats) == 0 {
		p.Repeats, err = p.Plan.Repeats(ctx, p.source)
	}
	return err
}

// Survey asks the ledger of the run who is left. It asks once, since only the run
// itself changes the ledger meanwhile.
func (p *Preview) Survey(ctx context.Context) error {
	if p.Plan.Surveyed {
		return nil
	}
	return p.Plan.Survey(ctx, p.source, p.ledger)
}

// Look asks the ledger at path who is left, if there is one. It takes no lock and
// creates nothing.
func (p *Preview) Look(ctx context.Context, path, baseURL string) error {
	if p.Ledger = path; path == "" {
		return nil
	}
	reader, err := history.OpenReadOnly(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		p.NewLedger = true
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = reader.Close() }() // only read from
	running, err := reader.Running()
	if err != nil {
		return err
	}
	if running {
		p.warn(warnLedgerInUse, "a run holds the ledger right now, and what it knows is changing")
	}
	return reader.Look(ctx, baseURL, func(l batch.Lookuper) error { return p.Plan.Survey(ctx, p.source, l) })
}

// LogColumns logs which column is read as which field, with a sample in which
// nobody can be recognised: more people read logs than the list.
func (p *Preview) LogColumns(event func() *zerolog.Event) {
	for _, file := range p.input.Lists() {
		columns, samples := zerolog.Dict(), zerolog.Dict()
		for _, c := range file.Columns() {
			columns.Str(c.Field, c.Header)
			samples.Str(c.Field, maskSample(c))
		}
		event().Str("input", file.Name()).Dict("columns", columns).Dict("samples", samples).
			Str("delimiter", string(file.Delimiter())).Msg("the columns are taken")
	}
}

// maskSample returns the beginning of a name, and other samples without the
// addresses in them.
func maskSample(c csvio.Column) string {
	if runes := []rune(c.Sample); strings.HasSuffix(c.Field, "name") && len(runes) > 2 {
		return string(runes[:2]) + "***"
	}
	return batch.MaskText(c.Sample)
}

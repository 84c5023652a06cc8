package preview

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime/debug"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/cmd/bulkinvite/app"
	"bulkinvite/csvio"
)

const (
	shownInterviews = 10 // of a plan, the largest
	shownLines      = 5  // of the rows with one kind of problem, the first
	shownOdd        = 3  // interview ids that are no UUIDs
	shownWidth      = 80 // columns that the table of interviews may take
)

// A problemKeeper is a Source that remembers the first rows with each kind of
// problem, as the check pass goes over them: the plan only counts.
type problemKeeper struct {
	batch.Source
	files inputFiles
	first map[batch.Code][]rowProblem
}

type rowProblem struct {
	File string `json:"file,omitempty"` // of several
	batch.Place
	Value string `json:"value,omitempty"` // of the cell that is wrong
	Error string `json:"error"`
	brief string
}

// String returns row 7 NAME "VALUE": ERROR, with the file before it.
func (r rowProblem) String() string {
	text := place(r.File, r.Place)
	if r.Value != "" {
		text += fmt.Sprintf(" %q", batch.Shown(r.Value))
	}
	return text + ": " + r.brief
}

// inputFiles are the names of the files of an input.
type inputFiles []string

// name returns that of one of several files, for there is nothing to tell of an
// only one.
func (f inputFiles) name(n int) string {
	if len(f) == 1 {
		return ""
	}
	return f[n]
}

// place is where a row is, for people.
func place(file string, p batch.Place) string {
	if file == "" {
		return p.String()
	}
	return file + " " + p.String()
}

func (k *problemKeeper) Scan(ctx context.Context, f func(*batch.Row) error) error {
	const rowsPerGC = 100_000 // it stops the world
	return k.Source.Scan(ctx, func(row *batch.Row) error {
		if row.Index%rowsPerGC == 0 {
			debug.SetGCPercent(app.GCPercent(row.Index))
		}
		if p := row.Problem; p != nil && len(k.first[p.Code]) < shownLines {
			k.first[p.Code] = append(k.first[p.Code], rowProblem{
				k.files.name(row.File), row.Place(), p.Value, p.Message, cmp.Or(p.Brief, p.Message),
			})
		}
		return f(row)
	})
}

// A PlanView is a plan with what people and programs want to see beside it.
type PlanView struct {
	files     inputFiles
	Plan      *batch.Plan
	first     map[batch.Code][]rowProblem
	repeats   []batch.Repeat // the first duplicates
	Ledger    string         // where it is; empty if there is no place for one
	NewLedger bool           // there is none yet
	WrittenTo string         // the file that the invalid rows are in; may be empty
	columns   []takenColumn
	BlankRows int // that were left out
	Warnings  []csvio.Warning
	rate      float64 // requests per second

	noPreflight bool
	resendAfter time.Duration
}

// MakePlan runs the check pass over src, whose rows are in these files.
func MakePlan(ctx context.Context, files []string, src batch.Source, opts batch.Options) (PlanView, error) {
	keeper := &problemKeeper{Source: src, files: files, first: map[batch.Code][]rowProblem{}}
	plan, err := batch.Check(ctx, keeper, opts)
	if err != nil {
		return PlanView{}, err
	}
	v := PlanView{files: files, Plan: plan, first: keeper.first, rate: opts.Rate, noPreflight: opts.NoPreflight, resendAfter: opts.ResendAfter}
	v.warnOfOddInterviews()
	return v, v.warnOfNames(ctx, src)
}

// input is how messages call the input.
func (v *PlanView) input() string { return strings.Join(v.files, ", ") }

// Invalid returns how many rows will not go.
func (v *PlanView) Invalid() int {
	sum := 0
	for _, n := range v.Plan.Problems {
		sum += n
	}
	return sum
}

// Show shows the plan to people.
func (v *PlanView) Show(w io.Writer) error {
	var b strings.Builder
	p := v.Plan
	fmt.Fprintf(&b, "%s: %s, %s in %s\n", v.input(), app.Count(p.Rows, "row"), app.People(p.People), app.Count(len(p.Interviews), "interview"))
	v.writeColumns(&b)
	v.writeInterviews(&b)
	v.writeLedger(&b)
	v.writeRequests(&b)
	v.writeRepeats(&b)
	v.writeWarnings(&b)
	v.writeProblems(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// writeInterviews shows the largest interviews and the sum of the others, in a
// table that ends within the width of a terminal.
func (v *PlanView) writeInterviews(b *strings.Builder) {
	if len(v.Plan.Interviews) == 0 {
		return
	}
	interviews := slices.Clone(v.Plan.Interviews)
	slices.SortStableFunc(interviews, func(x, y batch.InterviewPlan) int { return cmp.Compare(y.People, x.People) })
	shown, names := interviews[:min(shownInterviews, len(interviews))], []string{"interview"}
	for _, i := range shown {
		names = append(names, i.ID)
	}
	var rows [][]any
	for _, i := range shown {
		rows = append(rows, v.tableRow(i.People, i.AlreadyInvited, i.InDoubt, i.Left, requestsLeft(i)))
	}
	if more := interviews[len(shown):]; len(more) > 0 {
		var rest batch.InterviewPlan
		for _, i := range more {
			rest.People += i.People
			rest.AlreadyInvited += i.AlreadyInvited
			rest.InDoubt += i.InDoubt
			rest.Left += i.Left
			rest.Requests += requestsLeft(i)
		}
		rows = append(rows, v.tableRow(rest.People, rest.AlreadyInvited, rest.InDoubt, rest.Left, rest.Requests))
		names = append(names, "in "+app.Count(len(more), "more interview"))
	}
	var numbers strings.Builder
	table := tabwriter.NewWriter(&numbers, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range append([][]any{v.tableRow("people", "invited", "doubt", "left", "requests")}, rows...) {
		for _, cell := range row {
			_, _ = fmt.Fprintf(table, "%v\t", cell)
		}
		_, _ = fmt.Fprintln(table)
	}
	_ = table.Flush() // a strings.Builder takes everything
	for n, line := range strings.Split(strings.TrimSuffix(numbers.String(), "\n"), "\n") {
		fmt.Fprintf(b, "%s  %s\n", line, shortened(names[n], shownWidth-len(line)-2))
	}
}

// tableRow leaves out what says nothing: who is left, if the ledger knows
// nobody.
func (v *PlanView) tableRow(people, invited, inDoubt, left, requests any) []any {
	row := []any{people}
	if v.Plan.AlreadyInvited > 0 {
		row = append(row, invited)
	}
	if v.Plan.InDoubt > 0 {
		row = append(row, inDoubt)
	}
	if v.Plan.AlreadyInvited+v.Plan.HeldBack.People > 0 {
		row = append(row, left)
	}
	return append(row, requests)
}

// shortened cuts the middle out of a text of more than so many characters.
func shortened(s string, most int) string {
	runes := []rune(s)
	if len(runes) <= most {
		return s
	}
	half := (most - 1) / 2
	return string(runes[:most-1-half]) + "…" + string(runes[len(runes)-half:])
}

func (v *PlanView) writeLedger(b *strings.Builder) {
	p := v.Plan
	switch {
	case v.Ledger == "":
		fmt.Fprintln(b, "there is no ledger, so that nobody is known to be invited")
	case v.NewLedger:
		fmt.Fprintf(b, "ledger %s: new, nobody is known to be invited\n", v.Ledger)
	default:
		fmt.Fprintf(b, "ledger %s\n", v.Ledger)
	}
	if p.Surveyed {
		fmt.Fprintf(b, "already invited: %d; in doubt, the API is asked first: %d; left: %d\n", p.AlreadyInvited, p.InDoubt, p.Left())
	}
	if p.HeldBack.People > 0 {
		fmt.Fprintln(b, HeldBackWords(p.HeldBack, v.resendAfter))
	}
}

// HeldBackWords says who is not sent to although their rows ask for it.
func HeldBackWords(h batch.HeldBack, resendAfter time.Duration) string {
	verb := "were re-sent less than %s ago and are left out until %s"
	if h.People == 1 {
		verb = "was re-sent less than %s ago and is left out until %s"
	}
	return fmt.Sprintf("%s "+verb, app.People(h.People), app.FormatDuration(resendAfter), h.Until.Local().Format(time.DateTime))
}

func (v *PlanView) writeRequests(b *strings.Builder) {
	requests := v.requests()
	lists := ""
	if requests.lists > 0 {
		lists = fmt.Sprintf(" (%d for lists)", requests.lists)
	}
	fmt.Fprintf(b, "%s for them%s, at least %s at %s requests per second\n",
		app.Count(requests.all(), "request"), lists, app.Roughly(v.atRate(requests.all())), app.FormatFloat(v.rate))
}

func (v *PlanView) writeRepeats(b *strings.Builder) {
	if v.Plan.Duplicates == 0 {
		return
	}
	fmt.Fprintf(b, "%s: the same person and interview as an earlier row\n", app.Count(v.Plan.Duplicates, "duplicate"))
	shown := v.Plan.Differing // by their warning
	for _, r := range v.repeats {
		if !r.Differ {
			fmt.Fprintf(b, "  %s repeats %s\n", place(v.files.name(r.Row.File), r.Row), place(v.files.name(r.First.File), r.First))
			shown++
		}
	}
	writeMore(b, "  ", v.Plan.Duplicates-shown)
}

func (v *PlanView) writeProblems(b *strings.Builder) {
	invalid := v.Invalid()
	if invalid == 0 {
		return
	}
	where := ""
	if v.WrittenTo != "" {
		where = "; they are in " + v.WrittenTo
	}
	fmt.Fprintf(b, "%s will not go%s:\n", app.Count(invalid, "row"), where)
	for _, code := range app.CodeOrder {
		n := v.Plan.Problems[code]
		if n == 0 {
			continue
		}
		fmt.Fprintf(b, "  %s: %d\n", code, n)
		for _, row := range v.first[code] {
			fmt.Fprintf(b, "    %s\n", row)
		}
		writeMore(b, "    ", n-len(v.first[code]))
	}
}

// writeMore ends a list that leaves out so many.
func writeMore(b *strings.Builder, indent string, more int) {
	if more > 0 {
		fmt.Fprintf(b, "%sand %d more\n", indent, more)
	}
}

// AskLedger adds to the plan what the ledger at path knows, if there is one. It
// takes no lock and makes nothing.
func (v *PlanView) AskLedger(ctx context.Context, src batch.Source, path, baseURL string) error {
	if v.Ledger = path; path == "" {
		return nil
	}
	reader, err := ledger.OpenReadOnly(ctx, path)
	if errors.Is(err, fs.ErrNotExist) {
		v.NewLedger = true
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
		v.warn(warnLedgerInUse, "a run holds the ledger right now, and what it knows is changing")
	}
	return reader.Look(ctx, baseURL, func(l batch.Lookuper) error { return v.Plan.Survey(ctx, src, l) })
}

// FindRepeats adds which rows the first duplicates repeat, once: it reads the
// input again.
func (v *PlanView) FindRepeats(ctx context.Context, src batch.Source) (err error) {
	if len(v.repeats) == 0 {
		v.repeats, err = v.Plan.Repeats(ctx, src)
	}
	return err
}

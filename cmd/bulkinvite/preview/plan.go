package preview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
	"bulkinvite/batch/send"
	"bulkinvite/cmd/bulkinvite/app"
)

const (
	shownInterviews = 10 // of a plan, the largest
	shownWidth      = 80 // columns that the table of interviews may take
)

// A Plan is a preview in the words of this program.
type Plan struct {
	*send.Preview
	WrittenTo string // the file that the invalid rows are in; may be empty
}

// place describes where a row is.
func (v *Plan) place(p batch.Place) string {
	if file := v.File(p.File); file != "" {
		return file + " " + p.String()
	}
	return p.String()
}

// Text describes the plan for people.
func (v *Plan) Text() string {
	var b strings.Builder
	p := v.Plan
	fmt.Fprintf(&b, "%s: %s, %s in %s\n", v.Input(), batch.Count(p.Rows, "row"), batch.People(p.People), batch.Count(len(p.Interviews), "interview"))
	v.writeColumns(&b)
	v.writeInterviews(&b)
	v.writeLedger(&b)
	v.writeRequests(&b)
	v.writeRepeats(&b)
	v.writeWarnings(&b)
	v.writeProblems(&b)
	return b.String()
}

// writeInterviews shows the largest interviews and the sum of the others, in a
// table that ends within the width of a terminal.
func (v *Plan) writeInterviews(b *strings.Builder) {
	if len(v.Plan.Interviews) == 0 {
		return
	}
	interviews := slices.Clone(v.Plan.Interviews)
	slices.SortStableFunc(interviews, func(x, y plan.InterviewPlan) int { return cmp.Compare(y.People, x.People) })
	shown, names := interviews[:min(shownInterviews, len(interviews))], []string{"interview"}
	for _, i := range shown {
		names = append(names, i.ID)
	}
	var rows [][]any
	for _, i := range shown {
		rows = append(rows, v.tableRow(i.People, i.AlreadyInvited, i.InDoubt, i.Left, send.RequestsLeft(i)))
	}
	if more := interviews[len(shown):]; len(more) > 0 {
		var rest plan.InterviewPlan
		for _, i := range more {
			rest.People += i.People
			rest.AlreadyInvited += i.AlreadyInvited
			rest.InDoubt += i.InDoubt
			rest.Left += i.Left
			rest.Requests += send.RequestsLeft(i)
		}
		rows = append(rows, v.tableRow(rest.People, rest.AlreadyInvited, rest.InDoubt, rest.Left, rest.Requests))
		names = append(names, "in "+batch.Count(len(more), "more interview"))
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
		fmt.Fprintf(b, "%s  %s\n", line, send.Shortened(names[n], shownWidth-len(line)-2))
	}
}

// tableRow leaves out columns without information, such as the people left if the
// ledger knows nobody.
func (v *Plan) tableRow(people, invited, inDoubt, left, requests any) []any {
	row := []any{people}
	if v.Plan.AlreadyInvited > 0 {
		row = append(row, invited)
	}
	if v.Plan.InDoubt > 0 {
		row = append(row, inDoubt)
	}
	if v.Plan.Left() < v.Plan.People {
		row = append(row, left)
	}
	return append(row, requests)
}

func (v *Plan) writeLedger(b *strings.Builder) {
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
	if p.WrongID > 0 {
		fmt.Fprintf(b, "not sent, since their candidate id is somebody else's: %d\n", p.WrongID)
	}
	if p.HeldBack.People > 0 {
		fmt.Fprintln(b, HeldBackWords(p.HeldBack, v.Options.ResendAfter))
	}
}

// HeldBackWords describes the people whose re-send has to wait.
func HeldBackWords(h batch.HeldBack, resendAfter time.Duration) string {
	verb := "were re-sent less than %s ago and are left out until %s"
	if h.People == 1 {
		verb = "was re-sent less than %s ago and is left out until %s"
	}
	return fmt.Sprintf("%s "+verb, batch.People(h.People), app.FormatDuration(resendAfter), h.Until.Local().Format(time.DateTime))
}

func (v *Plan) writeRequests(b *strings.Builder) {
	requests := v.Requests()
	lists := ""
	if requests.Lists > 0 {
		lists = fmt.Sprintf(" (%d for lists)", requests.Lists)
	}
	fmt.Fprintf(b, "%s for them%s, at least %s at %s requests per second\n",
		batch.Count(requests.All(), "request"), lists, app.Roughly(v.AtRate(requests.All())), app.FormatFloat(v.Options.Rate))
}

func (v *Plan) writeRepeats(b *strings.Builder) {
	if v.Plan.Duplicates == 0 {
		return
	}
	fmt.Fprintf(b, "%s: the same person and interview as an earlier row\n", batch.Count(v.Plan.Duplicates, "duplicate"))
	shown := v.Plan.Differing // by their warning
	for _, r := range v.Repeats {
		if !r.Differ {
			fmt.Fprintf(b, "  %s repeats %s\n", v.place(r.Row), v.place(r.First))
			shown++
		}
	}
	writeMore(b, "  ", v.Plan.Duplicates-shown)
}

func (v *Plan) writeProblems(b *strings.Builder) {
	invalid := v.Invalid()
	if invalid == 0 {
		return
	}
	where := ""
	if v.WrittenTo != "" {
		where = "; they are in " + v.WrittenTo
	}
	fmt.Fprintf(b, "%s will not go%s:\n", batch.Count(invalid, "row"), where)
	for _, code := range batch.Codes() {
		n := v.Plan.Problems[code]
		if n == 0 {
			continue
		}
		fmt.Fprintf(b, "  %s: %d\n", code, n)
		for _, row := range v.First[code] {
			fmt.Fprintf(b, "    %s\n", row)
		}
		writeMore(b, "    ", n-len(v.First[code]))
	}
}

// writeMore ends a list that leaves out more entries.
func writeMore(b *strings.Builder, indent string, more int) {
	if more > 0 {
		fmt.Fprintf(b, "%sand %d more\n", indent, more)
	}
}

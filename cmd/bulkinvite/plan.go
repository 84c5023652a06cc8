package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"bulkinvite/batch"
)

const (
	shownInterviews = 10 // of a plan, the largest
	shownLines      = 3  // of the rows with one kind of problem, the first
)

// codeOrder is the order in which codes are listed for people: that of
// failed.csv's description.
var codeOrder = []batch.Code{
	batch.CodeTooManyFields, batch.CodeMissingInterviewID, batch.CodeInvalidInterviewID, batch.CodeMissingEmail,
	batch.CodeInvalidEmail, batch.CodeMissingName, batch.CodeInvalidValue, batch.CodeRefused,
	batch.CodeInterviewRefused, batch.CodeNoInvitation, batch.CodeAPIError, batch.CodeUncertain, batch.CodeNotSent,
}

// A problemKeeper is a Source that remembers the first rows with each kind of
// problem, as the check pass goes over them: the plan only counts.
type problemKeeper struct {
	batch.Source
	first map[batch.Code][]rowProblem
}

type rowProblem struct {
	line    int
	message string
}

func (k *problemKeeper) Scan(ctx context.Context, f func(*batch.Row) error) error {
	return k.Source.Scan(ctx, func(row *batch.Row) error {
		if p := row.Problem; p != nil && len(k.first[p.Code]) < shownLines {
			k.first[p.Code] = append(k.first[p.Code], rowProblem{row.Line, p.Message})
		}
		return f(row)
	})
}

// A planView is a plan with what people want to see beside it.
type planView struct {
	input string
	plan  *batch.Plan
	first map[batch.Code][]rowProblem
	rate  float64 // requests per second

	warnings []string // of how the input was read
}

// makePlan runs the check pass over src.
func makePlan(ctx context.Context, name string, src batch.Source, opts batch.Options) (planView, error) {
	keeper := &problemKeeper{Source: src, first: map[batch.Code][]rowProblem{}}
	plan, err := batch.Check(ctx, keeper, opts)
	return planView{input: name, plan: plan, first: keeper.first, rate: opts.Rate}, err
}

// invalid returns how many rows will not go.
func (v planView) invalid() int {
	sum := 0
	for _, n := range v.plan.Problems {
		sum += n
	}
	return sum
}

// writeTo shows the plan to people.
func (v planView) writeTo(w io.Writer) error {
	var b strings.Builder
	p := v.plan
	fmt.Fprintf(&b, "%s: %s, %s in %s\n", v.input, count(p.Rows, "row"), people(p.People), count(len(p.Interviews), "interview"))
	v.writeInterviews(&b)
	if p.Surveyed {
		fmt.Fprintf(&b, "already invited: %d; in doubt, the API is asked first: %d; left: %d\n", p.AlreadyInvited, p.InDoubt, p.Left())
	}
	requests := v.requests()
	fmt.Fprintf(&b, "%s for them, at least %s at %s requests per second\n",
		count(requests, "request"), roughly(time.Duration(float64(requests)/v.rate*float64(time.Second))), formatFloat(v.rate))
	if p.Duplicates > 0 {
		fmt.Fprintf(&b, "%s: the same person and interview as an earlier row, whose invitation they share\n", count(p.Duplicates, "duplicate"))
	}
	for _, warning := range v.warnings {
		fmt.Fprintf(&b, "warning: %s\n", warning)
	}
	v.writeOddInterviews(&b)
	v.writeProblems(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// requests estimates how many invitations are to be sent: exactly, unless the
// ledger knows some of the people.
func (v planView) requests() int {
	sum := 0
	for _, i := range v.plan.Interviews {
		sum += requestsLeft(i)
	}
	return sum
}

// requestsLeft is the share of an interview's requests that its people left
// need, rounded up.
func requestsLeft(i batch.InterviewPlan) int {
	if i.People == 0 {
		return 0
	}
	return (i.Requests*i.Left + i.People - 1) / i.People
}

func (v planView) writeInterviews(b *strings.Builder) {
	if len(v.plan.Interviews) == 0 {
		return
	}
	interviews := slices.Clone(v.plan.Interviews)
	slices.SortStableFunc(interviews, func(x, y batch.InterviewPlan) int { return cmp.Compare(y.People, x.People) })
	table := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, v.tableRow("people", "left", "requests", "interview"))
	for _, i := range interviews[:min(shownInterviews, len(interviews))] {
		_, _ = fmt.Fprintln(table, v.tableRow(i.People, i.Left, requestsLeft(i), i.ID))
	}
	_ = table.Flush() // a strings.Builder takes everything
	if more := len(interviews) - shownInterviews; more > 0 {
		fmt.Fprintf(b, "  and %d more\n", more)
	}
}

// tableRow leaves out who is left if the ledger was not asked: all are.
func (v planView) tableRow(people, left, requests, interview any) string {
	if !v.plan.Surveyed {
		return fmt.Sprintf("%v\t%v\t  %v", people, requests, interview)
	}
	return fmt.Sprintf("%v\t%v\t%v\t  %v", people, left, requests, interview)
}

func (v planView) writeProblems(b *strings.Builder) {
	invalid := v.invalid()
	if invalid == 0 {
		return
	}
	fmt.Fprintf(b, "%s will not go:\n", count(invalid, "row"))
	for _, code := range codeOrder {
		n := v.plan.Problems[code]
		if n == 0 {
			continue
		}
		fmt.Fprintf(b, "  %s: %d\n", code, n)
		for _, row := range v.first[code] {
			fmt.Fprintf(b, "    line %d: %s\n", row.line, row.message)
		}
		if more := n - len(v.first[code]); more > 0 {
			fmt.Fprintf(b, "    and %d more\n", more)
		}
	}
}

// writeOddInterviews warns of interview ids that are no UUIDs. They may be
// right, ids are opaque, but most are slips.
func (v planView) writeOddInterviews(b *strings.Builder) {
	var odd []string
	for _, i := range v.plan.Interviews {
		if !batch.IsUUID(i.ID) {
			odd = append(odd, i.ID)
		}
	}
	if len(odd) == 0 {
		return
	}
	more := ""
	if len(odd) > shownLines {
		more = ", …"
	}
	fmt.Fprintf(b, "warning: %s no UUID, please check: %s%s\n", countAre(len(odd), "interview id"),
		strings.Join(odd[:min(shownLines, len(odd))], ", "), more)
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// countAre is count with its verb.
func countAre(n int, noun string) string {
	if n == 1 {
		return count(n, noun) + " is"
	}
	return count(n, noun) + " are"
}

func people(n int) string {
	if n == 1 {
		return "1 person"
	}
	return fmt.Sprintf("%d people", n)
}

// roughly writes a time as people tell it: no fractions, at most two units.
func roughly(d time.Duration) string {
	switch {
	case d > 0 && d < time.Second:
		return "1s"
	case d < time.Minute:
		return formatDuration(d.Round(time.Second))
	case d < time.Hour:
		return formatDuration(d.Round(10 * time.Second))
	default:
		return formatDuration(d.Round(time.Minute))
	}
}

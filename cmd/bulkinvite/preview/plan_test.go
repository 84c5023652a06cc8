package preview

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
	"bulkinvite/batch/send"
)

// A listSource is an input in memory.
type listSource []batch.Row

func (l listSource) Scan(_ context.Context, f func(*batch.Row) error) error {
	for i := range l {
		row := l[i]
		row.Index, row.Number, row.Line, row.Offset = i, i+2, i+2, int64(i)
		if err := f(&row); err != nil {
			return err
		}
	}
	return nil
}

func (l listSource) At(offset int64) (batch.Row, error) { return l[offset], nil }

const (
	interviewA = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
	interviewB = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
)

func person(interview string, n int) batch.Row {
	return batch.Row{Candidate: batch.Candidate{
		Name: "Somebody", Email: fmt.Sprintf("somebody%d@example.com", n), InterviewID: interview,
	}}
}

func faulty(code batch.Code, message string) batch.Row {
	return batch.Row{Problem: &batch.Problem{Code: code, Message: message}}
}

// checked is the plan of rows in one file.
func checked(t *testing.T, src batch.Source, opts batch.Options) *Plan {
	t.Helper()
	p, err := send.CheckRows(t.Context(), []string{"people.csv"}, src, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &Plan{Preview: p}
}

func TestPlan(t *testing.T) {
	src := listSource{
		person(interviewA, 1), person(interviewB, 1), person(interviewB, 2), person(interviewB, 3), person(interviewB, 3),
		faulty(batch.CodeMissingName, "there is no name"),
		faulty(batch.CodeInvalidEmail, "first"), faulty(batch.CodeInvalidEmail, "second"),
		faulty(batch.CodeInvalidEmail, "third"), faulty(batch.CodeInvalidEmail, "fourth"),
		faulty(batch.CodeInvalidEmail, "fifth"), faulty(batch.CodeInvalidEmail, "sixth"),
		person("interview-7", 1),
	}
	opts := batch.DefaultOptions()
	opts.ChunkSize, opts.Rate = 2, 0.5
	view := checked(t, src, opts)
	if err := view.FindRepeats(t.Context()); err != nil {
		t.Fatal(err)
	}
	// What send adds once the ledger was asked.
	surveyed := *view.Plan
	surveyed.Surveyed, surveyed.AlreadyInvited, surveyed.InDoubt = true, 2, 1
	surveyed.Interviews = append([]plan.InterviewPlan(nil), surveyed.Interviews...)
	surveyed.Interviews[1].Left, surveyed.Interviews[1].AlreadyInvited, surveyed.Interviews[0].InDoubt = 1, 2, 1

	const problems = `1 duplicate: the same person and interview as an earlier row
  row 6 Somebody repeats row 5 Somebody
warning: 1 interview id is no UUID, please check: interview-7
7 rows will not go:
  invalid_email: 6
    row 8: first
    row 9: second
    row 10: third
    row 11: fourth
    row 12: fifth
    and 1 more
  missing_name: 1
    row 7: there is no name
`
	shown := view.Text()
	want := `people.csv: 13 rows, 5 people in 3 interviews
  people  requests  interview
       3         2  ` + interviewB + `
       1         1  ` + interviewA + `
       1         1  interview-7
there is no ledger, so that nobody is known to be invited
19 requests for them (15 for lists), at least 38s at 0.5 requests per second
` + problems
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("the plan (-want +got):\n%s", diff)
	}

	view.Plan, view.Ledger = &surveyed, "/state/ledger.db"
	shown = view.Text()
	want = `people.csv: 13 rows, 5 people in 3 interviews
  people  invited  doubt  left  requests  interview
       3        2      0     1         1  ` + interviewB + `
       1        0      1     1         1  ` + interviewA + `
       1        0      0     1         1  interview-7
ledger /state/ledger.db
already invited: 2; in doubt, the API is asked first: 1; left: 3
21 requests for them (18 for lists), at least 42s at 0.5 requests per second
` + problems
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("the plan after asking the ledger (-want +got):\n%s", diff)
	}
}

// However many interviews there are and however long their ids: the table is not
// wider than a terminal, and the numbers add up.
func TestPlanFitsATerminal(t *testing.T) {
	var src listSource
	for interview := range 200 {
		for n := range 1 + interview%7 {
			src = append(src, person(strings.Repeat(fmt.Sprintf("é%d", interview), 20), n))
		}
	}
	view := checked(t, src, batch.DefaultOptions())
	view.Plan.Surveyed, view.Plan.AlreadyInvited, view.Plan.InDoubt = true, 7_000_000, 1_000_000
	view.Plan.Interviews[6].AlreadyInvited, view.Plan.Interviews[199].InDoubt = 7_000_000, 1_000_000
	shown := view.Text()
	sum, lines := 0, strings.Split(shown, "\n")
	table := lines[1 : 2+shownInterviews+1]
	for _, line := range table {
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
	for _, line := range table[1:] {
		var people int
		if _, err := fmt.Sscan(line, &people); err != nil {
			t.Errorf("%s: %v", line, err)
		}
		sum += people
	}
	if sum != view.Plan.People || !strings.HasSuffix(table[shownInterviews+1], "in 190 more interviews") {
		t.Errorf("%d people of %d in\n%s", sum, view.Plan.People, shown)
	}
}

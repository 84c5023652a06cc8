package batch_test

import (
	"context"
	"fmt"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
)

// A shortlist is an input in memory: a place in it serves as the Offset.
type shortlist []batch.Candidate

func (s shortlist) row(i int) batch.Row {
	row := batch.Row{Offset: int64(i), Candidate: s[i]}
	if s[i].Email == "" {
		row.Problem = &batch.Problem{Code: batch.CodeMissingEmail, Message: "there is no e-mail address"}
	}
	return row
}

func (s shortlist) Scan(ctx context.Context, f func(*batch.Row) error) error {
	for i := range s {
		if err := ctx.Err(); err != nil {
			return err
		}
		row := s.row(i)
		row.Index, row.Number, row.Line = i, i+1, i+1
		if err := f(&row); err != nil {
			return err
		}
	}
	return nil
}

func (s shortlist) At(offset int64) (batch.Row, error) { return s.row(int(offset)), nil }

// Candidates need not come from a file. What the engine cannot send, the Source
// has to say: it is the one that knows a valid row.
func ExampleSource() {
	ctx := context.Background()
	list := shortlist{
		{Name: "Ann Lee", Email: "ann@example.com", InterviewID: "backend"},
		{Name: "Bo Yang", InterviewID: "backend"},
		{Name: "Cy Diaz", Email: "cy@example.com", InterviewID: "frontend"},
		{Name: "Lee, Ann", Email: "ANN@example.com", InterviewID: "backend"},
	}
	plan, err := plan.Check(ctx, list, batch.DefaultOptions())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%d rows: %d people in %d requests, %d duplicates, problems %v\n",
		plan.Rows, plan.People, plan.Requests, plan.Duplicates, plan.Problems)
	for _, i := range plan.Interviews {
		fmt.Printf("%s: %d\n", i.ID, i.People)
	}
	repeats, err := plan.Repeats(ctx, list)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range repeats {
		fmt.Printf("%v repeats %v\n", r.Row, r.First)
	}
	// Output:
	// 4 rows: 2 people in 2 requests, 1 duplicates, problems map[missing_email:1]
	// backend: 1
	// frontend: 1
	// row 4 Lee, Ann repeats row 1 Ann Lee
}

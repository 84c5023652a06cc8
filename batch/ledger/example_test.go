package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
)

// What a run does with the ledger for each request, and what a later run finds.
// batch.Engine does all this between Begin and End.
func Example() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "example-*")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	store, err := ledger.Open(ctx, filepath.Join(folder, "ledger.db"), ledger.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer store.Close()

	ann := batch.NewKey("backend", "Ann@Example.com")
	for range 2 {
		run, err := store.Begin(ctx, ledger.RunInfo{BaseURL: "https://api.example.com", Input: "candidates.csv", Rows: 1})
		if err != nil {
			fmt.Println(err)
			return
		}
		claim, err := run.Claim(ctx, batch.Request{Kind: batch.KindInvite, InterviewID: "backend", People: []batch.Key{ann}})
		if err != nil {
			fmt.Println(err)
			return
		}
		if held := claim.Held[0]; held != nil {
			fmt.Printf("run %d: %s is %s as %s, and not sent\n", run.ID(), ann.Email, held.State, held.CandidateID)
		} else {
			// Here the request goes out. If the process dies now, the next run
			// knows that she may have been invited.
			err = run.Settle(ctx, claim.ID, batch.Answer{StatusCode: 200, Outcomes: []batch.Settlement{
				{Key: ann, State: batch.StateInvited, CandidateID: "c1", InviteURL: "https://interview.example.com/c1"},
			}})
			fmt.Printf("run %d: %s is sent\n", run.ID(), ann.Email)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := run.End(ctx, nil, 0); err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// run 1: ann@example.com is sent
	// run 2: ann@example.com is invited as c1, and not sent
}

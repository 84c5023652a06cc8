package send_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"

	"bulkinvite/batch/send"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// Everyone in a file is invited, by a sandbox on this machine. Called again, Run
// finds in the ledger that nobody is left. For the real API, both URLs are
// client.DefaultBaseURL.
func ExampleRun() {
	server := httptest.NewServer(must(sandbox.New(sandbox.Config{})))
	defer server.Close()
	api := must(client.New(client.Options{BaseURL: server.URL, Key: must(client.NewKey("any"))}))
	defer api.Close()
	folder := must(os.MkdirTemp("", "example-"))
	defer os.RemoveAll(folder)
	people := filepath.Join(folder, "people.csv")
	if err := os.WriteFile(people, []byte("name,email,interview_id\nAnn,ann@example.com,i1\nBob,bob@example,i1\n"), 0o600); err != nil {
		log.Panic(err)
	}

	job := send.Job{Files: []string{people}, API: api, BaseURL: server.URL, Ledger: filepath.Join(folder, "ledger.db")}
	job.Events.Approve = func(ctx context.Context, p *send.Preview) error {
		err := p.Survey(ctx)
		fmt.Println(p.Plan.Left(), "to invite")
		return err
	}
	for range 2 {
		report, err := send.Run(context.Background(), job)
		if err != nil {
			log.Panic(err) // nothing was sent
		}
		fmt.Println(report.End, "with exit code", report.ExitCode, report.Results, report.Failed)
	}
	// Output:
	// 1 to invite
	// finished with exit code 3 map[invited:1] map[invalid_email:1]
	// 0 to invite
	// finished with exit code 3 map[already_invited:1] map[invalid_email:1]
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Panic(err)
	}
	return value
}

package batch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
	"bulkinvite/csvio"
)

// inviteAll invites everyone in a file who was not invited yet, and writes what
// became of each row beside it.
func inviteAll(ctx context.Context, api batch.API, baseURL, file, ledgerFile string, opts batch.Options) error {
	// Pass 1: nothing is sent before the whole file is known to be readable, and
	// its outputs to be writable.
	in, err := csvio.Open(ctx, file, csvio.Options{})
	if err != nil {
		return err
	}
	defer in.Close()
	plan, err := batch.Check(ctx, in, opts)
	if err != nil {
		return err
	}
	results, failed := csvio.DefaultOutputs(file)
	outputs, err := csvio.NewOutputs(in, results, failed)
	if err != nil {
		return err
	}

	// Pass 2: from here on the ledger is held, and remembers what is sent.
	store, err := ledger.Open(ctx, ledgerFile, ledger.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	run, err := store.Begin(ctx, ledger.RunInfo{BaseURL: baseURL, Input: in.Name(), SHA256: in.SHA256(), Rows: plan.Rows})
	if err != nil {
		return err
	}
	engine, err := batch.New(in, plan, run, api, opts)
	if err != nil {
		return err
	}
	defer engine.Close()
	broken := errors.Join(engine.Run(ctx), engine.FetchLinks(ctx))

	// Pass 3: the files tell what is known, of a stopped run and of one that
	// broke off too.
	ctx = context.WithoutCancel(ctx)
	counts, err := outputs.Write(ctx, engine.Outcome)
	if err := errors.Join(broken, err); err != nil {
		return err
	}
	if counts.Rows != counts.Results+counts.Failed {
		return fmt.Errorf("%d rows became %d results and %d failed: this is a bug", counts.Rows, counts.Results, counts.Failed)
	}
	p := engine.Progress()
	fmt.Printf("%d rows: %d invited now, %d before; %d results, %d failed\n", counts.Rows, p.Invited, p.Already, counts.Results, counts.Failed)
	exitCode := 0 // what a program would end with, for the ledger's history
	if counts.Failed > 0 {
		exitCode = 3
	}
	if end, reason := engine.End(); end != batch.Finished {
		exitCode = 4
		fmt.Println("ended early:", reason)
	}
	return run.End(ctx, map[string]int{"results": counts.Results, "failed": counts.Failed}, exitCode)
}

// A whole run, twice over the same file: the second one finds in the ledger
// that nobody is left. The API is a sandbox on this machine; for the real one,
// leave out client.Options.BaseURL and name client.DefaultBaseURL to the ledger.
func Example() {
	if err := rehearse(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 4 rows: 2 invited now, 0 before; 3 results, 1 failed
	// 4 rows: 0 invited now, 2 before; 3 results, 1 failed
	// Full name,E-mail,Interview ID,Source,error_code,error,row,attempts
	// Bo Yang,bo@example,f6fadfa7-e5c1-4b62-9362-da5cc13da58a,Job board,invalid_email,the e-mail address has no dot after the @,3,0
	// 2 interview sessions
}

func rehearse(ctx context.Context) error {
	folder, err := os.MkdirTemp("", "example-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "candidates.csv")
	const candidates = `Full name,E-mail,Interview ID,Source
Ann Lee,ann@example.com,f6fadfa7-e5c1-4b62-9362-da5cc13da58a,Career fair
Bo Yang,bo@example,f6fadfa7-e5c1-4b62-9362-da5cc13da58a,Job board
Cy Diaz,cy@example.com,f6fadfa7-e5c1-4b62-9362-da5cc13da58a,"Walk-in, Lisbon"
Ann Lee,Ann@Example.com,F6FADFA7-E5C1-4B62-9362-DA5CC13DA58A,Newsletter
`
	if err := os.WriteFile(file, []byte(candidates), 0o600); err != nil {
		return err
	}

	books, err := sandbox.New(sandbox.Config{})
	if err != nil {
		return err
	}
	defer books.Close()
	server := httptest.NewServer(books)
	defer server.Close()
	key, err := client.NewKey("any-key-will-do")
	if err != nil {
		return err
	}
	api, err := client.New(client.Options{BaseURL: server.URL, Key: key})
	if err != nil {
		return err
	}
	defer api.Close()

	opts := batch.DefaultOptions()
	opts.Rate = 1000 // requests per second, which the API would mind; the default is 5
	for range 2 {
		if err := inviteAll(ctx, api, server.URL, file, filepath.Join(folder, "ledger.db"), opts); err != nil {
			return err
		}
	}
	failed, err := os.ReadFile(filepath.Join(folder, "candidates.failed.csv"))
	if err != nil {
		return err
	}
	fmt.Printf("%s", failed)
	fmt.Println(books.Books().Sessions, "interview sessions")
	return nil
}

package send_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/send"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newJob is one for so many people and a sandbox of its own, which calls on for
// each invitation, unless it is nil.
func newJob(t *testing.T, people int, on func()) (send.Job, *sandbox.Server) {
	t.Helper()
	api, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && on != nil {
			on()
		}
		api.ServeHTTP(w, r)
	}))
	key, err := client.NewKey("any")
	if err != nil {
		t.Fatal(err)
	}
	c, err := client.New(client.Options{BaseURL: server.URL, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(); server.Close(); api.Close() })
	var rows strings.Builder
	for n := range people {
		fmt.Fprintf(&rows, "Ann,ann%d@example.com,i1\n", n)
	}
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte("name,email,interview_id\n"+rows.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	opts := batch.DefaultOptions()
	opts.Rate, opts.Burst, opts.ChunkSize = 1000, 100, 1
	return send.Job{
		Files: []string{file}, API: c, BaseURL: server.URL, Ledger: filepath.Join(filepath.Dir(file), "ledger.db"), Options: opts,
	}, api
}

// files are what stands beside the input.
func files(t *testing.T, j send.Job) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(j.Files[0]))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "ledger.db") {
			names = append(names, e.Name())
		}
	}
	return strings.Join(names, " ")
}

// All is said in its order, and what is said last before anything is sent is
// that it may be.
func TestEvents(t *testing.T) {
	job, api := newJob(t, 3, nil)
	var told []string
	tell := func(format string, args ...any) { told = append(told, fmt.Sprintf(format, args...)) }
	job.Events = send.Events{
		Read:    func(rows int) { tell("read %d", rows) },
		Checked: func(_ context.Context, p *send.Preview) error { tell("checked %d", p.Plan.Rows); return nil },
		Named: func(results, failed string) error {
			tell("named %s %s", filepath.Base(results), filepath.Base(failed))
			return nil
		},
		Begun:   func(run int64) { tell("begun %d", run) },
		Approve: func(_ context.Context, p *send.Preview) error { tell("approve %d", p.Claims()+api.Posts()); return nil },
		Watch: func(ctx context.Context, progress func() engine.Progress) error {
			<-ctx.Done()
			tell("watched %d", progress().Invited)
			return nil
		},
	}
	report, err := send.Run(t.Context(), job)
	if err != nil || report.ExitCode != batch.ExitOK || report.Invited != 3 {
		t.Fatalf("%+v, %v", report, err)
	}
	want := []string{"read 0", "checked 3", "named people.results.csv people.failed.csv", "begun 1", "approve 3", "watched 3"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// Whoever says no to what is shown has sent nothing and touched no output.
func TestRefusedByAnEvent(t *testing.T) {
	no := errors.New("no")
	for name, events := range map[string]send.Events{
		"checked": {Checked: func(context.Context, *send.Preview) error { return no }},
		"named":   {Named: func(string, string) error { return no }},
		"approve": {Approve: func(context.Context, *send.Preview) error { return no }},
	} {
		job, api := newJob(t, 3, nil)
		job.Events = events
		report, err := send.Run(t.Context(), job)
		if report != nil || !errors.Is(err, no) {
			t.Errorf("%s: %+v, %v", name, report, err)
		}
		if n, beside := api.Posts(), files(t, job); n != 0 || beside != "people.csv" {
			t.Errorf("%s: %d requests, and %s", name, n, beside)
		}
	}
}

// A run that holds the ledger is told from all other errors.
func TestLocked(t *testing.T) {
	job, _ := newJob(t, 1, nil)
	store, err := ledger.Open(t.Context(), job.Ledger, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if report, err := send.Run(t.Context(), job); report != nil || !errors.Is(err, ledger.ErrLocked) {
		t.Errorf("%+v, %v", report, err)
	}
}

// A stopped run writes its outputs, and ends with what its cause says; the same
// job goes on.
func TestStopped(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	job, api := newJob(t, 20, func() { stop(named(143)) })
	job.Options.Concurrency = 1
	report, err := send.Run(ctx, job)
	if err != nil || report.End != "stopped" || report.ExitCode != 143 || report.Failed[batch.CodeNotSent] == 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	if got := files(t, job); got != "people.csv people.failed.csv people.results.csv" {
		t.Errorf("beside the input are %s", got)
	}
	if report, err = send.Run(t.Context(), job); err != nil || report.ExitCode != batch.ExitOK || report.ResultsRows != 20 {
		t.Errorf("%+v, %v", report, err)
	}
	for person, sessions := range api.Sessions() {
		if sessions != 1 {
			t.Errorf("%v: %d sessions", person, sessions)
		}
	}
}

// A named cause is that of a signal, or of whoever else stops a run.
type named int

func (n named) Error() string { return "stopped" }
func (n named) ExitCode() int { return int(n) }

package send

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/cmd/bulkinvite/app"
)

func finishedReport() *report {
	r := &report{
		Input: "people.csv", ResultsFile: "people.results.csv", FailedFile: "people.failed.csv",
		End: "finished", Seconds: 61, Requests: 9, Rows: 5,
		Results: map[batch.Status]int{}, Failed: map[batch.Code]int{},
	}
	for _, out := range []batch.Outcome{
		{Status: batch.StatusInvited}, {Status: batch.StatusInvited}, {Status: batch.StatusDuplicate},
		{Code: batch.CodeInvalidEmail}, {Code: batch.CodeUncertain},
	} {
		r.count(out)
	}
	r.ResultsRows, r.FailedRows = 3, 2
	return r
}

func TestSummaryForPeople(t *testing.T) {
	var b strings.Builder
	r := finishedReport()
	r.Warnings = []string{"the moon is full"}
	if err := r.writeTo(&b); err != nil {
		t.Fatal(err)
	}
	want := `people.csv: 5 rows, 9 requests in 1m
people.results.csv: 3 rows
  invited    2
  duplicate  1
people.failed.csv: 2 rows
  invalid_email  1
  uncertain      1
warning: the moon is full
finished; 1 row can still go unchanged, run the same command again to go on; 1 row must be mended, see the error column of people.failed.csv, and send that file then
`
	if b.String() != want {
		t.Errorf("summary:\n%s\nwant:\n%s", &b, want)
	}
}

// Rows in = rows in results + rows in failed, or the run is a broken one.
func TestEquation(t *testing.T) {
	tests := []struct {
		name     string
		spoil    func(*report)
		balanced bool
	}{
		{"as it should be", func(*report) {}, true},
		{"a row was not written", func(r *report) { r.ResultsRows-- }, false},
		{"a row was written twice", func(r *report) { r.FailedRows++ }, false},
		{"the files have other rows than were counted", func(r *report) { r.count(batch.Outcome{Status: batch.StatusInvited}) }, false},
		{"pass 3 saw more rows than pass 1", func(r *report) { r.Rows-- }, false},
		{"nothing was written", func(r *report) { r.ResultsRows, r.FailedRows = 0, 0 }, false},
	}
	for _, test := range tests {
		r := finishedReport()
		test.spoil(r)
		if r.balanced() != test.balanced {
			t.Errorf("%s: balanced %v, want %v", test.name, r.balanced(), test.balanced)
		}
		if !test.balanced {
			r.setBroken(nil)
			if r.ExitCode != app.ExitBroken || r.End != endBroken || !strings.Contains(r.lastLine(), "5 rows came in") && r.Rows == 5 {
				t.Errorf("%s: told as %q, exit %d", test.name, r.lastLine(), r.ExitCode)
			}
		}
	}
}

func TestEndsHaveNames(t *testing.T) {
	for end := batch.Finished; end <= batch.DeadlineOver; end++ {
		if endNames[end] == "" {
			t.Errorf("end %d has no name", end)
		}
	}
}

func TestSaveSummary(t *testing.T) {
	name := filepath.Join(t.TempDir(), "summary.json")
	if err := os.WriteFile(name, []byte("from yesterday"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := checkSummaryFile(name); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != "from yesterday" {
		t.Errorf("the check changed the file: %q, %v", text, err)
	}
	if err := finishedReport().save(name); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode %v, want 0600", info.Mode())
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var read report
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if read.Rows != 5 || read.Results[batch.StatusInvited] != 2 || read.Failed[batch.CodeUncertain] != 1 {
		t.Errorf("read back: %+v", read)
	}
	files, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(files) != 1 {
		t.Errorf("files left: %v, %v", files, err)
	}
}

func TestErrorsAreOneLine(t *testing.T) {
	r := finishedReport()
	r.setBroken(errors.Join(errors.New("one"), errors.New("two"), errors.New("one"))) // one disk is full for many
	if line := r.lastLine(); !strings.Contains(line, "broke off: one; two; run") {
		t.Errorf("last line %q", line)
	}
}

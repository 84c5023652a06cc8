package send

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/batch/send"
	"bulkinvite/cmd/bulkinvite/app"
)

func finishedSummary() *summary {
	return &summary{again: app.Again, Report: &send.Report{
		Input: "people.csv", ResultsFile: "people.results.csv", FailedFile: "people.failed.csv",
		End: "finished", Seconds: 61, Requests: 9, Rows: 5, ResultsRows: 3, FailedRows: 2,
		Results: map[batch.Status]int{batch.StatusInvited: 2, batch.StatusDuplicate: 1},
		Failed:  map[batch.Code]int{batch.CodeInvalidEmail: 1, batch.CodeUncertain: 1},
	}}
}

func TestSummaryForPeople(t *testing.T) {
	r := finishedSummary()
	r.Warnings = []string{"the moon is full"}
	want := `people.csv: 5 rows, 9 requests in 1m
people.results.csv: 3 rows
  invited    2
  duplicate  1
people.failed.csv: 2 rows
  invalid_email  1
  uncertain      1
warning: the moon is full
finished; 1 row can still go unchanged, run the same command again to go on; 1 row needs fixing: see the error column of people.failed.csv, fix it there, then send that file
`
	if r.text() != want {
		t.Errorf("summary:\n%s\nwant:\n%s", r.text(), want)
	}
}

func TestSaveSummary(t *testing.T) {
	name := filepath.Join(t.TempDir(), "summary.json")
	if err := os.WriteFile(name, []byte("from yesterday"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := app.CheckWritable("summary", name); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(name); err != nil || string(text) != "from yesterday" {
		t.Errorf("the check changed the file: %q, %v", text, err)
	}
	if err := finishedSummary().save(name); err != nil {
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
	var read send.Report
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

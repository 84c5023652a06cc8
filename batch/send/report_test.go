package send

import (
	"errors"
	"strings"
	"testing"

	"bulkinvite/batch"
)

func finishedReport() *Report {
	r := &Report{
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

// Rows in = rows in results + rows in failed, or the run is a broken one.
func TestEquation(t *testing.T) {
	tests := []struct {
		name     string
		spoil    func(*Report)
		balanced bool
	}{
		{"as it should be", func(*Report) {}, true},
		{"a row was not written", func(r *Report) { r.ResultsRows-- }, false},
		{"a row was written twice", func(r *Report) { r.FailedRows++ }, false},
		{"the files have other rows than were counted", func(r *Report) { r.count(batch.Outcome{Status: batch.StatusInvited}) }, false},
		{"pass 3 saw more rows than pass 1", func(r *Report) { r.Rows-- }, false},
		{"nothing was written", func(r *Report) { r.ResultsRows, r.FailedRows = 0, 0 }, false},
	}
	for _, test := range tests {
		r := finishedReport()
		test.spoil(r)
		if r.balanced() != test.balanced {
			t.Errorf("%s: balanced %v, want %v", test.name, r.balanced(), test.balanced)
		}
		if !test.balanced {
			r.Break(nil)
			if r.ExitCode != batch.ExitBroken || r.End != EndBroken || !strings.Contains(r.Reason, "5 rows came in") && r.Rows == 5 {
				t.Errorf("%s: told as %q, exit %d", test.name, r.Reason, r.ExitCode)
			}
		}
	}
}

func TestErrorsAreOneLine(t *testing.T) {
	r := finishedReport()
	r.Break(errors.Join(errors.New("one"), errors.New("two"), errors.New("one"))) // one disk is full for many
	if r.Reason != "one; two" {
		t.Errorf("reason %q", r.Reason)
	}
}

package batch_test

import (
	"testing"

	"bulkinvite/batch"
)

// Whoever types a person means the key that a row has.
func TestParseKey(t *testing.T) {
	for person, row := range map[string]batch.Candidate{
		"Ann@Example.COM":   {Email: "ann@example.com"},
		"application:Ab-1":  {JobApplicationID: "Ab-1"},
		"candidate:h0gqkAc": {CandidateID: "h0gqkAc"},
	} {
		row.InterviewID = interviewID(0)
		if got := batch.ParseKey(interviewID(0), person); got != row.Key() {
			t.Errorf("%s: %+v, want %+v", person, got, row.Key())
		}
	}
}

package batch_test

import (
	"strings"
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
		row.InterviewID = "0000000A-0000-4000-8000-000000000001"
		if got := batch.ParseKey(row.InterviewID, person); got != row.Key() {
			t.Errorf("%s: %+v, want %+v", person, got, row.Key())
		}
	}
}

// What an API calls an address may be megabytes of anything. Its A-label would
// take minutes, which no signal ends.
func TestNoKeyOfWhatIsNoAddress(t *testing.T) {
	var long strings.Builder
	long.WriteString("a@")
	for i := range 300_000 {
		long.WriteRune(rune(0x4e00 + i%20_000))
	}
	if got := batch.NewKey("i", long.String()); got.Email != long.String() {
		t.Errorf("a key of %d bytes", len(got.Email))
	}
}

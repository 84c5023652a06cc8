package plan

import "bulkinvite/batch"

// A GroupKey is what the people of one request have in common: interview,
// e-mail switch, and whether they need a request of their own, since a request
// names at most one job application and one person to re-send.
type GroupKey struct {
	Interview    string
	Lane         Lane
	DisableEmail bool
}

// A Lane tells kinds of people apart who never share a request.
type Lane int

// The lanes.
const (
	Together    Lane = iota // up to Options.ChunkSize in one request
	Application             // alone, through a job application
	Resend                  // alone, an existing invitation
)

// GroupOf returns the group of a candidate with this key.
func GroupOf(c *batch.Candidate, key batch.Key) GroupKey {
	gk := GroupKey{Interview: key.InterviewID, DisableEmail: c.DisableEmail}
	switch {
	case c.CandidateID != "":
		gk.Lane = Resend
	case c.JobApplicationID != "":
		gk.Lane = Application
	}
	return gk
}

// Size returns how many people of the group fit into one request.
func (k GroupKey) Size(chunkSize int) int {
	if k.Lane != Together {
		return 1
	}
	return chunkSize
}

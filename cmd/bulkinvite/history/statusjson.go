package history

import (
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/history"
)

// The documents of status --json. Their names are interface, documented in status
// --help.

type statusDocument struct {
	Ledger     string              `json:"ledger"`
	Running    bool                `json:"running"`
	Runs       []runDocument       `json:"runs"`
	Interviews []interviewDocument `json:"interviews"`
	InDoubt    []doubtDocument     `json:"in_doubt"`
}

type oneRunDocument struct {
	Ledger   string            `json:"ledger"`
	Running  bool              `json:"running"`
	Run      runDocument       `json:"run"`
	Requests []requestDocument `json:"requests"`
	InDoubt  []doubtDocument   `json:"in_doubt"`
}

type runDocument struct {
	RunID     int64          `json:"run_id"`
	State     string         `json:"state"`
	StartedAt time.Time      `json:"started_at"`
	EndedAt   *time.Time     `json:"ended_at"`
	Seconds   *float64       `json:"seconds"`
	ExitCode  *int           `json:"exit_code"`
	BaseURL   string         `json:"base_url"`
	Input     string         `json:"input"`
	SHA256    string         `json:"sha256"`
	Rows      int            `json:"rows"`
	Counts    map[string]int `json:"counts"`
}

type interviewDocument struct {
	BaseURL     string `json:"base_url"`
	InterviewID string `json:"interview_id"`
	Invited     int    `json:"invited"`
	InDoubt     int    `json:"in_doubt"`
	Refused     int    `json:"refused"`
	NoInvite    int    `json:"no_invitation"`
	Failed      int    `json:"failed"`
}

type doubtDocument struct {
	BaseURL     string    `json:"base_url"`
	InterviewID string    `json:"interview_id"`
	Email       string    `json:"email"`
	RequestID   int64     `json:"request_id"`
	RunID       int64     `json:"run_id"`
	ClaimedAt   time.Time `json:"claimed_at"`
	Mark        string    `json:"mark"`
}

type requestDocument struct {
	Kind       batch.Kind `json:"kind"`
	StatusCode *int       `json:"status_code"`
	Message    string     `json:"message"`
	Requests   int        `json:"requests"`
	People     int        `json:"people"`
}

// document returns what status --json writes.
func (s *statusView) document() (any, error) {
	d := &statusDocument{
		Ledger: s.ledger, Running: s.running,
		Runs: []runDocument{}, Interviews: []interviewDocument{}, InDoubt: doubtDocuments(s.doubts),
	}
	for i := range s.runs {
		run, err := s.runDocument(&s.runs[i])
		if err != nil {
			return nil, err
		}
		d.Runs = append(d.Runs, run)
	}
	for _, i := range s.interviews {
		d.Interviews = append(d.Interviews, interviewDocument{
			BaseURL: i.BaseURL, InterviewID: i.InterviewID,
			Invited: i.People[batch.StateInvited], InDoubt: i.People[batch.StateSending],
			Refused: i.People[batch.StateRefused], NoInvite: i.People[batch.StateNoInvitation], Failed: i.People[batch.StateFailed],
		})
	}
	return d, nil
}

// document returns what status --run --json writes.
func (v *runView) document() (any, error) {
	run, err := v.status.runDocument(&v.run)
	if err != nil {
		return nil, err
	}
	d := &oneRunDocument{
		Ledger: v.status.ledger, Running: v.status.running, Run: run,
		Requests: []requestDocument{}, InDoubt: doubtDocuments(v.doubts),
	}
	for _, r := range v.requests {
		request := requestDocument{Kind: r.Kind, Message: r.Message, Requests: r.Requests, People: r.People}
		if r.Answered {
			request.StatusCode = &r.StatusCode
		}
		d.Requests = append(d.Requests, request)
	}
	return d, nil
}

func (s *statusView) runDocument(r *history.RunStatus) (runDocument, error) {
	counts, err := countsOf(r)
	d := runDocument{
		RunID: r.ID, State: s.stateOf(r), StartedAt: r.StartedAt,
		BaseURL: r.BaseURL, Input: r.Input, SHA256: r.SHA256, Rows: r.Rows, Counts: counts,
	}
	if !r.EndedAt.IsZero() {
		seconds := r.EndedAt.Sub(r.StartedAt).Seconds()
		d.EndedAt, d.Seconds, d.ExitCode = &r.EndedAt, &seconds, &r.ExitCode
	}
	return d, err
}

func doubtDocuments(doubts []history.OpenRequest) []doubtDocument {
	documents := make([]doubtDocument, 0, len(doubts))
	for _, d := range doubts {
		documents = append(documents, doubtDocument{
			d.BaseURL, d.Key.InterviewID, d.Key.Email, d.RequestID, d.RunID, d.ClaimedAt, d.Mark,
		})
	}
	return documents
}

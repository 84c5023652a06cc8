package history

import (
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/history"
)

// The document of explain --json. Its names are interface, documented in explain
// --help.

type explainDocument struct {
	Ledger     string            `json:"ledger"`
	Running    bool              `json:"running"`
	Email      string            `json:"email"`
	Interviews []historyDocument `json:"interviews"`
}

type historyDocument struct {
	KnownAs     string                `json:"known_as"`
	BaseURL     string                `json:"base_url"`
	InterviewID string                `json:"interview_id"`
	State       string                `json:"state"`
	Forgotten   bool                  `json:"forgotten"`
	CandidateID string                `json:"candidate_id"`
	InviteURL   string                `json:"invite_url"`
	Next        string                `json:"next"`
	Requests    []pastRequestDocument `json:"requests"`
}

type pastRequestDocument struct {
	RequestID        int64                `json:"request_id"`
	RunID            int64                `json:"run_id"`
	Kind             batch.Kind           `json:"kind"`
	ClaimedAt        time.Time            `json:"claimed_at"`
	JobApplicationID string               `json:"job_application_id"`
	CandidateID      string               `json:"candidate_id"`
	EmailDisabled    bool                 `json:"email_disabled"`
	People           int                  `json:"people"`
	State            string               `json:"state"`
	Answers          []pastAnswerDocument `json:"answers"`
}

type pastAnswerDocument struct {
	At          time.Time `json:"at"`
	RunID       int64     `json:"run_id"`
	StatusCode  int       `json:"status_code"`
	Message     string    `json:"message"`
	State       string    `json:"state"`
	CandidateID string    `json:"candidate_id"`
	InviteURL   string    `json:"invite_url"`
}

func (e *explanation) document() (any, error) {
	d := &explainDocument{Ledger: e.ledger, Running: e.running != 0, Email: e.traces.Person, Interviews: []historyDocument{}}
	for i := range e.traces.Histories {
		h := &e.traces.Histories[i]
		d.Interviews = append(d.Interviews, historyDocument{
			KnownAs: h.Key.Email, BaseURL: h.BaseURL, InterviewID: h.Key.InterviewID, State: stateName(h.Record.State),
			Forgotten: isForgotten(h), CandidateID: h.Record.CandidateID, InviteURL: h.Record.InviteURL,
			Next: e.next(h), Requests: pastRequestDocuments(h.Requests),
		})
	}
	return d, nil
}

func pastRequestDocuments(requests []history.PastRequest) []pastRequestDocument {
	documents := make([]pastRequestDocument, 0, len(requests))
	for i := range requests {
		r := &requests[i]
		answers := make([]pastAnswerDocument, 0, len(r.Answers))
		for _, a := range r.Answers {
			answers = append(answers, pastAnswerDocument{
				At: a.At, RunID: a.RunID, StatusCode: a.StatusCode, Message: a.Message,
				State: stateName(a.State), CandidateID: a.CandidateID, InviteURL: a.InviteURL,
			})
		}
		documents = append(documents, pastRequestDocument{
			RequestID: r.ID, RunID: r.RunID, Kind: r.Kind, ClaimedAt: r.ClaimedAt,
			JobApplicationID: r.JobApplicationID, CandidateID: r.CandidateID, EmailDisabled: r.DisableEmail,
			People: r.People, State: stateName(r.State), Answers: answers,
		})
	}
	return documents
}

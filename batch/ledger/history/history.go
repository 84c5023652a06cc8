package history

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// A History is all that the ledger knows of a person in one interview under one
// name.
type History struct {
	BaseURL  string
	Key      batch.Key
	Record   batch.Record  // what the requests come to
	Requests []PastRequest // the oldest first
}

// A PastRequest is a request that names the person.
type PastRequest struct {
	ID               int64
	RunID            int64
	Kind             batch.Kind
	ClaimedAt        time.Time
	JobApplicationID string
	CandidateID      string
	DisableEmail     bool
	People           int         // in the request
	State            batch.State // of the person in it
	Forgotten        bool        // the person was taken out of it, and only a hash is left
	Answers          []PastAnswer
}

// A PastAnswer is an answer to a request, or a later finding, that names the
// person.
type PastAnswer struct {
	RunID       int64
	At          time.Time
	StatusCode  int // 0: no HTTP answer
	Message     string
	State       batch.State
	CandidateID string
	InviteURL   string
	Mark        string
}

func histories(ctx context.Context, db rows.Querier, aliases []alias, interviewID string) ([]History, error) {
	histories, err := candidates(ctx, db, aliases, interviewID)
	if err != nil {
		return nil, err
	}
	l, err := rows.NewFinder(ctx, db)
	if err != nil {
		return nil, err
	}
	for i := range histories {
		h := &histories[i]
		l.BaseURL = h.BaseURL
		if err := h.fill(ctx, l); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(histories, func(h History) bool { return len(h.Requests) == 0 }), nil
}

// candidates returns an empty history for each interview and alias: the person
// may be in it under that name.
func candidates(ctx context.Context, db rows.Querier, aliases []alias, interviewID string) ([]History, error) {
	query, args := "select distinct u.base_url, r.interview_id from requests r join runs u on u.id = r.run_id order by 1, 2", []any{}
	if interviewID != "" {
		query, args = "select distinct base_url, ? from runs order by 1", []any{batch.NewKey(interviewID, "").InterviewID}
	}
	all, err := rows.Select(ctx, db, func(row *sql.Rows) (h History, err error) { return h, row.Scan(&h.BaseURL, &h.Key.InterviewID) }, query, args...)
	var histories []History
	for _, h := range all {
		for _, a := range aliases {
			if a.baseURL == "" || a.baseURL == h.BaseURL {
				h.Key.Email = a.name
				histories = append(histories, h)
			}
		}
	}
	return histories, err
}

// fill adds what the ledger knows.
func (h *History) fill(ctx context.Context, l *rows.Finder) error {
	var f rows.Fold
	err := l.Each(ctx, []batch.Key{h.Key}, func(_ int, r *rows.Request, p *rows.Person) {
		f.Add(0, r, p)
		h.Requests = append(h.Requests, pastRequest(r, r.Find(h.Key.Email, 0)))
	})
	h.Record = f.Rec
	return err
}

// pastRequest returns what a request says of the person at a position in it.
func pastRequest(r *rows.Request, at int) PastRequest {
	past := PastRequest{
		ID: r.ID, RunID: r.RunID, Kind: r.Kind, ClaimedAt: r.ClaimedAt, JobApplicationID: r.Application,
		CandidateID: r.CandidateID, DisableEmail: r.EmailDisabled, People: len(r.People),
		State: r.People[at].State, Forgotten: r.People[at].Forgotten,
	}
	for _, a := range r.Answers {
		for _, o := range a.Outcomes {
			if o.Person == at {
				past.Answers = append(past.Answers, PastAnswer{
					RunID: a.Run, At: time.UnixMicro(a.At).UTC(), StatusCode: a.StatusCode, Message: a.Message,
					State: o.State, CandidateID: o.CandidateID, InviteURL: o.InviteURL, Mark: o.Mark,
				})
			}
		}
	}
	return past
}

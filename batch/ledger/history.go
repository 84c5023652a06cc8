package ledger

import (
	"context"
	"slices"
	"time"

	"bulkinvite/batch"
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

// A PastAnswer is an answer to a request, or a later finding, that tells of the
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

func histories(ctx context.Context, db querier, aliases []alias, interviewID string) ([]History, error) {
	histories, err := candidates(ctx, db, aliases, interviewID)
	if err != nil {
		return nil, err
	}
	l, err := newLookup(ctx, db)
	if err != nil {
		return nil, err
	}
	for i := range histories {
		h := &histories[i]
		l.base = h.BaseURL
		if err := h.fill(ctx, db, l); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(histories, func(h History) bool { return len(h.Requests) == 0 }), nil
}

// candidates returns the empty histories of all interviews in which people may
// be who are known by the aliases.
func candidates(ctx context.Context, db querier, aliases []alias, interviewID string) ([]History, error) {
	query, args := "select distinct u.base_url, r.interview_id from requests r join runs u on u.id = r.run_id order by 1, 2", []any{}
	if interviewID != "" {
		query, args = "select distinct base_url, ? from runs order by 1", []any{batch.NewKey(interviewID, "").InterviewID}
	}
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var histories []History
	for rows.Next() {
		var h History
		if err := rows.Scan(&h.BaseURL, &h.Key.InterviewID); err != nil {
			return nil, err
		}
		for _, a := range aliases {
			if a.baseURL == "" || a.baseURL == h.BaseURL {
				h.Key.Email = a.name
				histories = append(histories, h)
			}
		}
	}
	return histories, rows.Err()
}

// fill adds what the ledger knows.
func (h *History) fill(ctx context.Context, db querier, l *lookup) error {
	keys := []batch.Key{h.Key}
	found, err := l.findAll(ctx, hashAll(h.BaseURL, keys))
	if err != nil {
		return err
	}
	ids := make([]int64, len(found))
	for i, m := range found {
		ids[i] = m.request
	}
	read := map[int64]*request{}
	for r, err := range requests(ctx, db, byID, numbers(ids)) {
		if err != nil {
			return err
		}
		read[r.id] = r
	}
	var f fold
	err = l.matchPeople(keys, found, func(id int64) (*request, error) { return read[id], nil }, func(_ int, r *request, p *person) {
		f.add(0, r, p)
		h.Requests = append(h.Requests, pastRequest(r, r.find(h.Key.Email, 0)))
	})
	h.Record = f.rec
	return err
}

// pastRequest returns what a request tells of the person at a position in it.
func pastRequest(r *request, at int) PastRequest {
	past := PastRequest{
		ID: r.id, RunID: r.runID, Kind: r.kind, ClaimedAt: r.claimedAt, JobApplicationID: r.application,
		CandidateID: r.candidateID, DisableEmail: r.emailDisabled, People: len(r.people),
		State: r.people[at].state, Forgotten: r.people[at].forgotten,
	}
	for _, a := range r.answers {
		for _, o := range a.outcomes {
			if o.Person == at {
				past.Answers = append(past.Answers, PastAnswer{
					RunID: a.run, At: time.UnixMicro(a.at).UTC(), StatusCode: a.statusCode, Message: a.message,
					State: o.State, CandidateID: o.CandidateID, InviteURL: o.InviteURL, Mark: o.Mark,
				})
			}
		}
	}
	return past
}

package ledger

import (
	"context"
	"database/sql"
	"fmt"
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

func (r *Reader) histories(ctx context.Context, tx *sql.Tx, aliases []alias, interviewID string) ([]History, error) {
	histories, err := candidates(ctx, tx, aliases, interviewID)
	if err != nil {
		return nil, err
	}
	l, err := r.lookup(ctx, tx, "")
	if err != nil {
		return nil, err
	}
	for i := range histories {
		h := &histories[i]
		l.base = h.BaseURL
		if err := h.fill(ctx, tx, l); err != nil {
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
	records, err := l.Lookup(ctx, []batch.Key{h.Key}) // refuses requests that have changed
	if err != nil {
		return err
	}
	h.Record = records[0]
	found, err := l.findAll(ctx, hashAll(h.BaseURL, []batch.Key{h.Key}))
	if err != nil {
		return err
	}
	for _, m := range found {
		if err := h.add(ctx, db, l.book, m.request); err != nil {
			return err
		}
	}
	return nil
}

// add adds a request, if it is not somebody else's with the same hash.
func (h *History) add(ctx context.Context, db querier, b *book, id int64) error {
	req, err := b.get(id)
	if err != nil || req == nil || req.baseURL != h.BaseURL || req.interviewID != h.Key.InterviewID {
		return err
	}
	at := req.find(h.Key.Email, 0)
	if at < 0 {
		return nil
	}
	past := PastRequest{
		ID: req.id, RunID: req.runID, Kind: req.kind, ClaimedAt: req.claimedAt,
		JobApplicationID: req.application, People: len(req.people),
		State: req.people[at].state, Forgotten: req.people[at].forgotten,
	}
	err = db.QueryRowContext(ctx, "select candidate_id, email_disabled from requests where id = ?", id).
		Scan(&past.CandidateID, &past.DisableEmail)
	if err != nil {
		return err
	}
	if past.Answers, err = answersTo(ctx, db, id, at); err != nil {
		return err
	}
	h.Requests = append(h.Requests, past)
	return nil
}

// answersTo returns what the answers to a request tell of the person at a
// position in it.
func answersTo(ctx context.Context, db querier, request int64, person int) ([]PastAnswer, error) {
	rows, err := db.QueryContext(ctx, `select id, run_id, at, status_code, message, people
		from answers where request_id = ? order by id`, request)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var answers []PastAnswer
	for rows.Next() {
		var a PastAnswer
		var id, at int64
		var people string
		if err := rows.Scan(&id, &a.RunID, &at, &a.StatusCode, &a.Message, &people); err != nil {
			return nil, err
		}
		a.At = time.UnixMicro(at).UTC()
		outcomes, err := parseOutcomes(people)
		if err != nil {
			return nil, fmt.Errorf("answer %d: %w", id, err)
		}
		for _, o := range outcomes {
			if o.Person == person {
				a.State, a.CandidateID, a.InviteURL, a.Mark = o.State, o.CandidateID, o.InviteURL, o.Mark
				answers = append(answers, a)
			}
		}
	}
	return answers, rows.Err()
}

package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"bulkinvite/batch"
)

// An Unsettled is somebody in a request of whom it is not known whether it
// reached them, or whom the API left out. It is one request of them: there may
// be more.
type Unsettled struct {
	BaseURL          string
	Key              batch.Key
	State            batch.State // StateSending or StateNoInvitation
	Mark             string
	Kind             batch.Kind
	JobApplicationID string
	RequestID        int64
	RunID            int64 // that claimed them
	ClaimedAt        time.Time
}

// Unsettled returns everybody who is in doubt at any base URL, re-sends
// included, in the order of their requests. Settling all of somebody's ends the
// doubt. It reads the whole ledger, and again if anybody is in doubt: seconds
// per million people. No run may be under way.
func (s *Store) Unsettled(ctx context.Context) ([]Unsettled, error) {
	return s.peopleIn(ctx, batch.StateSending, func(u *Unsettled, rec *batch.Record) bool {
		// What another request or a newer re-send has told since is no doubt.
		return u.Kind == batch.KindResend && rec.ResentState == batch.StateSending ||
			u.Kind != batch.KindResend && rec.State == batch.StateSending
	})
}

// LeftOut is Unsettled for everybody in StateNoInvitation, each in the request
// that this comes from.
func (s *Store) LeftOut(ctx context.Context) ([]Unsettled, error) {
	return s.peopleIn(ctx, batch.StateNoInvitation, func(u *Unsettled, rec *batch.Record) bool { return u.RequestID == rec.RequestID })
}

// peopleIn returns those in requests that have them in the state, if keep says
// so of what is known of them altogether.
func (s *Store) peopleIn(ctx context.Context, state batch.State, keep func(*Unsettled, *batch.Record) bool) ([]Unsettled, error) {
	type who struct {
		baseURL string
		key     batch.Key
	}
	suspects := map[who]*fold{}
	open := func(r *request, i int) bool {
		return r.people[i].state == state && !r.people[i].forgotten && r.kind != batch.KindLink
	}
	err := scanPeople(ctx, s.read, "", nil, func(r *request, i int, key batch.Key) {
		if open(r, i) {
			suspects[who{r.baseURL, key}] = &fold{}
		}
	})
	if err != nil || len(suspects) == 0 {
		return nil, err
	}
	var all []Unsettled
	err = scanPeople(ctx, s.read, "", nil, func(r *request, i int, key batch.Key) {
		f := suspects[who{r.baseURL, key}]
		if f == nil {
			return
		}
		f.add(0, r, &r.people[i])
		if open(r, i) {
			all = append(all, Unsettled{r.baseURL, key, state, r.people[i].mark, r.kind, r.application, r.id, r.runID, r.claimedAt})
		}
	})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(u Unsettled) bool { return !keep(&u, &suspects[who{u.BaseURL, u.Key}].rec) }), nil
}

// A Member is somebody in one request for an interview.
type Member struct {
	Key   batch.Key
	State batch.State
	// Listed is set if the API's list has to show, under this address, somebody
	// whom the request invited. A job application or a candidate id may belong
	// to another address.
	Listed bool
}

// Members calls f for everybody in every request for these interviews that
// counts: with StateInvited or StateSending, once for each request.
func (s *Store) Members(ctx context.Context, baseURL string, interviewIDs []string, f func(Member)) error {
	return members(ctx, s.read, baseURL, interviewIDs, f)
}

// Members is Store.Members beside a run. If a run begins to write meanwhile, f
// may be called for the same people again.
func (r *Reader) Members(ctx context.Context, baseURL string, interviewIDs []string, f func(Member)) error {
	return r.read(ctx, func(tx *sql.Tx) error { return members(ctx, tx, baseURL, interviewIDs, f) })
}

func members(ctx context.Context, db querier, baseURL string, interviewIDs []string, f func(Member)) error {
	return scanPeople(ctx, db, baseURL, interviewIDs, func(r *request, i int, key batch.Key) {
		state := r.people[i].state
		if counts(r.kind, state) && rank(state) > 0 {
			f(Member{key, state, r.kind != batch.KindResend && r.application == "" && strings.Contains(key.Email, "@")})
		}
	})
}

// scanPeople calls f for each person in each request, in the order of requests:
// all of them, or those for some interviews at a base URL.
func scanPeople(ctx context.Context, db querier, baseURL string, interviewIDs []string, f func(r *request, i int, key batch.Key)) error {
	query, args := selectRequests, []any{}
	if interviewIDs != nil {
		query += " where u.base_url = ? and r.interview_id in (select value from json_each(?))"
		args = append(args, baseURL, string(appendTexts(nil, interviewIDs)))
	}
	rows, err := db.QueryContext(ctx, query+" order by r.id, a.id", args...)
	if err != nil {
		return fmt.Errorf("ledger: read requests: %w", err)
	}
	defer rows.Close()
	err = scanRequests(rows, func(r *request) {
		for i, email := range r.emails {
			f(r, i, batch.Key{InterviewID: r.interviewID, Email: email})
		}
	})
	if err != nil {
		return fmt.Errorf("ledger: read requests: %w", err)
	}
	return nil
}

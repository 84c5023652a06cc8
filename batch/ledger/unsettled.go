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
	open, known, err := openPeople(ctx, s.read, state)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	return slices.DeleteFunc(open, func(u Unsettled) bool { return !keep(&u, &known[who{u.BaseURL, u.Key}].rec) }), nil
}

// A who is somebody at a base URL.
type who struct {
	baseURL string
	key     batch.Key
}

// openPeople returns those in requests that have them in the state, and what is
// known of them altogether. Memory grows with them alone: it goes over all
// requests, and once more if there is anybody.
func openPeople(ctx context.Context, db querier, state batch.State) (open []Unsettled, known map[who]*fold, err error) {
	known = map[who]*fold{}
	for r, err := range requests(ctx, db, "") {
		if err != nil {
			return nil, nil, err
		}
		for i := range r.people {
			if p := &r.people[i]; p.state == state && !p.forgotten && r.kind != batch.KindLink {
				key := r.key(i)
				known[who{r.baseURL, key}] = &fold{}
				open = append(open, Unsettled{r.baseURL, key, state, strings.Clone(p.mark), r.kind, r.application, r.id, r.runID, r.claimedAt})
			}
		}
	}
	if len(open) == 0 {
		return nil, nil, nil
	}
	for r, err := range requests(ctx, db, "") {
		if err != nil {
			return nil, nil, err
		}
		for i := range r.people {
			if f := known[who{r.baseURL, r.key(i)}]; f != nil {
				f.add(0, r, &r.people[i])
			}
		}
	}
	return open, known, nil
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
	const of = "where u.base_url = ? and r.interview_id in (select value from json_each(?))"
	for r, err := range requests(ctx, db, of, baseURL, string(appendTexts(nil, interviewIDs))) {
		if err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
		for i := range r.people {
			if state := r.people[i].state; counts(r.kind, state) && rank(state) > 0 {
				key := r.key(i)
				f(Member{key, state, r.kind != batch.KindResend && r.application == "" && strings.Contains(key.Email, "@")})
			}
		}
	}
	return nil
}

package history

import (
	"context"
	"strings"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// An OpenRequest is one person in a request that is open for them: its outcome
// is unknown, or the API left them out. There may be more of theirs.
type OpenRequest struct {
	BaseURL          string
	Key              batch.Key
	State            batch.State // StateSending or StateNoInvitation
	Mark             string      // see batch.Settlement.Mark
	Kind             batch.Kind
	JobApplicationID string
	RequestID        int64
	RunID            int64 // that claimed them
	ClaimedAt        time.Time
}

// InDoubt returns who is in doubt because of a run, or of any if that is 0: each
// person once, in the request that this comes from, and without re-sends. It is
// what People returns, in memory that grows with those in doubt alone.
func (q Questions) InDoubt(ctx context.Context, run int64) ([]OpenRequest, error) {
	return q.openRequests(ctx, batch.StateSending, run, isOrigin)
}

// LeftOut is InDoubt for everybody in StateNoInvitation, because of any run.
func (q Questions) LeftOut(ctx context.Context) ([]OpenRequest, error) {
	return q.openRequests(ctx, batch.StateNoInvitation, 0, isOrigin)
}

// OpenRequests returns all open requests of everybody who is in doubt at any base
// URL, re-sends included, in the order of their numbers. Settling all of
// somebody's ends the doubt.
func (q Questions) OpenRequests(ctx context.Context) ([]OpenRequest, error) {
	return q.openRequests(ctx, batch.StateSending, 0, func(o *OpenRequest, rec *batch.Record) bool {
		// What another request or a newer re-send has settled since is no doubt.
		return o.Kind == batch.KindResend && rec.ResentState == batch.StateSending ||
			o.Kind != batch.KindResend && rec.State == batch.StateSending
	})
}

// isOrigin reports whether the state that somebody is in comes from the request.
func isOrigin(o *OpenRequest, rec *batch.Record) bool { return o.RequestID == rec.RequestID }

// openRequests returns the people who are in the state in requests of a run, or
// of any if that is 0, if keep accepts their record.
func (q Questions) openRequests(ctx context.Context, state batch.State, run int64, keep func(*OpenRequest, *batch.Record) bool) ([]OpenRequest, error) {
	return ask(ctx, q, func(db rows.Querier) ([]OpenRequest, error) {
		var open []OpenRequest
		for r, err := range statesOf(ctx, db, run) {
			if err != nil {
				return nil, err
			}
			for i := range r.People {
				if o, ok := openFor(r, i, state); ok {
					open = append(open, o)
				}
			}
		}
		if len(open) == 0 {
			return nil, nil
		}
		return stillOpen(ctx, db, open, keep)
	})
}

// stillOpen returns the people whose record keep accepts.
func stillOpen(ctx context.Context, db rows.Querier, open []OpenRequest, keep func(*OpenRequest, *batch.Record) bool) ([]OpenRequest, error) {
	l, err := rows.NewFinder(ctx, db)
	if err != nil {
		return nil, err
	}
	defer l.Cache.Shelf.Close()
	kept := open[:0]
	for len(open) > 0 {
		l.BaseURL = open[0].BaseURL
		var keys []batch.Key
		for i := 0; i < min(len(open), mostOpen) && open[i].BaseURL == l.BaseURL; i++ {
			keys = append(keys, open[i].Key)
		}
		records, err := l.Lookup(ctx, keys)
		if err != nil {
			return nil, err
		}
		for i := range records {
			if keep(&open[i], &records[i]) {
				kept = append(kept, open[i])
			}
		}
		open = open[len(keys):]
	}
	return kept, nil
}

// mostOpen is how many people are looked up at once.
const mostOpen = 1000

// openFor returns the person at a position, if the request is open for them.
func openFor(r *rows.Request, at int, state batch.State) (o OpenRequest, ok bool) {
	p := &r.People[at]
	if p.State != state || p.Forgotten || r.Kind == batch.KindLink {
		return o, false
	}
	return OpenRequest{r.BaseURL, r.Key(at), state, p.Keep(p.Mark), r.Kind, r.Application, r.ID, r.RunID, r.ClaimedAt}, true
}

// A Member is somebody in one request for an interview.
type Member struct {
	Key   batch.Key
	State batch.State
	// Listed is set if the API's list has to show this address once the request has
	// invited it. A job application or a candidate id may belong to another one.
	Listed bool
}

// Members calls f for everybody in every request for these interviews that
// counts: with StateInvited or StateSending, once for each request. If a run
// begins to write meanwhile, f may be called for the same people again.
func (q Questions) Members(ctx context.Context, baseURL string, interviewIDs []string, f func(Member)) error {
	return q.read(ctx, func(db rows.Querier) error { return readMembers(ctx, db, baseURL, interviewIDs, f) })
}

func readMembers(ctx context.Context, db rows.Querier, baseURL string, interviewIDs []string, f func(Member)) error {
	const of = "where u.base_url = ? and r.interview_id in (select value from json_each(?))"
	for r, err := range rows.States(ctx, db, of, baseURL, string(rows.AppendTexts(nil, interviewIDs))) {
		if err != nil {
			return err
		}
		for i := range r.People {
			if state := r.People[i].State; rows.Counts(r.Kind, state) && rows.Rank(state) > 0 {
				key := r.Key(i)
				f(Member{key, state, r.Kind != batch.KindResend && r.Application == "" && strings.Contains(key.Email, "@")})
			}
		}
	}
	return nil
}

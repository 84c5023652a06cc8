package history

import (
	"cmp"
	"context"
	"database/sql"
	"sync"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// Questions are what an open ledger can be asked, whoever has opened it. Each
// answer is of one state of the ledger, though a run goes on.
type Questions struct {
	// read calls f with one state of the ledger, and perhaps once more with a newer
	// one: f then forgets what it read before.
	read func(ctx context.Context, f func(rows.Querier) error) error
}

// NewQuestions returns the questions to a ledger; read calls f with one state of
// it.
func NewQuestions(read func(ctx context.Context, f func(rows.Querier) error) error) Questions {
	return Questions{read}
}

// ask returns the answer that f finds in one state of the ledger.
func ask[T any](ctx context.Context, q Questions, f func(db rows.Querier) (T, error)) (answer T, err error) {
	err = q.read(ctx, func(db rows.Querier) error {
		answer, err = f(db)
		return err
	})
	return answer, err
}

// Look calls f with a look-up of people of a base URL. If a run began meanwhile,
// f is called once more, and has to forget what it read. After a run that
// died or is not over, Look reads what that run has written: about a second and
// 11 MB per million people.
func (q Questions) Look(ctx context.Context, baseURL string, f func(batch.Lookuper) error) error {
	var asked error // f's, which is not the ledger's
	err := q.read(ctx, func(db rows.Querier) error {
		l, err := rows.NewFinder(ctx, db)
		if err == nil {
			l.BaseURL = baseURL
			asked = f(&readOnly{lookup: l})
			l.Cache.Shelf.Close()
		}
		return err
	})
	return cmp.Or(err, asked)
}

// A readOnly look-up lets one ask after the other: in a transaction they share
// one connection and its statements.
type readOnly struct {
	mu     sync.Mutex
	lookup *rows.Finder
}

// Lookup implements batch.Lookuper.
func (r *readOnly) Lookup(ctx context.Context, keys []batch.Key) ([]batch.Record, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lookup.Lookup(ctx, keys)
}

// Owners implements batch.Lookuper.
func (r *readOnly) Owners(ctx context.Context, candidateIDs []string) ([][]batch.Key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lookup.Owners(ctx, candidateIDs)
}

// Recall implements batch.Lookuper.
func (r *readOnly) Recall(ctx context.Context, name string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.lookup.Recall(ctx, name)
}

// A RunStatus is what the ledger knows of a run.
type RunStatus struct {
	ID        int64
	StartedAt time.Time
	EndedAt   time.Time // zero: it is running, or it died
	BaseURL   string
	Input     string
	SHA256    string
	Rows      int
	Counts    string // the JSON object that End wrote
	ExitCode  int
}

// Runs returns the newest n runs, the newest first. One that has no end is the
// running one if it is the newest and Running; else it died.
func (q Questions) Runs(ctx context.Context, n int) ([]RunStatus, error) {
	return ask(ctx, q, func(db rows.Querier) ([]RunStatus, error) { return readRuns(ctx, db, "order by id desc limit ?", n) })
}

// readRuns returns the runs that the end of a select names.
func readRuns(ctx context.Context, db rows.Querier, which string, arg any) ([]RunStatus, error) {
	return rows.Select(ctx, db, func(row *sql.Rows) (s RunStatus, err error) {
		var started, ended int64
		err = row.Scan(&s.ID, &started, &ended, &s.BaseURL, &s.Input, &s.SHA256, &s.Rows, &s.Counts, &s.ExitCode)
		s.StartedAt = time.UnixMicro(started).UTC()
		if ended != 0 {
			s.EndedAt = time.UnixMicro(ended).UTC()
		}
		return s, err
	}, `select id, started_at, coalesce(ended_at, 0), base_url, input, sha256, row_count,
		coalesce(counts, '{}'), coalesce(exit_code, 0) from runs `+which, arg)
}

// An InterviewStatus counts the people of an interview by their state.
type InterviewStatus struct {
	BaseURL     string
	InterviewID string
	People      map[batch.State]int // StateSending: in doubt, or being sent by the running run
}

// People returns who is in what state: counts for each interview, and all who
// are StateSending, as InDoubt returns them. It reads the whole ledger: part of a
// second and some 30 MB per million people.
func (q Questions) People(ctx context.Context) ([]InterviewStatus, []OpenRequest, error) {
	c, err := ask(ctx, q, func(db rows.Querier) (*peopleCounts, error) { return readPeopleCounts(ctx, db) })
	if err != nil {
		return nil, nil, err
	}
	interviews, doubts := c.result()
	return interviews, doubts, nil
}

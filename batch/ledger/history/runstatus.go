package history

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// ErrNoRun means that the ledger has no run of a number.
var ErrNoRun = errors.New("there is no such run")

// Run returns what the ledger knows of one run; the error is ErrNoRun if it has
// none of this number.
func (q Questions) Run(ctx context.Context, id int64) (RunStatus, error) {
	return ask(ctx, q, func(db rows.Querier) (RunStatus, error) {
		runs, err := readRuns(ctx, db, "where id = ?", id)
		if err == nil && len(runs) == 0 {
			err = ErrNoRun
		}
		if err != nil {
			return RunStatus{}, err
		}
		return runs[0], nil
	})
}

// A RequestCount counts the requests of a run that are of one kind and were
// answered alike. What was found out later about one does not change that.
type RequestCount struct {
	Kind       batch.Kind
	Answered   bool
	StatusCode int    // of the answer; 0: no HTTP answer came
	Message    string // that came for the last of these requests
	Requests   int
	People     int // in these requests
}

// Requests counts the requests of a run by kind and answer, in this order.
func (q Questions) Requests(ctx context.Context, run int64) ([]RequestCount, error) {
	return ask(ctx, q, func(db rows.Querier) ([]RequestCount, error) { return readRequestCounts(ctx, db, run) })
}

func readRequestCounts(ctx context.Context, db rows.Querier, run int64) (sorted []RequestCount, err error) {
	counts := map[string]*RequestCount{}
	for r, err := range statesOf(ctx, db, run) {
		if err != nil {
			return nil, err
		}
		first, answered := &rows.Answer{}, len(r.Answers) > 0
		if answered {
			first = r.Answers[0]
		}
		c := value(counts, fmt.Sprintf("%s %t %3d", r.Kind, answered, first.StatusCode))
		c.Kind, c.Answered, c.StatusCode, c.Message = r.Kind, answered, first.StatusCode, first.Message
		c.Requests++
		c.People += len(r.People)
	}
	for _, how := range slices.Sorted(maps.Keys(counts)) {
		sorted = append(sorted, *counts[how])
	}
	return sorted, nil
}

// LastSent returns the last run that sent somebody an invitation at a base URL,
// 0 if none has, and the interviews that it sent to.
func (q Questions) LastSent(ctx context.Context, baseURL string) (run int64, interviews []string, err error) {
	err = q.read(ctx, func(db rows.Querier) error {
		run, interviews, err = readLastSent(ctx, db, baseURL)
		return err
	})
	return run, interviews, err
}

func readLastSent(ctx context.Context, db rows.Querier, baseURL string) (run int64, interviews []string, err error) {
	interviews, err = rows.Select(ctx, db, func(row *sql.Rows) (interview string, err error) { return interview, row.Scan(&run, &interview) },
		`with last as (select run_id from requests
			where kind in ('invite', 'resend') and run_id in (select id from runs where base_url = ?)
			order by id desc limit 1)
		select run_id, interview_id from requests
		where kind in ('invite', 'resend') and run_id = (select run_id from last)
		group by interview_id order by min(id)`, baseURL)
	return run, interviews, err
}

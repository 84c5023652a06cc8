package ledger

import (
	"context"
	"database/sql"
	"errors"

	"bulkinvite/batch"
)

// ErrNoRun means that the ledger has no run of a number.
var ErrNoRun = errors.New("there is no such run")

// Run returns what the ledger knows of one run; the error is ErrNoRun if it has
// none of this number.
func (r *Reader) Run(ctx context.Context, id int64) (run RunStatus, err error) {
	err = r.read(ctx, func(tx *sql.Tx) error {
		runs, err := readRuns(ctx, tx, "where id = ?", id)
		if err == nil && len(runs) == 0 {
			err = ErrNoRun
		}
		if err == nil {
			run = runs[0]
		}
		return err
	})
	return run, err
}

// A RequestCount counts the requests of a run that are of one kind and were
// answered alike. What was found out later about one does not change that.
type RequestCount struct {
	Kind       batch.Kind
	Answered   bool
	StatusCode int    // of the answer; 0: no HTTP answer came
	Message    string // of the newest of these answers
	Requests   int
	People     int // in these requests
}

// Requests counts the requests of a run by kind and answer.
func (r *Reader) Requests(ctx context.Context, run int64) (counts []RequestCount, err error) {
	err = r.read(ctx, func(tx *sql.Tx) error {
		counts, err = readRequestCounts(ctx, tx, run)
		return err
	})
	return counts, err
}

func readRequestCounts(ctx context.Context, db querier, run int64) ([]RequestCount, error) {
	// SQLite takes the message from the row that has the greatest a.id.
	rows, err := db.QueryContext(ctx, `select r.kind, a.id is not null, coalesce(a.status_code, 0), coalesce(a.message, ''),
			count(*), sum(json_array_length(r.people)), max(a.id)
		from requests r
		left join answers a on a.id = (select min(id) from answers where request_id = r.id)
		where r.run_id = ?
		group by r.kind, a.id is not null, a.status_code
		order by r.kind, a.id is not null, a.status_code`, run)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var counts []RequestCount
	for rows.Next() {
		var c RequestCount
		var newest any
		if err := rows.Scan(&c.Kind, &c.Answered, &c.StatusCode, &c.Message, &c.Requests, &c.People, &newest); err != nil {
			return nil, err
		}
		counts = append(counts, c)
	}
	return counts, rows.Err()
}

// LastSent returns the last run that sent somebody an invitation at a base URL,
// 0 if none has, and the interviews that it sent to.
func (r *Reader) LastSent(ctx context.Context, baseURL string) (run int64, interviews []string, err error) {
	err = r.read(ctx, func(tx *sql.Tx) error {
		run, interviews, err = readLastSent(ctx, tx, baseURL)
		return err
	})
	return run, interviews, err
}

func readLastSent(ctx context.Context, db querier, baseURL string) (run int64, interviews []string, err error) {
	rows, err := db.QueryContext(ctx, `with last as (select run_id from requests
			where kind in ('invite', 'resend') and run_id in (select id from runs where base_url = ?)
			order by id desc limit 1)
		select run_id, interview_id from requests
		where kind in ('invite', 'resend') and run_id = (select run_id from last)
		group by interview_id order by min(id)`, baseURL)
	if err != nil {
		return 0, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var interview string
		if err := rows.Scan(&run, &interview); err != nil {
			return 0, nil, err
		}
		interviews = append(interviews, interview)
	}
	return run, interviews, rows.Err()
}

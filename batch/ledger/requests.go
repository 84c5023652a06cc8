package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strconv"
	"time"

	"bulkinvite/batch"
)

// selectRequests selects what eachRequest reads, inOrder behind it: a row for
// each answer, and one for each request without any.
const (
	selectRequests = `select r.id, r.run_id, u.base_url, r.interview_id, r.job_application_id, r.candidate_id, r.email_disabled,
			r.kind, r.claimed_at, r.people,
			coalesce(a.id, 0), coalesce(a.run_id, 0), coalesce(a.at, 0), coalesce(a.status_code, 0), coalesce(a.message, ''),
			coalesce(a.states, ''), coalesce(a.candidate_ids, ''), coalesce(a.invite_urls, ''), coalesce(a.marks, '')
		from requests r join runs u on u.id = r.run_id left join answers a on a.request_id = r.id `
	inOrder = " order by r.id, a.id"
)

// byID selects the requests of a JSON array of numbers, see numbers.
const byID = "where r.id in (select value from json_each(?))"

// numbers returns a JSON array.
func numbers(ids []int64) string {
	list := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, id, 10)
	}
	return string(append(list, ']'))
}

// requests yields the requests that the end of a select names, each with all
// answers to it, in the order of their numbers. Every question to the ledger is
// a fold over it. Nothing follows an error.
func requests(ctx context.Context, db querier, where string, args ...any) iter.Seq2[*request, error] {
	return func(yield func(*request, error) bool) {
		rows, err := db.QueryContext(ctx, selectRequests+where+inOrder, args...)
		if err != nil {
			yield(nil, fmt.Errorf("read requests: %w", err))
			return
		}
		eachRequest(rows)(yield)
	}
}

// eachRequest is requests for rows that are selected already, which it closes.
func eachRequest(rows *sql.Rows) iter.Seq2[*request, error] {
	return func(yield func(*request, error) bool) {
		defer rows.Close()
		var current *request
		for rows.Next() {
			next, a, err := scanRow(rows)
			if err == nil && (current == nil || current.id != next.id) {
				if current != nil && !yield(current, nil) {
					return
				}
				current, err = next, next.readPeople()
			}
			if err == nil && a.id != 0 {
				err = current.addAnswer(a)
			}
			if err != nil {
				yield(nil, fmt.Errorf("read requests: %w", err))
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(nil, fmt.Errorf("read requests: %w", err))
		} else if current != nil {
			yield(current, nil)
		}
	}
}

// scanRow returns a request without its people, and an answer to it; its id is 0
// if there is none.
func scanRow(rows *sql.Rows) (*request, *answer, error) {
	var r request
	var a answer
	var claimedAt int64
	err := rows.Scan(&r.id, &r.runID, &r.baseURL, &r.interviewID, &r.application, &r.candidateID, &r.emailDisabled,
		&r.kind, &claimedAt, &r.text, &a.id, &a.run, &a.at, &a.statusCode, &a.message,
		&a.columns.states, &a.columns.ids, &a.columns.links, &a.columns.marks)
	r.claimedAt = time.UnixMicro(claimedAt).UTC()
	return &r, &a, err
}

// readPeople reads the people of a request.
func (r *request) readPeople() error {
	if !knownKind(r.kind) {
		return fmt.Errorf("request %d: %w", r.id, errDamaged)
	}
	text := r.text
	r.text = ""
	return r.joinAll(text)
}

// joinAll adds the people of requests.people.
func (r *request) joinAll(people string) (err error) {
	if r.emails, err = parseTexts(people); err != nil {
		return fmt.Errorf("request %d: %w", r.id, err)
	}
	r.people = make([]person, len(r.emails))
	for i := range r.people {
		r.people[i] = person{state: batch.StateSending, by: r.runID, forgotten: isStandIn(r.emails[i])}
		r.forgotten = r.forgotten || r.people[i].forgotten
	}
	return nil
}

// addAnswer adds an answer that was read.
func (r *request) addAnswer(a *answer) (err error) {
	if a.outcomes, err = a.columns.decode(len(r.people)); err != nil {
		return fmt.Errorf("answer %d: %w", a.id, err)
	}
	a.columns = columns{}
	r.answers = append(r.answers, a)
	return r.apply(a)
}

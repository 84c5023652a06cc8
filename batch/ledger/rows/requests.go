// Package rows is what stands in a ledger's file, and how it is read: the schema,
// requests with their answers, the list of people, and looking people up. It knows
// what a row means. It must not know who asks or writes, as packages history and
// ledger do.
package rows

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"bulkinvite/batch"
)

// selectRequests selects what EachRequest reads, inOrder behind it: a row for
// each answer, and one for each request without any.
const (
	selectRequests = `select r.id, r.run_id, u.base_url, r.interview_id, r.job_application_id, r.candidate_id, r.email_disabled,
			r.kind, r.claimed_at, r.people,
			coalesce(a.id, 0), coalesce(a.run_id, 0), coalesce(a.at, 0), coalesce(a.status_code, 0), coalesce(a.message, ''),
			coalesce(a.states, ''), coalesce(a.candidate_ids, ''), coalesce(a.invite_urls, ''), coalesce(a.marks, '')
		from requests r join runs u on u.id = r.run_id left join answers a on a.request_id = r.id `
	inOrder = " order by r.id, a.id"
)

// selectStates is selectRequests without the longest columns.
var selectStates = strings.Replace(selectRequests, "coalesce(a.candidate_ids, ''), coalesce(a.invite_urls, '')", "'', ''", 1)

// ByID selects the requests of a JSON array of numbers, see Numbers.
const ByID = "where r.id in (select value from json_each(?))"

// Numbers returns a JSON array.
func Numbers(ids []int64) string {
	list := []byte{'['}
	for i, id := range ids {
		if i > 0 {
			list = append(list, ',')
		}
		list = strconv.AppendInt(list, id, 10)
	}
	return string(append(list, ']'))
}

// Requests yields the requests that the end of a select names, each with all
// answers to it, in the order of their numbers. Every question to the ledger is
// a fold over it, or over States. Nothing follows an error.
func Requests(ctx context.Context, db Querier, where string, args ...any) iter.Seq2[*Request, error] {
	return requests(ctx, db, selectRequests+where, args)
}

// States is Requests without candidate ids and links, which are half of a ledger
// and of the time that it takes to read it.
func States(ctx context.Context, db Querier, where string, args ...any) iter.Seq2[*Request, error] {
	return requests(ctx, db, selectStates+where, args)
}

func requests(ctx context.Context, db Querier, query string, args []any) iter.Seq2[*Request, error] {
	return func(yield func(*Request, error) bool) {
		rows, err := db.QueryContext(ctx, query+inOrder, args...)
		if err != nil {
			yield(nil, fmt.Errorf("read requests: %w", err))
			return
		}
		EachRequest(rows)(yield)
	}
}

// EachRequest yields the requests of rows that are selected already, as
// selectRequests has them, and closes these.
func EachRequest(rows *sql.Rows) iter.Seq2[*Request, error] {
	return func(yield func(*Request, error) bool) {
		defer rows.Close()
		var current *Request
		for rows.Next() {
			next, a, err := scanRow(rows)
			if err == nil && (current == nil || current.ID != next.ID) {
				if current != nil && !yield(current, nil) {
					return
				}
				current, err = next, next.readPeople()
			}
			if err == nil && a.ID != 0 {
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
func scanRow(rows *sql.Rows) (*Request, *Answer, error) {
	var r Request
	var a Answer
	var claimedAt int64
	err := rows.Scan(&r.ID, &r.RunID, &r.BaseURL, &r.InterviewID, &r.Application, &r.CandidateID, &r.EmailDisabled,
		&r.Kind, &claimedAt, &r.text, &a.ID, &a.Run, &a.At, &a.StatusCode, &a.Message,
		&a.columns.States, &a.columns.IDs, &a.columns.Links, &a.columns.Marks)
	r.ClaimedAt = time.UnixMicro(claimedAt).UTC()
	return &r, &a, err
}

// readPeople reads the people of a request.
func (r *Request) readPeople() error {
	if !KnownKind(r.Kind) {
		return fmt.Errorf("request %d: %w", r.ID, ErrDamaged)
	}
	text := r.text
	r.text = ""
	return r.JoinAll(text)
}

// JoinAll adds the people of requests.people, as they were claimed.
func (r *Request) JoinAll(people string) (err error) {
	if r.Emails, err = parseTexts(people); err != nil {
		return fmt.Errorf("request %d: %w", r.ID, err)
	}
	r.People = make([]Person, len(r.Emails))
	for i := range r.People {
		r.People[i] = Person{State: batch.StateSending, By: r.RunID, Forgotten: IsForgottenMark(r.Emails[i])}
		r.forgotten = r.forgotten || r.People[i].Forgotten
	}
	return nil
}

// addAnswer adds an answer that was read.
func (r *Request) addAnswer(a *Answer) (err error) {
	if a.Outcomes, err = a.columns.decode(len(r.People)); err != nil {
		return fmt.Errorf("answer %d: %w", a.ID, err)
	}
	a.columns = Columns{}
	r.Answers = append(r.Answers, a)
	return r.Apply(a)
}

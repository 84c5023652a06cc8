package ledger

import (
	"database/sql"
	"fmt"
	"time"

	"bulkinvite/batch"
)

// selectRequests selects what scanRequests reads: a row for each request and
// answer to it. Answers have to come in the order of their numbers.
const selectRequests = `select r.id, r.run_id, u.base_url, r.interview_id, r.job_application_id, r.kind, r.claimed_at, r.people,
		coalesce(a.id, 0), coalesce(a.run_id, 0), coalesce(a.at, 0), coalesce(a.people, '')
	from requests r join runs u on u.id = r.run_id left join answers a on a.request_id = r.id`

// scanRequests calls f for each request when it has all its answers.
func scanRequests(rows *sql.Rows, f func(*request)) error {
	var current *request
	for rows.Next() {
		var r request
		var claimedAt int64
		var a answerRow
		var people, answered string
		err := rows.Scan(&r.id, &r.runID, &r.baseURL, &r.interviewID, &r.application, &r.kind, &claimedAt, &people,
			&a.id, &a.run, &a.at, &answered)
		if err != nil {
			return err
		}
		if current == nil || current.id != r.id {
			if current != nil {
				f(current)
			}
			current = &r
			if !knownKind(r.kind) {
				return fmt.Errorf("request %d: %w", r.id, errDamaged)
			}
			r.claimedAt = time.UnixMicro(claimedAt).UTC()
			if err := r.joinAll(people); err != nil {
				return err
			}
		}
		if a.id != 0 {
			if err := current.applyText(&a, answered); err != nil {
				return err
			}
		}
	}
	if current != nil {
		f(current)
	}
	return rows.Err()
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

// applyText adds an answer, given as answers.people.
func (r *request) applyText(a *answerRow, text string) error {
	outcomes, err := parseOutcomes(text)
	if err != nil {
		return fmt.Errorf("answer %d: %w", a.id, err)
	}
	return r.apply(a, outcomes)
}

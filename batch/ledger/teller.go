package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"bulkinvite/batch"
)

// A teller makes the report on a run while it reads.
type teller struct {
	run      int64
	named    int
	requests stretch
	answers  stretch

	report     RunReport
	kinds      map[batch.Kind]*KindReport
	arrivals   map[arrival]*AnswerReport
	interviews map[string]*InterviewReport
}

type arrival struct {
	Arrival
	statusCode int
}

// A told is a request as a report reads it.
type told struct {
	request
	answered bool // the run itself has written an answer
	arrival  arrival
	message  string // of that answer
}

func newTeller(run int64, named int, requests, answers stretch) *teller {
	t := &teller{
		run: run, named: named, requests: requests, answers: answers,
		kinds:      map[batch.Kind]*KindReport{},
		arrivals:   map[arrival]*AnswerReport{},
		interviews: map[string]*InterviewReport{},
	}
	t.report.Named = map[batch.Code]*NamedPeople{}
	t.report.Timeline = newTimeline(requests.first, requests.last)
	t.report.LastEntry = requests.last
	if answers.last.After(requests.last) {
		t.report.LastEntry = answers.last
	}
	return t
}

// readRequests reads the requests of the run with all answers to them.
func (t *teller) readRequests(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `select r.id, r.interview_id, r.kind, r.claimed_at, r.people,
			coalesce(a.id, 0), coalesce(a.run_id, 0), coalesce(a.status_code, 0), coalesce(a.message, ''), coalesce(a.people, '')
		from requests r left join answers a on a.request_id = r.id
		where r.id >= ? and r.id < ? order by r.id, a.id`, t.requests.from, t.requests.to)
	if err != nil {
		return err
	}
	defer rows.Close()
	var current *told
	for rows.Next() {
		next := told{request: request{runID: t.run}}
		var claimedAt, answer, answerRun int64
		var statusCode int
		var people, message, outcomes string
		err := rows.Scan(&next.id, &next.interviewID, &next.kind, &claimedAt, &people,
			&answer, &answerRun, &statusCode, &message, &outcomes)
		if err != nil {
			return err
		}
		if current == nil || current.id != next.id {
			if current != nil {
				t.add(current)
			}
			current = &next
			if !knownKind(next.kind) {
				return fmt.Errorf("request %d: %w", next.id, errDamaged)
			}
			next.claimedAt = time.UnixMicro(claimedAt).UTC()
			if err := next.joinAll(people); err != nil {
				return err
			}
		}
		if answer != 0 {
			if err := t.answer(current, answer, answerRun, statusCode, message, outcomes); err != nil {
				return err
			}
		}
	}
	if current != nil {
		t.add(current)
	}
	return rows.Err()
}

// answer adds an answer to a request. The first one that the run itself wrote
// is what came back; all others are findings.
func (t *teller) answer(r *told, id, run int64, statusCode int, message, text string) error {
	outcomes, err := parseOutcomes(text)
	if err != nil {
		return fmt.Errorf("answer %d: %w", id, err)
	}
	switch {
	case run != t.run:
		t.report.LaterFindings.add(outcomes)
	case r.answered:
		t.report.Findings.add(outcomes)
	default:
		r.answered, r.message = true, message
		r.arrival = arrivalOf(r.kind, statusCode, outcomes)
	}
	return r.apply(&answerRow{id: id, run: run}, outcomes)
}

func arrivalOf(kind batch.Kind, statusCode int, outcomes []outcome) arrival {
	switch {
	case statusCode != 0:
		return arrival{Answered, statusCode}
	case kind == batch.KindLink: // its people are as before, whether it was sent or not
		return arrival{Arrival: Lost}
	}
	for _, o := range outcomes {
		if o.State != batch.StateNone {
			return arrival{Arrival: Lost}
		}
	}
	return arrival{Arrival: NotSent}
}

// add counts a request that has all its answers.
func (t *teller) add(r *told) {
	kind := value(t.kinds, r.kind)
	kind.Kind = r.kind
	kind.Requests++
	for i := range r.people {
		kind.add(r.people[i].state)
		if r.kind != batch.KindLink { // a link changes nothing for anybody
			t.person(r, i)
		}
	}
	if r.kind == batch.KindFound {
		return // nothing was sent
	}
	answers := value(t.arrivals, r.arrival)
	if answers.Requests == 0 {
		*answers = AnswerReport{Arrival: r.arrival.Arrival, StatusCode: r.arrival.statusCode, Message: r.message}
	}
	answers.Requests++
	answers.People += len(r.people)
	switch {
	case r.arrival.Arrival == NotSent:
	case r.arrival.statusCode == http.StatusOK:
		t.report.Timeline.at(r.claimedAt).Accepted++
	default:
		t.report.Timeline.at(r.claimedAt).Other++
	}
}

// person counts somebody in a request for their interview, and remembers who
// is not invited.
func (t *teller) person(r *told, i int) {
	state := r.people[i].state
	if state == batch.StateNone {
		return // another request tells of them, or none was sent
	}
	interview := value(t.interviews, r.interviewID)
	interview.InterviewID = r.interviewID
	switch {
	case state == batch.StateRefused:
		interview.Refused++
	case state == batch.StateNoInvitation:
		interview.NoInvitation++
	case state == batch.StateFailed:
		interview.Failed++
	case state == batch.StateSending:
		interview.InDoubt++
	case r.kind == batch.KindFound:
		interview.Elsewhere++
	case r.kind == batch.KindResend:
		interview.Resent++
	default:
		interview.Invited++
	}
	if state == batch.StateInvited {
		return
	}
	group := value(t.report.Named, t.reason(r, state))
	group.Total++
	if len(group.First) < t.named {
		group.First = append(group.First, NamedPerson{r.emails[i], r.interviewID, r.id, r.message})
	}
}

// reason is the code under which failed.csv has somebody in that state.
func (t *teller) reason(r *told, state batch.State) batch.Code {
	switch {
	case state == batch.StateSending:
		return batch.CodeUncertain
	case state == batch.StateFailed:
		return batch.CodeAPIError
	case state == batch.StateNoInvitation:
		return batch.CodeNoInvitation
	default:
		return batch.CodeRefused
	}
}

// readEarlierFindings reads what the run found out about requests of others.
func (t *teller) readEarlierFindings(ctx context.Context, tx *sql.Tx) error {
	rows, err := tx.QueryContext(ctx, `select id, people from answers where id >= ? and id < ? and request_id < ?`,
		t.answers.from, t.answers.to, t.requests.from)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return err
		}
		outcomes, err := parseOutcomes(text)
		if err != nil {
			return fmt.Errorf("answer %d: %w", id, err)
		}
		t.report.EarlierFindings.add(outcomes)
	}
	return rows.Err()
}

func (t *teller) result() *RunReport {
	r := &t.report
	for _, kind := range kinds {
		if k := t.kinds[kind]; k != nil {
			r.Kinds = append(r.Kinds, *k)
		}
	}
	r.Answers = sorted(t.arrivals, func(a *AnswerReport) int { return a.Requests },
		func(a *AnswerReport) string { return strconv.Itoa(a.StatusCode) + strconv.Itoa(int(a.Arrival)) })
	r.Interviews = sorted(t.interviews, func(i *InterviewReport) int { return i.People() }, func(i *InterviewReport) string { return i.InterviewID })
	return r
}

// value returns the value of a key, which it makes if there is none.
func value[K comparable, V any](m map[K]*V, key K) *V {
	v := m[key]
	if v == nil {
		v = new(V)
		m[key] = v
	}
	return v
}

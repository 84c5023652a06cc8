package history

import (
	"net/http"
	"strconv"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// A reportBuilder makes the report on a run while it reads.
type reportBuilder struct {
	run   int64
	named int

	report     RunReport
	kinds      map[batch.Kind]*KindReport
	arrivals   map[arrival]*AnswerReport
	interviews map[string]*InterviewReport
}

type arrival struct {
	Arrival
	statusCode int
}

// A reportRow is a request of the run, and what came back for it.
type reportRow struct {
	*rows.Request
	answered bool // the run itself has written an answer
	arrival  arrival
	message  string // of that answer
}

func newReportBuilder(run int64, named int, sent, written stretch) *reportBuilder {
	last := sent.last
	if written.last.After(last) {
		last = written.last
	}
	return &reportBuilder{
		run: run, named: named,
		report:     RunReport{LastEntry: last, Timeline: newTimeline(sent.first, sent.last), Named: map[batch.Code]*NamedPeople{}},
		kinds:      map[batch.Kind]*KindReport{},
		arrivals:   map[arrival]*AnswerReport{},
		interviews: map[string]*InterviewReport{},
	}
}

// row sorts the answers to a request: the first one that the run itself wrote is
// what came back; all others are findings.
func (b *reportBuilder) row(r *rows.Request) *reportRow {
	row := &reportRow{Request: r}
	for _, a := range r.Answers {
		switch {
		case a.Run != b.run:
			b.report.LaterFindings.add(a.Outcomes)
		case row.answered:
			b.report.Findings.add(a.Outcomes)
		default:
			row.answered, row.message = true, a.Message
			row.arrival = arrivalOf(r.Kind, a.StatusCode, a.Outcomes)
		}
	}
	return row
}

func arrivalOf(kind batch.Kind, statusCode int, outcomes []rows.Outcome) arrival {
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

// add counts a request of the run.
func (b *reportBuilder) add(req *rows.Request) {
	r := b.row(req)
	kind := value(b.kinds, r.Kind)
	kind.Kind = r.Kind
	kind.Requests++
	for i := range r.People {
		kind.add(r.People[i].State)
		if r.Kind != batch.KindLink { // a link changes nothing for anybody
			b.person(r, i)
		}
	}
	if r.Kind == batch.KindFound {
		return // nothing was sent
	}
	answers := value(b.arrivals, r.arrival)
	if answers.Requests == 0 {
		*answers = AnswerReport{Arrival: r.arrival.Arrival, StatusCode: r.arrival.statusCode, Message: r.message}
	}
	answers.Requests++
	answers.People += len(r.People)
	switch {
	case r.arrival.Arrival == NotSent:
	case r.arrival.statusCode == http.StatusOK:
		b.report.Timeline.at(r.ClaimedAt).Accepted++
	default:
		b.report.Timeline.at(r.ClaimedAt).Other++
	}
}

// person counts somebody in a request for their interview, and remembers who
// is not invited.
func (b *reportBuilder) person(r *reportRow, i int) {
	state := r.People[i].State
	if state == batch.StateNone {
		return // another request has their state, or none was sent
	}
	interview := value(b.interviews, r.InterviewID)
	interview.InterviewID = r.InterviewID
	switch {
	case state == batch.StateInvited && r.Kind == batch.KindFound:
		interview.Elsewhere++
	case state == batch.StateInvited && r.Kind == batch.KindResend:
		interview.Resent++
	default:
		interview.add(state)
	}
	if state == batch.StateInvited {
		return
	}
	group := value(b.report.Named, reasons[state])
	group.Total++
	if len(group.First) < b.named {
		group.First = append(group.First, NamedPerson{r.Emails[i], r.InterviewID, r.ID, r.message})
	}
}

// reasons are the codes under which failed.csv has somebody in a state.
var reasons = map[batch.State]batch.Code{
	batch.StateSending: batch.CodeUncertain, batch.StateFailed: batch.CodeAPIError,
	batch.StateNoInvitation: batch.CodeNoInvitation, batch.StateRefused: batch.CodeRefused,
}

func (b *reportBuilder) result() *RunReport {
	r := &b.report
	for _, kind := range rows.Kinds {
		if k := b.kinds[kind]; k != nil {
			r.Kinds = append(r.Kinds, *k)
		}
	}
	r.Answers = sorted(b.arrivals, func(a *AnswerReport) int { return a.Requests },
		func(a *AnswerReport) string { return strconv.Itoa(a.StatusCode) + strconv.Itoa(int(a.Arrival)) })
	r.Interviews = sorted(b.interviews, func(i *InterviewReport) int { return i.People() }, func(i *InterviewReport) string { return i.InterviewID })
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

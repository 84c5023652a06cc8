package ledger_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
)

func readReport(t *testing.T, path string, run int64, named int) *history.RunReport {
	t.Helper()
	r, err := history.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	report, err := r.Report(t.Context(), run, named)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// Each run is told with its own requests, and with what others found out about
// them, beside a run that goes on and after it.
func TestReport(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := fill(t, path)
	start := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	first := &history.RunReport{
		LastEntry: start,
		Kinds: []history.KindReport{
			{Kind: batch.KindInvite, Requests: 1, Tally: history.Tally{Invited: 2, Refused: 1, InDoubt: 2}},
			{Kind: batch.KindLink, Requests: 1, Tally: history.Tally{Invited: 1}},
		},
		Answers: []history.AnswerReport{{Arrival: history.Answered, StatusCode: 200, Requests: 2, People: 6, Message: "ok"}},
		Interviews: []history.InterviewReport{
			{InterviewID: "i1", Tally: history.Tally{Invited: 2, Refused: 1, InDoubt: 2}},
		},
		Timeline: history.Timeline{Start: start, Width: time.Second, Bins: []history.Bin{{Accepted: 2}}},
		Findings: history.Findings{Invited: 1, NotInvited: 1}, // bob and eve, told apart from ann by fill
		Named: map[batch.Code]*history.NamedPeople{
			batch.CodeRefused:   {Total: 1, First: []history.NamedPerson{{Email: "bob@example.com", InterviewID: "i1", RequestID: 1, Message: "ok"}}},
			batch.CodeUncertain: {Total: 2, First: []history.NamedPerson{{Email: "cyd@example.com", InterviewID: "i1", RequestID: 1, Message: "ok"}}},
		},
	}
	later := start.Add(time.Hour)
	second := &history.RunReport{
		LastEntry: later,
		Kinds: []history.KindReport{
			{Kind: batch.KindInvite, Requests: 1, Tally: history.Tally{InDoubt: 1}},
			{Kind: batch.KindResend, Requests: 1, Tally: history.Tally{Invited: 1}},
			{Kind: batch.KindFound, Requests: 1, Tally: history.Tally{Invited: 1}},
		},
		Answers: []history.AnswerReport{
			{Arrival: history.Unanswered, Requests: 1, People: 1},
			{Arrival: history.Answered, StatusCode: 200, Requests: 1, People: 1, Message: "ok"},
		},
		Interviews: []history.InterviewReport{{InterviewID: "i1", Resent: 1, Elsewhere: 1, Tally: history.Tally{InDoubt: 1}}},
		Timeline:   history.Timeline{Start: later, Width: time.Second, Bins: []history.Bin{{Accepted: 1, Other: 1}}},
		Named: map[batch.Code]*history.NamedPeople{
			batch.CodeUncertain: {Total: 1, First: []history.NamedPerson{{Email: "fay@example.com", InterviewID: "i1", RequestID: 5, Message: ""}}},
		},
	}
	for range 2 {
		for run, want := range map[int64]*history.RunReport{1: first, 2: second} {
			if diff := cmp.Diff(want, readReport(t, path, run, 1)); diff != "" {
				t.Errorf("run %d: (- want, + got)\n%s", run, diff)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Three runs: the first loses answers, the second finds one of them out, the
// third has nothing to do with either.
func TestReportFindings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	s, err := ledger.Open(t.Context(), path, ledger.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ann, bob, cyd := batch.NewKey("i1", "ann@x.co"), batch.NewKey("i1", "bob@x.co"), batch.NewKey("i1", "cyd@x.co")
	r := begin(t, s)
	settle := func(id int64, status int, state batch.State, keys ...batch.Key) {
		t.Helper()
		a := batch.Answer{StatusCode: status, Message: fmt.Sprint("status ", status)}
		for _, k := range keys {
			a.Outcomes = append(a.Outcomes, batch.Settlement{Key: k, State: state})
		}
		if err := r.Settle(t.Context(), id, a); err != nil {
			t.Fatal(err)
		}
	}
	claim := func(keys ...batch.Key) int64 {
		t.Helper()
		c, err := r.Claim(t.Context(), batch.Request{Kind: batch.KindInvite, InterviewID: "i1", People: keys})
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	lost := claim(ann, bob)
	settle(lost, 0, batch.StateSending, ann, bob)
	settle(lost, 0, batch.StateNone, bob) // by the list
	now = now.Add(90 * time.Second)
	settle(claim(bob), 0, batch.StateNone, bob)
	now = now.Add(90 * time.Second)
	settle(claim(bob), 400, batch.StateRefused, bob)
	r = begin(t, s) // the first died
	settle(lost, 0, batch.StateInvited, ann)
	r = begin(t, s)
	settle(claim(cyd), 500, batch.StateFailed, cyd)

	got := readReport(t, path, 1, 9)
	want := &history.RunReport{
		LastEntry: now,
		Kinds: []history.KindReport{
			{Kind: batch.KindInvite, Requests: 3, Tally: history.Tally{Invited: 1, Nothing: 2, Refused: 1}},
		},
		Answers: []history.AnswerReport{
			{Arrival: history.Lost, Requests: 1, People: 2, Message: "status 0"},
			{Arrival: history.NotSent, Requests: 1, People: 1, Message: "status 0"},
			{Arrival: history.Answered, StatusCode: 400, Requests: 1, People: 1, Message: "status 400"},
		},
		Interviews:    []history.InterviewReport{{InterviewID: "i1", Tally: history.Tally{Invited: 1, Refused: 1}}},
		Findings:      history.Findings{NotInvited: 1},
		LaterFindings: history.Findings{Invited: 1},
		Named: map[batch.Code]*history.NamedPeople{
			batch.CodeRefused: {Total: 1, First: []history.NamedPerson{{Email: "bob@x.co", InterviewID: "i1", RequestID: 3, Message: "status 400"}}},
		},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(history.RunReport{}, "Timeline")); diff != "" {
		t.Errorf("the first run: (- want, + got)\n%s", diff)
	}
	// What is known not to have been sent, a minute and a half in, is not drawn.
	if line := got.Timeline; line.Width != 5*time.Second || len(line.Bins) != 37 || line.Bins[0].Other != 1 ||
		line.Bins[18] != (history.Bin{}) || line.Bins[36].Other != 1 {
		t.Errorf("timeline %+v", line)
	}
	second := readReport(t, path, 2, 9)
	if second.EarlierFindings != (history.Findings{Invited: 1}) || len(second.Kinds) != 0 || second.Timeline.Bins != nil {
		t.Errorf("the second run: %+v", second)
	}
	third := readReport(t, path, 3, 9)
	if third.EarlierFindings != (history.Findings{}) || third.Named[batch.CodeAPIError].Total != 1 {
		t.Errorf("the third run: %+v", third)
	}
}

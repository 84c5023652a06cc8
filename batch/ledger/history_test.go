package ledger_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
)

func histories(t *testing.T, path, person, interviewID string) []history.History {
	t.Helper()
	r, err := history.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	traces, err := r.Traces(t.Context(), person, interviewID)
	if err != nil {
		t.Fatal(err)
	}
	return traces.Histories
}

// A person is found in every interview, by any spelling, in what is indexed and
// in what is not, with all that was said of them and nothing of anybody else.
func TestHistories(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := fill(t, path)
	checkHistories(t, path) // the second run is not over
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	checkHistories(t, path)
	execute(t, path, "delete from people")
	checkHistories(t, path)
}

func checkHistories(t *testing.T, path string) {
	t.Helper()
	start := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	later := start.Add(time.Hour)
	answer := func(run int64, at time.Time, url string) []history.PastAnswer {
		return []history.PastAnswer{{
			RunID: run, At: at, StatusCode: 200, Message: "ok", State: batch.StateInvited, CandidateID: "c-ann", InviteURL: url,
		}}
	}
	want := []history.History{{
		BaseURL: "https://api.example",
		Key:     batch.NewKey("i1", "ann@example.com"),
		Record: batch.Record{
			State: batch.StateInvited, RequestID: 4, Kind: batch.KindResend, CandidateID: "c-ann", InviteURL: "https://x/ann",
			ResentAt: later, ResentState: batch.StateInvited,
		},
		Requests: []history.PastRequest{
			{ID: 1, RunID: 1, Kind: batch.KindInvite, ClaimedAt: start, People: 5, State: batch.StateInvited, Answers: answer(1, start, "")},
			{ID: 2, RunID: 1, Kind: batch.KindLink, ClaimedAt: start, People: 1, State: batch.StateInvited, Answers: answer(1, start, "https://x/ann")},
			{ID: 4, RunID: 2, Kind: batch.KindResend, ClaimedAt: later, People: 1, State: batch.StateInvited, Answers: answer(2, later, "")},
		},
	}}
	for _, interview := range []string{"", "i1"} {
		if diff := cmp.Diff(want, histories(t, path, "ANN@Example.com", interview)); diff != "" {
			t.Errorf("interview %q: (- want, + got)\n%s", interview, diff)
		}
	}
	if got := histories(t, path, "ann@example.com", "i2"); len(got) != 0 {
		t.Errorf("of an interview that is not there: %+v", got)
	}
	if got := histories(t, path, "zoe@example.com", ""); len(got) != 0 {
		t.Errorf("of somebody who is not there: %+v", got)
	}
	dee := histories(t, path, "dee@example.com", "")
	if len(dee) != 1 || dee[0].Record.State != batch.StateSending || len(dee[0].Requests) != 1 || len(dee[0].Requests[0].Answers) != 0 {
		t.Errorf("somebody in doubt: %+v", dee)
	}
}

// A person is also found by the ids that rows without an address named, and
// once, however often an id comes up.
func TestTracesByIDs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	t.Run("keep", func(t *testing.T) { keep(t, path) })
	var found []string
	for _, h := range histories(t, path, "jörg@bücher.example", "") {
		found = append(found, h.Key.InterviewID+" "+h.Key.Email)
	}
	want := []string{"i1 jörg@xn--bcher-kva.example", "i2 jörg@xn--bcher-kva.example", "i5 jörg@xn--bcher-kva.example", "i3 application:App-joerg", "i4 candidate:c-joerg"}
	if diff := cmp.Diff(want, found); diff != "" {
		t.Errorf("(- want, + got)\n%s", diff)
	}
}

// The interviews and base URLs of a person are apart, and so are ids that stand
// for addresses, in which case matters.
func TestHistoriesApart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := open(t, path)
	for i, base := range []string{"https://api.example", "https://other.example"} {
		r, err := s.Begin(t.Context(), ledger.RunInfo{BaseURL: base})
		if err != nil {
			t.Fatal(err)
		}
		for _, person := range []batch.Candidate{
			{InterviewID: "i1", Email: "ann@example.com"},
			{InterviewID: fmt.Sprint("i", i+2), Email: "ann@example.com"},
			{InterviewID: "i1", JobApplicationID: "App-1"},
		} {
			req := batch.Request{
				Kind: batch.KindInvite, InterviewID: person.InterviewID, JobApplicationID: person.JobApplicationID,
				People: []batch.Key{person.Key()},
			}
			if _, err := r.Claim(t.Context(), req); err != nil {
				t.Fatal(err)
			}
		}
	}
	places := func(person, interviewID string) (places []string) {
		for _, h := range histories(t, path, person, interviewID) {
			places = append(places, h.BaseURL+" "+h.Key.InterviewID)
		}
		return places
	}
	for _, test := range []struct {
		person, interview string
		want              []string
	}{
		{"ann@example.com", "", []string{"https://api.example i1", "https://api.example i2", "https://other.example i1", "https://other.example i3"}},
		{"ann@example.com", "i1", []string{"https://api.example i1", "https://other.example i1"}},
		{"ann@example.com", "i3", []string{"https://other.example i3"}},
		{"application:App-1", "", []string{"https://api.example i1", "https://other.example i1"}},
		{"application:app-1", "", nil},
	} {
		if diff := cmp.Diff(test.want, places(test.person, test.interview)); diff != "" {
			t.Errorf("%+v: (- want, + got)\n%s", test, diff)
		}
	}
}

// A run goes on between the queries of whoever looks beside it: that must not
// look as if the ledger had lost something.
func TestTracesBesideBusyRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := open(t, path)
	run := begin(t, s)
	ann := batch.Settlement{Key: batch.NewKey("i1", "ann@example.com"), State: batch.StateInvited, CandidateID: "c-ann"}
	diary{t, run}.write(batch.Request{Kind: batch.KindInvite, InterviewID: "i1"}, "", ann) // the id is one more name to look for
	enough := make(chan struct{})
	var g errgroup.Group
	g.Go(func() error {
		for n := range 1000 { // each of them is read by all that follow
			select {
			case <-enough:
				return nil
			default:
			}
			req := batch.Request{Kind: batch.KindInvite, InterviewID: "i1", People: []batch.Key{batch.NewKey("i1", fmt.Sprintf("p%d@example.com", n))}}
			if _, err := run.Claim(t.Context(), req); err != nil {
				return err
			}
		}
		return nil
	})
	r, err := history.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for range 25 {
		if _, err := r.Traces(t.Context(), "ann@example.com", ""); err != nil {
			t.Error(err)
			break
		}
	}
	close(enough)
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

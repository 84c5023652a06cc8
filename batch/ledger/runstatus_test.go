package ledger_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/history"
)

func TestReaderRun(t *testing.T) {
	r := filledReader(t)
	all, err := r.Runs(t.Context(), 9)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range all {
		got, err := r.Run(t.Context(), want.ID)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v: (- want, + got)\n%s", err, diff)
		}
	}
	if run, err := r.Run(t.Context(), 3); !errors.Is(err, history.ErrNoRun) {
		t.Errorf("%+v, %v", run, err)
	}
	for run, want := range map[int64][]history.RequestCount{
		// The first request has several answers: what the API said is the first.
		1: {
			{Kind: batch.KindInvite, Answered: true, StatusCode: 200, Message: "ok", Requests: 1, People: 5},
			{Kind: batch.KindLink, Answered: true, StatusCode: 200, Message: "ok", Requests: 1, People: 1},
		},
		2: {
			{Kind: batch.KindFound, Answered: true, StatusCode: 200, Message: "ok", Requests: 1, People: 1},
			{Kind: batch.KindInvite, Requests: 1, People: 1},
			{Kind: batch.KindResend, Answered: true, StatusCode: 200, Message: "ok", Requests: 1, People: 1},
		},
		3: nil,
	} {
		got, err := r.Requests(t.Context(), run)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%v; requests of run %d: (- want, + got)\n%s", err, run, diff)
		}
	}
}

func TestLastSent(t *testing.T) {
	r := filledReader(t)
	// The third run has sent nothing.
	if run, interviews, err := r.LastSent(t.Context(), "https://api.example"); run != 2 || !slices.Equal(interviews, []string{"i1"}) || err != nil {
		t.Errorf("run %d, interviews %q, %v", run, interviews, err)
	}
	if run, interviews, err := r.LastSent(t.Context(), "https://api.example.org"); run != 0 || len(interviews) > 0 || err != nil {
		t.Errorf("elsewhere run %d, interviews %q, %v", run, interviews, err)
	}
}

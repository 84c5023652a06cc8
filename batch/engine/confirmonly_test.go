package engine_test

import (
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	past "bulkinvite/batch/ledger/history"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// doubtful returns those in doubt, and behind them those whom the lists have to
// show, as an input of a run that only confirms.
func (w *world) doubtful() (*batch.Roster, int) {
	w.Helper()
	store, err := ledger.Open(w.Context(), w.ledger, ledger.Options{})
	w.must(err)
	defer func() { w.must(store.Close()) }()
	all, err := store.OpenRequests(w.Context())
	w.must(err)
	roster, interviews := &batch.Roster{}, []string{}
	for _, u := range all {
		roster.Add(u.Key, u.JobApplicationID)
		interviews = append(interviews, u.Key.InterviewID)
	}
	w.must(store.Members(w.Context(), "http://127.0.0.1", interviews, func(m past.Member) {
		if m.State == batch.StateInvited && m.Listed {
			roster.Add(m.Key, "")
		}
	}))
	return roster, len(all)
}

// confirmOnly is a run that only confirms. Its outcomes are of those in doubt.
func (w *world) confirmOnly() result {
	w.Helper()
	roster, n := w.doubtful()
	in := make(input, n)
	i := 0
	w.must(roster.Scan(w.Context(), func(row *batch.Row) error {
		if i < n {
			in[i] = *row
		}
		i++
		return nil
	}))
	w.source, w.opts.ConfirmOnly = roster, true
	defer func() { w.source, w.opts.ConfirmOnly = nil, false }()
	r := w.run(in)
	if r.posts != 0 {
		w.Errorf("%d invitations were sent", r.posts)
	}
	sessions := w.api.Sessions()
	for i, o := range r.outcomes {
		c := in[i].Candidate
		_, invited := sessions[sandbox.Person{InterviewID: c.InterviewID, Email: c.Email}]
		if o.Status == batch.StatusConfirmed && !invited || o.Code == batch.CodeNotSent && invited {
			w.Errorf("%s is invited: %v; and it says %+v", c.Email, invited, o)
		}
	}
	return r
}

// Wherever a run dies, and whatever the API does meanwhile: confirming sends
// nothing, says what is true, and the next run invites everyone once.
func TestConfirmOnlyAfterDeath(t *testing.T) {
	told := map[string]int{}
	for seed := range 24 {
		cfg := sandbox.Config{Faults: everyFault(0.03), Seed: uint64(seed), ListLag: 10 * time.Second, Latency: 200 * time.Millisecond}
		inWorld(t, cfg, func(w *world) {
			w.opts.ChunkSize = 3
			in := rows(spread(60, 3)...)
			w.crash, w.mayDie = 2+2*seed, true
			w.run(in)
			w.crash = 0
			for state, n := range w.confirmOnly().count() {
				told[state] += n
			}
			for range 3 { // who fails alone twice is left to the next run
				w.run(in)
			}
			w.onceEach(in)
		})
	}
	if told["confirmed"] == 0 || told["not_sent"] == 0 {
		t.Errorf("no death left both kinds of people in doubt: %v", told)
	}
}

// A list that lacks somebody who is known to be invited is believed of nobody.
func TestConfirmOnlyBelievesNoListWithHoles(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		in := rows(people(10, 0)...)
		w.run(in[:5])
		w.crash, w.mayDie = 1, true // claims, and dies before the answer
		w.opts.NoPreflight = true
		w.run(in)
		w.crash = 0
		w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) { return nil, true, nil }
		r := w.confirmOnly()
		w.counts(r, map[string]int{"uncertain": 5})
		if want := "the API's list cannot be believed: it lacks 5 people who are known to be invited; " +
			"if they were deleted there, --no-preflight sends without this list, and bulkinvite confirm --assume settles who is in doubt"; r.outcomes[0].Error != want {
			w.Errorf("%q, want %q", r.outcomes[0].Error, want)
		}
		w.hook.list = nil
		w.counts(w.confirmOnly(), map[string]int{"confirmed": 5})
		w.run(in)
		w.onceEach(in)
	})
}

// A job application may hold another address than the row.
func TestConfirmOnlyOfApplications(t *testing.T) {
	inWorld(t, sandbox.Config{PostScript: map[int]sandbox.Fault{1: sandbox.BeforeDrop, 2: sandbox.AfterDrop}}, func(w *world) {
		list := people(2, 0)
		list[0].JobApplicationID, list[1].JobApplicationID = "a-0", "a-1"
		in := rows(list...)
		w.opts.Concurrency, w.opts.Deadline, w.opts.SettleTime = 1, 10*time.Second, time.Hour
		w.run(in)
		w.opts.Deadline = 0
		w.counts(w.confirmOnly(), map[string]int{"confirmed": 1, "uncertain": 1})
		w.counts(w.confirmOnly(), map[string]int{"uncertain": 1})
	})
}

// While the API is down nothing is sent to find out whether it is up again.
func TestConfirmOnlyWhileDown(t *testing.T) {
	inWorld(t, sandbox.Config{Faults: map[sandbox.Fault]float64{sandbox.List500: 1}}, func(w *world) {
		in := rows(people(5, 0)...)
		w.crash, w.opts.NoPreflight = 1, true
		w.run(in)
		w.crash = 0
		r := w.confirmOnly()
		w.counts(r, map[string]int{"uncertain": 5})
		if r.end != batch.APIDown || r.reason != "the API is down: no usable answer for 5m0s (the API answered 500)" {
			w.Errorf("end %d: %s", r.end, r.reason)
		}
	})
}

// A run may die while it notes that it has found somebody who is in doubt: then
// two requests have them in doubt, and both have to be settled.
func TestConfirmOnlyOfTwoRequests(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		key := candidate("ann@example.com", 0).Key()
		store, err := ledger.Open(w.Context(), w.ledger, ledger.Options{})
		w.must(err)
		for _, kind := range []batch.Kind{batch.KindInvite, batch.KindFound} {
			run, err := store.Begin(w.Context(), ledger.RunInfo{BaseURL: "http://127.0.0.1"})
			w.must(err)
			_, err = run.Claim(w.Context(), batch.Request{Kind: kind, InterviewID: key.InterviewID, People: []batch.Key{key}})
			w.must(err)
		}
		w.must(store.Close())
		w.counts(w.confirmOnly(), map[string]int{"not_sent": 2})
		w.counts(w.confirmOnly(), map[string]int{})
	})
}

package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client/sandbox"
)

func TestResend(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		in := rows(people(10, 0)...)
		first := w.run(in)
		for i := range in {
			in[i].Candidate.CandidateID = first.outcomes[i].CandidateID
		}
		r := w.run(in)
		w.counts(r, map[string]int{"resent": 10})
		w.links(in, r, batch.StatusResent)
		w.counts(w.run(in), map[string]int{"already_invited": 10})
		w.onceEach(in)
		for person, n := range w.api.Emails() {
			if n != 2 {
				w.Errorf("%v got %d e-mails, want 2", person, n)
			}
		}
		time.Sleep(25 * time.Hour)
		w.counts(w.run(in), map[string]int{"resent": 10})
	})
}

// The list cannot tell whether a re-send was sent: it is never repeated within
// the day.
func TestResendWhoseAnswerIsLost(t *testing.T) {
	inWorld(t, sandbox.Config{PostScript: map[int]sandbox.Fault{2: sandbox.After500}}, func(w *world) {
		in := rows(people(1, 0)...)
		in[0].Candidate.CandidateID = w.run(in).outcomes[0].CandidateID
		in[0].Candidate.Name, in[0].Candidate.Email = "", ""
		w.counts(w.run(in), map[string]int{"uncertain": 1})
		r := w.run(in)
		w.counts(r, map[string]int{"uncertain": 1})
		if r.posts != 0 {
			w.Error("a re-send in doubt was sent again")
		}
		time.Sleep(25 * time.Hour)
		w.counts(w.run(in), map[string]int{"resent": 1})
	})
}

func TestJobApplications(t *testing.T) {
	cfg := sandbox.Config{
		Applications: map[string]string{"app-1": "other@example.com"},
		PostScript:   map[int]sandbox.Fault{1: sandbox.After500, 2: sandbox.After500, 3: sandbox.After500},
	}
	inWorld(t, cfg, func(w *world) {
		w.opts.Concurrency = 1
		in := rows(candidate("p@example.com", 0), candidate("q@example.com", 0), candidate("", 0), candidate("s@example.com", 0))
		for i := range in {
			in[i].Candidate.JobApplicationID = fmt.Sprintf("app-%d", i+1)
		}
		in[2].Candidate.Name = ""
		r := w.run(in)
		// The list shows another address than the first row has, and cannot
		// show the third, which has none: neither is ever "not sent".
		w.counts(r, map[string]int{"uncertain": 2, "confirmed": 1, "invited": 1})
		w.counts(w.run(in), map[string]int{"uncertain": 2, "already_invited": 2})
		for person, n := range w.api.Sessions() {
			if n != 1 {
				w.Errorf("%v was invited %d times", person, n)
			}
		}
	})
}

func TestNoEmailGoesInARequestOfItsOwn(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		in := rows(people(10, 0)...)
		for i := range 5 {
			in[i].Candidate.DisableEmail = true
		}
		r := w.run(in)
		if r.posts != 2 {
			w.Errorf("%d requests, want 2", r.posts)
		}
		mails := 0
		for _, n := range w.api.Emails() {
			mails += n
		}
		if mails != 5 {
			w.Errorf("%d e-mails, want 5", mails)
		}
	})
}

// Fetching a link is believed to do no harm. If it does, it is found out at
// the first and ends.
func TestLinkThatMakesASecondSession(t *testing.T) {
	cfg := sandbox.Config{SecondSessionOnLink: true, PostScript: map[int]sandbox.Fault{1: sandbox.After500}}
	inWorld(t, cfg, func(w *world) {
		in := rows(people(50, 0)...)
		r := w.run(in)
		w.counts(r, map[string]int{"confirmed": 50})
		twice := 0
		for _, n := range w.api.Sessions() {
			twice += n - 1
		}
		if twice > 1 {
			w.Errorf("%d second sessions were made, want the first to end it", twice)
		}
		if len(r.warnings) == 0 || !strings.Contains(r.warnings[0], "second session") && !strings.Contains(r.warnings[0], "another one") {
			w.Errorf("warnings %q", r.warnings)
		}
		for _, o := range r.outcomes {
			if o.InviteURL != "" {
				w.Errorf("a link was kept: %+v", o)
			}
		}
	})
}

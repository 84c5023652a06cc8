package engine_test

import (
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// Whoever is in doubt is confirmed, and gets their link, though the preflight
// comes upon them before the feeder does, which the limit holds up.
func TestDoubtThatThePreflightFindsFirst(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		dead := people(1, 0)
		w.crash = 1
		w.run(rows(dead...)) // sent, and the run dies before it settles
		w.crash = 0
		in := rows(append(named("n", 2, 0), dead...)...)
		w.opts.Limit = 1
		r := w.run(in)
		w.counts(r, map[string]int{"invited": 1, "not_sent": 1, "confirmed": 1})
		w.links(in[2:], result{outcomes: r.outcomes[2:]}, batch.StatusConfirmed)
	})
}

// A list need not show somebody under the row's address who was invited through
// a job application, though the row no longer names it.
func TestListIsBelievedWithoutFormerApplications(t *testing.T) {
	cfg := sandbox.Config{
		Applications: map[string]string{"app-1": "real@example.com"},
		PostScript:   map[int]sandbox.Fault{2: sandbox.BeforeDrop},
	}
	inWorld(t, cfg, func(w *world) {
		applied := candidate("typed@example.com", 0)
		applied.JobApplicationID = "app-1"
		w.counts(w.run(rows(applied)), map[string]int{"invited": 1})
		applied.JobApplicationID = ""
		in := rows(applied, candidate("bob@example.com", 0))
		w.counts(w.withinADay(in), map[string]int{"already_invited": 1, "invited": 1})
	})
}

// People whom a dead run had claimed and whom their interview turns away take
// nobody's place under the limit.
func TestLimitIsNotUsedUpByWhoIsTurnedAway(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
			return nil, q.InterviewID == interviewID(1), &client.Error{Fate: client.Refused, StatusCode: 400, Message: "closed"}
		}
		w.opts.ChunkSize = 20
		w.crash = 1
		dead := named("dead", 20, 1)
		w.run(rows(dead...))
		w.crash = 0
		w.opts.ChunkSize, w.opts.Limit = 1, 30
		in := rows(append(append(dead, people(10, 1)...), people(20, 2)...)...)
		w.source = &lateInput{input: in, place: 30, after: 3 * time.Minute}
		w.counts(w.run(in), map[string]int{"interview_refused": 20, "refused": 10, "invited": 20})
	})
}

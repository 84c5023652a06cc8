package batch_test

import (
	"slices"
	"testing"

	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// losing has the answers to requests for these people be lost, after the API has
// acted or without.
func (w *world) losing(acts bool, emails ...string) {
	w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
		lost := slices.ContainsFunc(q.Candidates, func(c client.Candidate) bool { return slices.Contains(emails, c.Email) })
		if !lost {
			return nil, false, nil
		}
		if acts {
			if _, err := w.hook.API.Invite(w.Context(), q); err != nil {
				w.Error(err)
			}
		}
		return nil, true, &client.Error{StatusCode: 500}
	}
}

// killedWhileSending is a run that dies when its first request has left.
func (w *world) killedWhileSending(in input) {
	w.Helper()
	w.crash = 1
	w.run(in)
	w.crash = 0
	w.hook.invite = nil
}

// A list that shows addresses of the API's own says nothing about people whom an
// earlier run has in doubt, as long as it has shown nobody as they were sent: what
// stands there may be them.
func TestListOfAliases(t *testing.T) {
	inWorld(t, sandbox.Config{ListAddresses: sandbox.Alias}, func(w *world) {
		in := rows(people(3, 0)...)
		w.killedWhileSending(in)
		for range 2 {
			w.counts(w.withinADay(in), map[string]int{"uncertain": 3})
		}
		w.asked(in)
	})
}

// An API may keep +tags in its answers and not in its list.
func TestListDropsTagsThatAnswersKeep(t *testing.T) {
	inWorld(t, sandbox.Config{ListAddresses: sandbox.WithoutTag}, func(w *world) {
		known := rows(candidate("known+tag@example.com", 0), candidate("plain@example.com", 0))
		w.counts(w.withinADay(known), map[string]int{"invited": 2})
		in := rows(candidate("jobs+ann@example.com", 0))
		w.killedWhileSending(in)
		w.counts(w.withinADay(in), map[string]int{"confirmed": 1})
		w.asked(append(known, in...))
	})
}

package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"bulkinvite/batch"
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

// An entry that may be that of somebody whom the ledger has in doubt is nobody
// else's, though it has the very address of a row that comes up later.
func TestEntryOfSomebodyInDoubt(t *testing.T) {
	inWorld(t, sandbox.Config{AnswerAddresses: sandbox.WithoutTag, ListAddresses: sandbox.WithoutTag}, func(w *world) {
		ann, jobs := rows(candidate("jobs+ann@example.com", 0)), rows(candidate("jobs@example.com", 0))
		w.losing(true, "jobs+ann@example.com")
		w.killedWhileSending(ann)
		r := w.withinADay(jobs)
		if w.counts(r, map[string]int{"uncertain": 1}); r.posts > 0 {
			t.Errorf("%d requests", r.posts)
		}
		w.counts(w.withinADay(ann), map[string]int{"confirmed": 1})
		w.counts(w.withinADay(jobs), map[string]int{"invited": 1})
		w.asked(rows(ann[0].Candidate, jobs[0].Candidate))
	})
}

// An entry that a member explains does not confirm a row with its very address.
func TestEntryOfAMember(t *testing.T) {
	inWorld(t, sandbox.Config{AnswerAddresses: sandbox.WithoutTag, ListAddresses: sandbox.WithoutTag}, func(w *world) {
		ann, jobs := rows(candidate("jobs+ann@example.com", 0)), rows(candidate("jobs@example.com", 0))
		w.counts(w.withinADay(ann), map[string]int{"invited": 1})
		w.losing(false, "jobs@example.com")
		w.killedWhileSending(jobs)
		w.counts(w.withinADay(jobs), map[string]int{"invited": 1})
		w.asked(rows(ann[0].Candidate, jobs[0].Candidate))
	})
}

// Where the API shows several people under one address, an entry is nobody's as
// long as there is not one for each who may be behind it.
func TestOneEntryForSeveralRows(t *testing.T) {
	for name, preflight := range map[string]bool{"preflight": true, "no preflight": false} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{AnswerAddresses: sandbox.WithoutTag, ListAddresses: sandbox.WithoutTag}, func(w *world) {
				w.opts.NoPreflight = !preflight
				in := rows(mailbox()[:4]...)
				w.elsewhere(in[3:]) // one of four, nobody can tell which
				w.losing(false, "jobs+ann@example.com")
				r := w.withinADay(in)
				for i, o := range r.outcomes {
					if o.Status == batch.StatusConfirmed || preflight && o.Status != "" {
						t.Errorf("row %d: %+v", i, o)
					}
				}
			})
		})
	}
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

// Of two ids for one person in an answer nobody knows which one is theirs: the
// person is invited, and has neither.
func TestAnswersHaveTwoIDsForEachPerson(t *testing.T) {
	for _, size := range []int{1, 50} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			inWorld(t, sandbox.Config{Shape: &sandbox.AnswerShape{Doubled: true}}, func(w *world) {
				in := rows(people(10, 0)...)
				w.opts.ChunkSize = size
				r := w.withinADay(in)
				w.counts(r, map[string]int{"invited": 10})
				for i, o := range r.outcomes {
					if o.CandidateID != "" || o.InviteURL != "" {
						t.Errorf("row %d: %+v", i, o)
					}
				}
				if len(r.warnings) != 1 || !strings.Contains(r.warnings[0], "several ids") {
					t.Errorf("warnings %q", r.warnings)
				}
				w.counts(w.withinADay(in), map[string]int{"already_invited": 10})
				w.onceEach(in)
			})
		})
	}
}

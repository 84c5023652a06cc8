package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// forbidden is what the gateway says, before anything has acted.
var forbidden = &client.Error{Fate: client.NotSent, Cause: client.BadKey, StatusCode: 403, Message: "Forbidden"}

// deny lets the gateway deny requests that name certain people.
func (w *world) deny(whom func(email string) bool) {
	w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
		denied := slices.ContainsFunc(q.Candidates, func(c client.Candidate) bool { return whom(c.Email) })
		return nil, denied, forbidden
	}
}

// A firewall may deny a request for what is in it. That is the row's, and not the
// key's, wherever in the file it stands.
func TestDeniedForOneRow(t *testing.T) {
	for name, bad := range map[string][]int{"in the middle": {70}, "first": {0}, "first of all and last": {0, 1, 199}} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{}, func(w *world) {
				list := people(200, 0)
				for _, i := range bad {
					list[i].Email = "union.select" + list[i].Email
				}
				w.deny(func(email string) bool { return strings.HasPrefix(email, "union.select") })
				r := w.withinADay(rows(list...))
				w.counts(r, map[string]int{"invited": 200 - len(bad), "refused": len(bad)})
				w.nobodyTwice()
			})
		})
	}
}

// What is wrong with the key shows in a handful of requests, and nobody is called
// refused for it.
func TestKeyThatInvitesNobody(t *testing.T) {
	for name, tc := range map[string]struct {
		list  []batch.Candidate
		lists bool // the key may read lists
	}{
		"four interviews":                {list: spread(400, 4)},
		"four interviews, lists allowed": {list: spread(400, 4), lists: true},
		"one interview":                  {list: people(400, 0)},
		"one interview, lists allowed":   {list: people(400, 0), lists: true},
		"very many interviews":           {list: spread(400, 400)},
		"ten interviews, lists allowed":  {list: spread(400, 10), lists: true},
		"two interviews, lists allowed":  {list: spread(400, 2), lists: true},
		"very many, lists allowed":       {list: spread(400, 400), lists: true},
		"two people":                     {list: people(2, 0)},
		"one person, lists allowed":      {list: people(1, 0), lists: true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{}, func(w *world) {
				w.deny(func(string) bool { return true })
				w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) { return nil, !tc.lists, forbidden }
				r := w.run(rows(tc.list...))
				w.counts(r, map[string]int{"not_sent": len(tc.list)})
				if r.end != batch.KeyRefused || r.progress.Requests >= 10 {
					t.Errorf("end %d (%s) after %d requests", r.end, r.reason, r.progress.Requests)
				}
			})
		})
	}
}

// One interview may be denied to a key that is fine, and come first.
func TestKeyThatLacksOneInterview(t *testing.T) {
	for name, said := range map[string]*client.Error{
		"bare":      forbidden,
		"enveloped": {Fate: client.Refused, Envelope: true, StatusCode: 403, Message: "You do not have access to this interview"},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{}, func(w *world) {
				in := rows(append(people(30, 1), spread(300, 1)...)...)
				denied := func(id string) bool { return id == interviewID(1) }
				w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
					return nil, denied(q.InterviewID), said
				}
				w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) { return nil, denied(q.InterviewID), said }
				w.counts(w.withinADay(in), map[string]int{"invited": 300, "refused": 10, "interview_refused": 20})
				w.nobodyTwice()
			})
		})
	}
}

// An API that says no in its own words has taken the key. What the gateway denies
// then is of the rows.
func TestKeyThatIsToldNo(t *testing.T) {
	for _, status := range []int{400, 404, 422, 200} {
		inWorld(t, sandbox.Config{}, func(w *world) {
			no := &client.Error{Fate: client.Refused, Envelope: true, StatusCode: status, Message: "no such interview"}
			w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
				if q.InterviewID == interviewID(0) {
					return nil, true, no
				}
				return nil, strings.HasPrefix(q.Candidates[0].Email, "select"), forbidden
			}
			w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) {
				if q.InterviewID == interviewID(4) {
					time.Sleep(10 * time.Second) // nobody is accepted until the others are dealt with
				}
				return nil, false, nil
			}
			list := people(1, 0)
			for i := range 3 {
				list = append(list, named("select", 1, 1+i)...)
			}
			r := w.withinADay(rows(append(list, people(20, 4)...)...))
			w.counts(r, map[string]int{"refused": 4, "invited": 20})
		})
	}
}

package engine_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// APIs that invite one after another until they meet a bad one, from the front
// or from the back: a refused chunk that had nobody invited proves nothing if
// the bad one came first.
func TestRefusalsThatInviteUpToTheBadOne(t *testing.T) {
	for name, tc := range map[string]struct {
		bad  []int
		back bool
	}{
		"from the front":              {bad: []int{0, 99, 100, 201, 250}},
		"from the front, two at once": {bad: []int{0, 5, 99}},
		"from the back":               {bad: []int{49, 60}, back: true},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{}, func(w *world) {
				list := people(300, 0)
				for _, bad := range tc.bad {
					list[bad].Email = "poison" + list[bad].Email
				}
				w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) { return w.upToPoison(q, tc.back) }
				r := w.withinADay(rows(list...))
				w.nobodyTwice()
				if c := r.count(); c["refused"] != len(tc.bad) || c["invited"]+c["confirmed"] != 300-len(tc.bad) {
					t.Errorf("outcomes %v", c)
				}
			})
		})
	}
}

// While a refused chunk is confirmed its interview is shut, for longer than the
// workers need for what waits beside it. The other interview goes on at the full
// rate, wherever its people stand in the file.
func TestShutInterviewDoesNotStopTheOthers(t *testing.T) {
	for name, alternating := range map[string]bool{"one after the other": false, "alternating": true} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{}, func(w *world) {
				const each = 4_000
				shut, other := people(each, 0), people(each, 1)
				shut[0].Email = "poison@example.com"
				list := slices.Concat(shut, other)
				if alternating {
					list = nil
					for i := range each {
						list = append(list, shut[i], other[i])
					}
				}
				w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
					if slices.ContainsFunc(q.Candidates, func(c client.Candidate) bool { return c.Email == "poison@example.com" }) {
						return nil, true, &client.Error{Fate: client.Refused, StatusCode: 400, Message: "bad address"}
					}
					return nil, false, nil
				}
				w.opts.Rate = 1
				r := w.run(rows(list...))
				w.nobodyTwice()
				if c := r.count(); c["invited"] != 2*each-1 || c["refused"] != 1 {
					t.Errorf("outcomes %v", c)
				}
				if atFullRate := time.Duration(r.progress.Requests) * time.Second; r.took > atFullRate+15*time.Second || r.posts > 2*each/50+60 {
					t.Errorf("%d requests, %d of them invitations, took %v", r.progress.Requests, r.posts, r.took)
				}
			})
		})
	}
}

// upToPoison invites the candidates that stand before the first bad one, or
// behind the last one, and then refuses.
func (w *world) upToPoison(q client.InviteRequest, back bool) ([]client.Invitation, bool, error) {
	poison := func(c client.Candidate) bool { return strings.HasPrefix(c.Email, "poison") }
	first := slices.IndexFunc(q.Candidates, poison)
	if first < 0 {
		return nil, false, nil
	}
	good := q.Candidates[:first]
	if back {
		good = slices.Clone(q.Candidates)
		slices.Reverse(good)
		good = good[:slices.IndexFunc(good, poison)]
	}
	if len(good) > 0 {
		q.Candidates = good
		if _, err := w.hook.API.Invite(context.Background(), q); err != nil {
			return nil, true, err
		}
	}
	return nil, true, &client.Error{Fate: client.Refused, StatusCode: 400, Message: "invalid candidate"}
}

func TestDeletedInterviewWithoutPreflight(t *testing.T) {
	inWorld(t, sandbox.Config{Deleted: []string{interviewID(1)}}, func(w *world) {
		w.opts.NoPreflight = true
		w.counts(w.withinADay(rows(people(1000, 1)...)), map[string]int{"uncertain": 50, "refused": 10, "interview_refused": 940})
	})
}

func TestResendDoesNotOpenARefusedInterview(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		old := candidate("old@example.com", 0)
		old.CandidateID = w.run(rows(old)).outcomes[0].CandidateID
		var posts atomic.Int64
		w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
			posts.Add(1)
			return nil, q.CandidateID == "", &client.Error{Fate: client.Refused, StatusCode: 400, Message: "interview is closed"}
		}
		r := w.withinADay(rows(append([]batch.Candidate{old}, people(1000, 0)...)...))
		w.counts(r, map[string]int{"resent": 1, "refused": 10, "interview_refused": 990})
		if n := posts.Load(); n > 100 {
			t.Errorf("%d requests to an interview that refuses everyone", n)
		}
	})
}

package engine_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client/sandbox"
)

// with puts a name before the addresses of some of the people.
func with(list []batch.Candidate, name string, at ...int) []batch.Candidate {
	for _, i := range at {
		list[i].Email = name + list[i].Email
	}
	return list
}

// Somebody whose data the API cannot bear keeps nobody else from being invited,
// in the same run, and is not taken for an outage.
func TestPoisonRows(t *testing.T) {
	for _, status := range []int{500, 409, 504, 502} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			cfg := sandbox.Config{Rules: []sandbox.Rule{{Address: "bobby", Reply: sandbox.Reply{Status: status}}}}
			inWorld(t, cfg, func(w *world) {
				bad := []int{3, 70, 71, 199}
				r := w.withinADay(rows(with(people(200, 0), "bobby", bad...)...))
				w.counts(r, map[string]int{"invited": 196, "api_error": len(bad)})
				if r.end != batch.Finished {
					t.Errorf("end %d: %s", r.end, r.reason)
				}
				w.nobodyTwice()
			})
		})
	}
}

// A chunk that takes longer than the gateway waits shrinks until it fits.
func TestChunkTooLargeForTheGateway(t *testing.T) {
	cfg := sandbox.Config{GatewayTimeout: 29 * time.Second, PerPerson: time.Second}
	inWorld(t, cfg, func(w *world) {
		in := rows(people(300, 0)...)
		w.opts.ChunkSize = 100
		w.counts(w.withinADay(in), map[string]int{"confirmed": 300})
		w.nobodyTwice()
	})
}

// One kind of 400 comes before anything is done, another one in the middle of
// the work, in whatever order they come up.
func TestRefusalsOfTwoKinds(t *testing.T) {
	for name, at := range map[string][2]int{"all or nothing first": {20, 140}, "in the middle first": {140, 20}, "in one chunk": {30, 20}} {
		t.Run(name, func(t *testing.T) {
			cfg := sandbox.Config{Rules: []sandbox.Rule{
				{Address: "blocked", Reply: sandbox.Reply{Status: 400, Message: "Candidate is blocked"}, Acts: sandbox.ActsUpTo},
				{Address: "bad", Reply: sandbox.Reply{Status: 400, Message: "Invalid candidate"}},
			}}
			inWorld(t, cfg, func(w *world) {
				list := with(with(people(200, 0), "bad", at[0]), "blocked", at[1])
				r := w.withinADay(rows(list...))
				if c := r.count(); c["refused"] != 2 || c["invited"]+c["confirmed"] != 198 {
					t.Errorf("outcomes %v", c)
				}
				w.nobodyTwice()
			})
		})
	}
}

// Bad rows on top, or scattered, are not the interview's fault.
func TestBadRowsAreNotTheInterview(t *testing.T) {
	for name, bad := range map[string]int{"on top": 12, "half of them": 50, "all but one": 99} {
		t.Run(name, func(t *testing.T) {
			cfg := sandbox.Config{Rules: []sandbox.Rule{{Address: "bad", Reply: sandbox.Reply{Status: 400, Message: "Invalid candidate {n}"}}}}
			inWorld(t, cfg, func(w *world) {
				list := people(100, 0)
				for i := range bad {
					list[i].Email = "bad" + list[i].Email
				}
				w.counts(w.withinADay(rows(list...)), map[string]int{"invited": 100 - bad, "refused": bad})
				w.nobodyTwice()
			})
		})
	}
}

// A deleted interview is found out in few requests, whatever its message says,
// and although its list looks as always.
func TestDeletedInterviewInFewRequests(t *testing.T) {
	for _, message := range []string{"Interview has been deleted", "Interview {id} was deleted on {date} (request {n})", "no interview for {address}"} {
		for _, preflight := range []bool{true, false} {
			t.Run(fmt.Sprint(message, preflight), func(t *testing.T) {
				cfg := sandbox.Config{Rules: []sandbox.Rule{{Interview: interviewID(0), Reply: sandbox.Reply{Status: 400, Message: message}}}}
				inWorld(t, cfg, func(w *world) {
					w.opts.NoPreflight = !preflight
					r := w.withinADay(rows(slices.Concat(people(20_000, 0), people(100, 1))...))
					c := r.count()
					if c["invited"] != 100 || c["refused"]+c["interview_refused"] != 20_000 || r.progress.Requests >= 100 {
						t.Errorf("outcomes %v, %d requests (%s)", c, r.progress.Requests, r.reason)
					}
				})
			})
		}
	}
}

// One bad row in a hundred costs looks at the list and halves, but not so many
// that the rate is used for nothing else.
func TestRefusalsAmongVeryMany(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		list := spread(10_000, 5)
		bad := 0
		for i := range list {
			if (i*7919)%100 == 0 {
				list[i].Email = "poison" + list[i].Email
				bad++
			}
		}
		w.opts.Rate = 20
		r := w.run(rows(list...))
		w.counts(r, map[string]int{"invited": 10_000 - bad, "refused": bad})
		w.nobodyTwice()
		if r.progress.Requests > 3_000 {
			t.Errorf("%d requests, %d of them invitations", r.progress.Requests, r.posts)
		}
		t.Logf("%d requests, %d of them invitations, %v", r.progress.Requests, r.posts, r.took)
	})
}

// Rows that make the API answer 503 are no outage while others go through: the
// night ends with them as failed, and not with the API as down.
func TestRowsThatMakeIt503(t *testing.T) {
	for size, last := range map[int]int{1: 100, 10: 30} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			cfg := sandbox.Config{Rules: []sandbox.Rule{{Address: "bad", Reply: sandbox.Reply{Status: 503, Message: "Service Unavailable"}}}}
			inWorld(t, cfg, func(w *world) {
				w.opts.ChunkSize = size
				list, bad := people(100, 0), 0
				for i := 3; i < last; i += 12 {
					list[i].Email = "bad" + list[i].Email
					bad++
				}
				r := w.withinADay(rows(list...))
				w.counts(r, map[string]int{"invited": 100 - bad, "api_error": bad})
				if r.end != batch.Finished {
					t.Errorf("the run ended %d: %s", r.end, r.reason)
				}
				w.nobodyTwice()
			})
		})
	}
}

// One of ten rows makes the API fail, so that next to no chunk gets through: all
// others are invited in the same night, since whoever goes alone is.
func TestPoisonInNearlyEveryChunk(t *testing.T) {
	for _, status := range []int{500, 503} {
		for _, size := range []int{10, 50} {
			t.Run(fmt.Sprint(status, size), func(t *testing.T) {
				cfg := sandbox.Config{Rules: []sandbox.Rule{{Address: "bad", Reply: sandbox.Reply{Status: status, Message: "failed"}}}}
				inWorld(t, cfg, func(w *world) {
					w.opts.ChunkSize = size
					list, bad := people(500, 0), 0
					for i := 3; i < len(list); i += 10 {
						list[i].Email = "bad" + list[i].Email
						bad++
					}
					r := w.withinADay(rows(list...))
					w.counts(r, map[string]int{"invited": 500 - bad, "api_error": bad})
					if r.end != batch.Finished {
						t.Errorf("the run ended %d: %s", r.end, r.reason)
					}
					w.nobodyTwice()
					t.Logf("%d requests, %d of them invitations, %v", r.progress.Requests, r.posts, r.took)
				})
			})
		}
	}
}

// Where no answer is usable, and a row makes the API fail, the list alone tells of
// the others: the run does not end before it has.
func TestPoisonWhereNoAnswerIsUsable(t *testing.T) {
	cfg := sandbox.Config{
		Shape: &sandbox.AnswerShape{Status: "1"},
		Rules: []sandbox.Rule{{Address: "bad", Reply: sandbox.Reply{Status: 500, Message: "failed"}}},
	}
	inWorld(t, cfg, func(w *world) {
		w.opts.ChunkSize = 3
		in := rows(with(people(30, 0), "bad", 4, 8, 12, 16, 20)...)
		r := w.withinADay(in)
		if c := r.count(); c["confirmed"] != 25 || r.end != batch.Finished {
			t.Errorf("outcomes %v, the run ended %d: %s", c, r.end, r.reason)
		}
		w.nobodyTwice()
	})
}

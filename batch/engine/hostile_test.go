package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// APIs that behave in ways that nothing documented excludes, and runs that
// have to end all the same.

var err500 = &client.Error{StatusCode: 500, Err: errors.New("internal")}

// day is how long a run may take that ends by itself in the time of a test.
func (w *world) withinADay(in input) result {
	w.Helper()
	ctx, stop := context.WithTimeout(w.Context(), 24*time.Hour)
	defer stop()
	r := w.runUnder(ctx, in)
	if r.took > 2*time.Hour {
		w.Errorf("the run did not end by itself: %d %q after %v", r.end, r.reason, r.took)
	}
	return r
}

func (w *world) nobodyTwice() {
	w.Helper()
	twice := 0
	for _, n := range w.api.Sessions() {
		if n > 1 {
			twice++
		}
	}
	if twice > 0 {
		w.Errorf("%d people were invited twice", twice)
	}
}

func TestOnePageOfTheListNeverWorks(t *testing.T) {
	inWorld(t, sandbox.Config{PageSize: 10}, func(w *world) {
		in := rows(people(50, 0)...)
		w.crash = 1
		w.run(in)
		w.crash = 0
		w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) { return nil, q.Page == 3, err500 }
		w.counts(w.withinADay(in), map[string]int{"confirmed": 0 + 30, "uncertain": 20})
	})
}

// An API that counts pages from 1 may break on page 0 rather than refuse it.
func TestPageZeroBreaks(t *testing.T) {
	inWorld(t, sandbox.Config{FirstPage: 1, PageSize: 10}, func(w *world) {
		in := rows(people(60, 0)...)
		w.elsewhere(in[:30])
		w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) { return nil, q.Page == 0, err500 }
		w.counts(w.withinADay(in), map[string]int{"already_invited": 30, "invited": 30})
		w.onceEach(in)
	})
}

func TestListOfOneInterviewStopsWorking(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		var lost atomic.Bool
		begun := time.Now()
		w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
			return nil, q.InterviewID == interviewID(1) && lost.CompareAndSwap(false, true), err500
		}
		w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) {
			return nil, q.InterviewID == interviewID(1) && time.Since(begun) > 20*time.Second, err500
		}
		w.counts(w.withinADay(rows(spread(400, 2)...)), map[string]int{"invited": 350, "uncertain": 50})
	})
}

func TestListRefusesThePageSize(t *testing.T) {
	inWorld(t, sandbox.Config{PageSize: 50}, func(w *world) {
		in := rows(people(200, 0)...)
		w.elsewhere(in[:100])
		w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) {
			return nil, q.Limit > 50, &client.Error{Fate: client.Refused, StatusCode: 400, Message: "limit is too large"}
		}
		w.counts(w.withinADay(in), map[string]int{"already_invited": 100, "invited": 100})
		w.onceEach(in)
	})
}

// A list that refuses an interview which can be invited to is asked once more,
// and if that does not help somebody has to know.
func TestListRefusesAnInterviewThatExists(t *testing.T) {
	for _, forever := range []bool{false, true} {
		inWorld(t, sandbox.Config{}, func(w *world) {
			in := rows(people(200, 0)...)
			w.elsewhere(in[100:])
			w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) {
				return nil, forever || w.api.Posts() == 0, &client.Error{Fate: client.Refused, StatusCode: 404, Message: "no such interview"}
			}
			r := w.withinADay(in)
			if forever {
				if len(r.warnings) == 0 || !strings.Contains(r.warnings[0], "invited elsewhere") {
					t.Errorf("warnings %q", r.warnings)
				}
				return
			}
			w.counts(r, map[string]int{"invited": 100, "already_invited": 100})
			w.onceEach(in)
		})
	}
}

func TestListNamesTheInterviewByAnotherID(t *testing.T) {
	inWorld(t, sandbox.Config{PostScript: map[int]sandbox.Fault{1: sandbox.AfterDrop}}, func(w *world) {
		in := rows(people(50, 0)...)
		w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) {
			entries, err := w.hook.API.Invites(context.Background(), q)
			for i := range entries {
				entries[i].InterviewID = "h0gqkAcaDJ"
			}
			return entries, true, err
		}
		w.counts(w.withinADay(in), map[string]int{"uncertain": 50})
		w.nobodyTwice()
	})
}

// Links are worth less than the outputs: they are not waited for without end.
func TestLinksWhoseListIsGone(t *testing.T) {
	inWorld(t, sandbox.Config{PostScript: map[int]sandbox.Fault{1: sandbox.AfterDrop}}, func(w *world) {
		w.opts.Links = batch.LinksNone
		w.run(rows(people(50, 0)...))
		w.opts.Links = batch.LinksConfirmed
		w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) {
			return nil, q.InterviewID == interviewID(1), err500
		}
		w.counts(w.withinADay(rows(append(people(50, 0), people(50, 1)...)...)), map[string]int{"already_invited": 50, "not_sent": 50})
	})
}

func TestThrottledForEver(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.opts.NoPreflight = true
		w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
			time.Sleep(2 * time.Second)
			return nil, true, &client.Error{Fate: client.NotSent, Cause: client.Throttled, StatusCode: 429, RetryAfter: time.Minute}
		}
		r := w.withinADay(rows(spread(2000, 40)...))
		if r.end != batch.APIDown {
			t.Errorf("the run ended %d: %s", r.end, r.reason)
		}
		w.counts(r, map[string]int{"not_sent": 2000})
	})
}

// A Retry-After is obeyed with whatever answer it comes.
func TestRetryAfterOfAnUnusableAnswer(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.opts.NoPreflight = true
		begun := time.Now()
		var second atomic.Int64
		w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
			return nil, time.Since(begun) < time.Second, &client.Error{StatusCode: 503, RetryAfter: 2 * time.Minute}
		}
		w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) {
			second.CompareAndSwap(0, int64(time.Since(begun)))
			return nil, false, nil
		}
		w.counts(w.withinADay(rows(people(1, 0)...)), map[string]int{"invited": 1})
		if after := time.Duration(second.Load()); after < 2*time.Minute {
			t.Errorf("the next request went after %v", after)
		}
	})
}

// A short outage long after a lost answer does not end the run.
func TestShortOutage(t *testing.T) {
	inWorld(t, sandbox.Config{PageSize: 2, PostScript: map[int]sandbox.Fault{2: sandbox.BeforeDrop}}, func(w *world) {
		w.elsewhere(rows(named("s", 3000, 0)...)) // a list that takes five minutes to read
		begun := time.Now()
		w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) {
			at := time.Since(begun)
			return nil, at > 15*time.Minute && at < 15*time.Minute+16*time.Second, err500
		}
		w.opts.Links = batch.LinksNone
		w.counts(w.withinADay(rows(people(100, 0)...)), map[string]int{"invited": 100})
	})
}

// An API that always acts and never says so is no API that is down.
func TestAlwaysActsAndAnswers502(t *testing.T) {
	inWorld(t, sandbox.Config{Faults: map[sandbox.Fault]float64{sandbox.After502: 1}}, func(w *world) {
		in := rows(people(600, 0)...)
		w.opts.Links = batch.LinksNone
		w.counts(w.withinADay(in), map[string]int{"confirmed": 600})
		w.onceEach(in)
	})
}

// lateInput shows the rows from a place on only after a while, in its second
// scan and later ones: as a slow disk would.
type lateInput struct {
	input
	place  int
	after  time.Duration
	breaks bool // and never again
	scans  int
}

func (l *lateInput) Scan(ctx context.Context, f func(*batch.Row) error) error {
	l.scans++
	return l.input.Scan(ctx, func(row *batch.Row) error {
		if l.scans > 1 && row.Index == l.place {
			time.Sleep(l.after)
			if l.breaks {
				return errors.New("input/output error")
			}
		}
		return f(row)
	})
}

// Somebody whom the feeder and the preflight come upon at the same time is
// counted once, so that a stop is a stop.
func TestFoundTwiceIsCountedOnce(t *testing.T) {
	inWorld(t, sandbox.Config{PageSize: 10}, func(w *world) {
		old := people(300, 0)
		w.run(rows(old...))
		fresh := named("n", 1000, 0)
		in := rows(append(fresh, old...)...)
		w.source = &lateInput{input: in, place: 1000, after: 5500 * time.Millisecond}
		ctx, stop := context.WithCancel(w.Context())
		defer stop()
		var posts atomic.Int64
		w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
			if posts.Add(1) == 16 {
				stop()
			}
			return nil, false, nil
		}
		r := w.runUnder(ctx, in)
		if r.end != batch.Stopped || r.progress.Already != 300 {
			t.Errorf("the run ended %d with %+v", r.end, r.progress)
		}
	})
}

func TestDoubtThatThePreflightFinds(t *testing.T) {
	inWorld(t, sandbox.Config{PageSize: 10}, func(w *world) {
		w.crash = 1
		dead := people(20, 0)
		w.run(rows(dead...)) // sent, and the run dies before it settles
		w.crash = 0
		w.elsewhere(rows(named("s", 300, 0)...))
		fresh := named("n", 1000, 0)
		in := rows(append(fresh, dead...)...)
		w.source = &lateInput{input: in, place: 1000, after: 3 * time.Second}
		w.opts.Links = batch.LinksNone
		w.withinADay(in)
		w.nobodyTwice()
	})
}

// People whom a dead run had claimed and whom the limit leaves out are known
// not to be sent.
func TestLimitLeavesOutPeopleOfADeadRun(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.crash = 1
		w.api.SetDown(true, false)
		w.run(rows(people(50, 0)...))
		w.api.SetDown(false, false)
		w.crash = 0
		w.opts.Limit = 50
		in := rows(append(people(50, 1), people(50, 0)...)...)
		w.counts(w.withinADay(in), map[string]int{"invited": 50, "not_sent": 50})
		w.run(in)
		w.onceEach(in)
	})
}

func TestAttemptsOfPeopleWhoAreNotSentInTheEnd(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		ctx, stop := context.WithCancel(w.Context())
		defer stop()
		var posts atomic.Int64
		w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
			if posts.Add(1) == 1 {
				return nil, true, err500
			}
			stop()
			return nil, true, &client.Error{Fate: client.NotSent, Cause: client.Throttled, StatusCode: 429}
		}
		r := w.runUnder(ctx, rows(people(50, 0)...))
		w.counts(r, map[string]int{"not_sent": 50})
		if r.outcomes[0].Attempts != 1 {
			t.Errorf("%+v, want 1 attempt", r.outcomes[0])
		}
	})
}

// What a look has shown before a stop is true.
func TestStopInTheMiddleOfALook(t *testing.T) {
	inWorld(t, sandbox.Config{PostScript: map[int]sandbox.Fault{1: sandbox.After500}}, func(w *world) {
		ctx, stop := context.WithCancel(w.Context())
		defer stop()
		w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) {
			if w.api.Posts() > 0 && q.Page > 0 {
				stop()
			}
			return nil, false, nil
		}
		w.counts(w.runUnder(ctx, rows(people(50, 0)...)), map[string]int{"confirmed": 50})
	})
}

// The row of an invitation through a job application may lose its application
// between two runs. The address under which the application was invited still
// is not the row's.
func TestApplicationThatTheRowNoLongerNames(t *testing.T) {
	inWorld(t, sandbox.Config{Applications: map[string]string{"app-1": "real@example.com"}}, func(w *world) {
		c := candidate("typed@example.com", 0)
		c.JobApplicationID = "app-1"
		w.crash = 1
		w.run(rows(c))
		w.crash = 0
		c.JobApplicationID = ""
		w.counts(w.withinADay(rows(c)), map[string]int{"uncertain": 1})
		if n := len(w.api.Sessions()); n != 1 {
			t.Errorf("one applicant has %d sessions", n)
		}
	})
}

// An input that breaks while it is sent (its disk, say) does not throw away the
// answers of requests that have left.
func TestInputThatBreaksWhileItIsSent(t *testing.T) {
	inWorld(t, sandbox.Config{Latency: 5 * time.Second}, func(w *world) {
		in := rows(people(3000, 0)...)
		broken := &lateInput{input: in, place: 2000, after: 30 * time.Second, breaks: true}
		w.source, w.broken = broken, true
		r := w.run(in)
		sessions := w.api.Sessions()
		if c := r.count(); c["invited"] != len(sessions) || c["uncertain"] > 0 || len(sessions) == 0 {
			t.Errorf("outcomes %v, %d people are invited", c, len(sessions))
		}
	})
}

// A list that lacks somebody whom an earlier run invited proves nothing.
func TestListLacksKnownPeople(t *testing.T) {
	inWorld(t, sandbox.Config{PostScript: map[int]sandbox.Fault{2: sandbox.After500}}, func(w *world) {
		in := rows(people(2, 0)...)
		w.run(in[:1])
		w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) { return nil, true, nil }
		w.counts(w.run(in), map[string]int{"already_invited": 1, "uncertain": 1})
		w.hook.list = nil
		w.run(in)
		w.onceEach(in)
	})
}

// A refusal of page 0 may have been of something else, for once: it is no proof
// that pages are counted from 1.
func TestPageZeroIsRefusedOnce(t *testing.T) {
	inWorld(t, sandbox.Config{PageSize: 3}, func(w *world) {
		in := rows(people(20, 0)...)
		w.elsewhere(in)
		refused := false
		w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) {
			if q.Page != 0 || refused {
				return nil, false, nil
			}
			refused = true
			return nil, true, &client.Error{Fate: client.Refused, StatusCode: 400, Message: "busy"}
		}
		w.counts(w.run(in), map[string]int{"already_invited": 20})
		w.onceEach(in)
	})
}

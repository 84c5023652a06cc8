package engine_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// A spacing is a proxy that answers 503 to what comes sooner after the last
// request that it let through than a rate has them apart.
type spacing struct {
	every time.Duration
	wait  time.Duration // the Retry-After of its 503

	mu     sync.Mutex
	last   time.Time
	turned []time.Time // when requests were turned away
}

func (s *spacing) turnsAway() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(s.last) < s.every {
		s.turned = append(s.turned, now)
		return &client.Error{Cause: client.Busy, StatusCode: 503, RetryAfter: s.wait}
	}
	s.last = now
	return nil
}

// before lets a proxy stand before the API of a world.
func (s *spacing) before(w *world) {
	w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
		err := s.turnsAway()
		return nil, err != nil, err
	}
	w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) {
		err := s.turnsAway()
		return nil, err != nil, err
	}
}

// A throttle that answers 503 slows the run down as one that answers 429 does:
// it is no API that is down, and everybody is invited.
func TestThrottledBy503(t *testing.T) {
	for _, wait := range []time.Duration{0, 3 * time.Second} {
		inWorld(t, sandbox.Config{}, func(w *world) {
			s := &spacing{every: 200 * time.Millisecond, wait: wait}
			s.before(w)
			w.opts.Rate, w.opts.ChunkSize, w.opts.GiveUpAfter = 20, 10, time.Minute
			in := rows(people(1000, 0)...)
			r := w.withinADay(in)
			w.onceEach(in)
			if r.end != batch.Finished {
				t.Errorf("the run ended %d: %s", r.end, r.reason)
			}
			if n := len(s.turned); n > r.posts { // unchecked, three of four at this rate
				t.Errorf("%d requests were turned away, %d let through", n, r.posts)
			}
		})
	}
}

// told answers the first request that a run makes of a kind with how long to wait.
func (w *world) told(ep string, err *client.Error) {
	var said atomic.Bool
	once := func(kind string) bool { return kind == ep && said.CompareAndSwap(false, true) }
	w.hook.invite = func(q client.InviteRequest) ([]client.Invitation, bool, error) {
		kind := "invite"
		if q.CandidateID != "" {
			kind = "link"
		}
		return nil, once(kind), err
	}
	w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) { return nil, once("list"), err }
}

// Whoever is told to wait for longer than the run may wait does not wait: the
// run ends at once and says for how long the API asked to wait.
func TestToldToWaitForTooLong(t *testing.T) {
	for name, err := range map[string]*client.Error{
		"429":          {Fate: client.NotSent, Cause: client.Throttled, StatusCode: 429},
		"429, its own": {Cause: client.Throttled, StatusCode: 429},
		"503":          {Cause: client.Busy, StatusCode: 503},
		"500":          {StatusCode: 500},
		"403":          {Fate: client.Refused, StatusCode: 403, Envelope: true},
	} {
		for _, ep := range []string{"list", "invite"} {
			for _, deadline := range []bool{false, true} {
				inWorld(t, sandbox.Config{}, func(w *world) {
					err.RetryAfter, w.opts.GiveUpAfter = 24*time.Hour, 5*time.Minute
					if deadline {
						err.RetryAfter, w.opts.GiveUpAfter, w.opts.Deadline = time.Hour, 2*time.Hour, 30*time.Minute
					}
					w.told(ep, err)
					in := rows(people(100, 0)...)
					r := w.withinADay(in)
					end, limit := batch.APIDown, "the 5m0s after"
					if deadline {
						end, limit = batch.DeadlineOver, "the deadline of 30m0s"
					}
					if r.end != end || r.took > time.Minute || !strings.Contains(r.reason, err.RetryAfter.String()) || !strings.Contains(r.reason, limit) {
						t.Errorf("%s to the %s: the run ended %d after %v: %s", name, ep, r.end, r.took, r.reason)
					}
					w.nobodyTwice()
				})
			}
		}
	}
}

// A used-up quota is the reason, whatever else its answer says.
func TestQuotaThatSaysHowLong(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.told("invite", &client.Error{Fate: client.Denied, Cause: client.Quota, StatusCode: 429, RetryAfter: 24 * time.Hour})
		if r := w.withinADay(rows(people(100, 0)...)); r.end != batch.QuotaUsedUp {
			t.Errorf("the run ended %d: %s", r.end, r.reason)
		}
	})
}

// A wait that a person would notice is a line in the log, once for all who are
// told it together.
func TestLongWaitIsLogged(t *testing.T) {
	for wait, want := range map[time.Duration]int{20 * time.Second: 0, 3 * time.Minute: 1} {
		inWorld(t, sandbox.Config{Latency: time.Second}, func(w *world) {
			var log strings.Builder
			w.opts.Log = zerolog.New(zerolog.SyncWriter(&log)).Level(zerolog.WarnLevel)
			begun := time.Now()
			w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
				if time.Since(begun) > time.Minute {
					return nil, false, nil
				}
				time.Sleep(5 * time.Second)
				return nil, true, &client.Error{Fate: client.NotSent, Cause: client.Throttled, StatusCode: 429, RetryAfter: wait}
			}
			in := rows(people(500, 0)...)
			w.withinADay(in)
			w.onceEach(in)
			if n := strings.Count(log.String(), "asks to wait"); n != want {
				t.Errorf("%d lines about a wait of %v; want %d:\n%s", n, wait, want, &log)
			}
		})
	}
}

// A slowLog takes its time.
type slowLog struct{}

func (slowLog) Write(line []byte) (int, error) {
	time.Sleep(time.Second)
	return len(line), nil
}

// Nothing leaves once an answer has ended the run, however long it takes to say so.
func TestNothingLeavesAfterTheEnd(t *testing.T) {
	for name, last := range map[string]*client.Error{
		"Retry-After": {Cause: client.Busy, StatusCode: 503, RetryAfter: 24 * time.Hour},
		"quota":       {Fate: client.Denied, Cause: client.Quota, StatusCode: 429},
	} {
		inWorld(t, sandbox.Config{}, func(w *world) {
			w.opts.Log = zerolog.New(slowLog{}).Level(zerolog.ErrorLevel)
			w.opts.NoPreflight, w.opts.Rate, w.opts.ChunkSize = true, 50, 1
			var posts, late atomic.Int64
			w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
				n := posts.Add(1)
				if n > 20 {
					late.Add(1)
				}
				return nil, n >= 20, last
			}
			w.withinADay(rows(spread(200, 20)...))
			if n := late.Load(); n > 0 {
				t.Errorf("%s: %d requests left after it", name, n)
			}
		})
	}
}

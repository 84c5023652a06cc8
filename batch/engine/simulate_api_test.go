package engine_test

import (
	"bytes"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// drawAPI draws an API. What no client could cope with is left out: that it
// acts later than 25 s after it was asked, and the list shows that later than
// 38 s after it acted, which is together less than two settle times.
func drawAPI(r *rand.Rand, seed uint64) sandbox.Config {
	cfg := sandbox.Config{
		Seed: seed, PageSize: pick(r, 3, 3, 7, 50, 500), FirstPage: r.IntN(2), NewestFirst: r.IntN(2) == 0,
		PageZero: pick(r, sandbox.PageZeroEmpty, sandbox.PageZeroError, sandbox.PageZeroSame),
		Latency:  pick(r, 0, 100*time.Millisecond, 3*time.Second), Jitter: pick(r, 0, time.Second),
		LateBy: pick(r, time.Second, 25*time.Second), SlowBy: pick(r, 2*time.Second, time.Minute),
		ListLag:         pick(r, 0, 0, 10*time.Second, 38*time.Second),
		PartialRefusals: r.IntN(3) == 0, UpperCaseAnswers: r.IntN(3) == 0,
		RateLimit: pick(r, 0, 0, 1.0, 20), RateBurst: pick(r, 1, 10), RetryAfter: pick(r, 0, 2*time.Second),
		MaxPeople: pick(r, 0, 0, 7, 1),
		Faults:    map[sandbox.Fault]float64{}, Applications: map[string]string{},
	}
	most := pick(r, 0, 0.01, 0.04, 0.1)
	for _, f := range sandbox.Faults() {
		if r.IntN(3) == 0 {
			cfg.Faults[f.Fault] = most * r.Float64()
		}
	}
	if r.IntN(4) == 0 {
		cfg.Deleted = []string{interviewID(0)}
	}
	return cfg
}

// An outage is when and how the list misbehaves, by the time since a run began.
type outage struct {
	from, to time.Duration
	how      func(q client.ListRequest) error
	hides    bool // people, all the time: see account
	largest  int  // page that may be asked for, all the time; 0: any
}

func (s *simulation) list(q client.ListRequest) ([]client.Entry, bool, error) {
	if s.outage.largest > 0 && q.Limit > s.outage.largest {
		return nil, true, &client.Error{Fate: client.Refused, StatusCode: 400, Message: "limit is too large"}
	}
	at := time.Since(s.begun)
	if s.outage.how == nil || at < s.outage.from || at > s.outage.to {
		return nil, false, nil
	}
	err := s.outage.how(q)
	return nil, err != nil, err
}

// drawOutage draws how the list misbehaves in a run. That it refuses an
// interview which exists is left out: then nobody can know who was invited
// elsewhere, and the run says so. So is a largest page that changes: page 0 alone
// refused looks as if pages were counted from 1.
func (s *simulation) drawOutage() outage {
	failsIf := func(failing func(q client.ListRequest) bool) func(client.ListRequest) error {
		return func(q client.ListRequest) error {
			if failing(q) {
				return err500
			}
			return nil
		}
	}
	from := time.Duration(pick(s.Rand, 0, 0, s.IntN(120))) * time.Second
	largest := pick(s.Rand, 0, 0, 0, 50)
	if s.noList {
		largest = 0
	}
	interview, page := s.lines[s.IntN(len(s.lines))].InterviewID, 1+s.IntN(2)
	return outage{
		from:  from,
		to:    from + time.Duration(pick(s.Rand, 20, 100, 3600, 3600))*time.Second,
		hides: !s.anyApplication() && s.IntN(3) == 0 && !s.isOf("addresses") && !s.isOf("late") && !s.noList && s.deletes == nil,
		how: pick(s.Rand,
			nil,
			failsIf(func(client.ListRequest) bool { return true }),
			failsIf(func(q client.ListRequest) bool { return q.InterviewID == interview }),
			failsIf(func(q client.ListRequest) bool { return q.InterviewID == interview }),
			failsIf(func(q client.ListRequest) bool { return q.InterviewID == interview && q.Page == page }),
			failsIf(func(q client.ListRequest) bool { return q.Page == page }),
			failsIf(func(q client.ListRequest) bool { return q.Page == 0 })),
		largest: largest,
	}
}

// weather is what stands before the sandbox: outages, and books of the run
// under way.
type weather struct {
	outage outage

	mu       sync.Mutex // requests may outlive their run
	spells   []spell
	arrivals []time.Time // requests of the run under way
	held     time.Time   // when it was last told to wait
	until    time.Time   // and until when
	early    int         // requests that did not wait
}

// A spell is a time in which requests do not get through as usual.
type spell struct {
	from, to time.Time
	path     string // "": all
	name     string
	meet     func(w http.ResponseWriter, r *http.Request) (met bool)
}

// drawSpells draws the weather of the next run.
func (s *simulation) drawSpells() {
	s.outage = s.drawOutage()
	s.drawMood()
	var spells []spell
	for range pick(s.Rand, 0, 0, 1, 3) {
		from := time.Now().Add(time.Duration(s.IntN(pick(s.Rand, 5, 200))) * time.Second)
		sp := spell{
			from: from, to: from.Add(time.Duration(pick(s.Rand, 3, 40, 400)) * time.Second),
			path: pick(s.Rand, "", "/interview/invite", "/interview/invites"),
		}
		s.drawMeeting(&sp)
		spells = append(spells, sp)
	}
	if s.outage.hides { // of people in doubt, or it would be in vain
		from := time.Now().Add(time.Duration(s.IntN(10)) * time.Second)
		spells = append(spells, spell{
			from: from, to: from.Add(20 * time.Second), path: "/interview/invite", name: "lost answers", meet: s.loseAnswer,
		})
	}
	for _, sp := range spells {
		s.log.add("%s from %v to %v at %q", sp.name, sp.from.Sub(s.log.begun), sp.to.Sub(s.log.begun), sp.path)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spells = spells
}

func (s *simulation) drawMeeting(sp *spell) {
	answer := func(status int, retryAfter string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			if retryAfter != "" {
				w.Header().Set("Retry-After", retryAfter)
			}
			w.WriteHeader(status)
			return true
		}
	}
	limiter := rate.NewLimiter(rate.Limit(pick(s.Rand, 0.2, 1, 3)), 1)
	tooMany := answer(429, pick(s.Rand, "", "1", "60"))
	switch s.IntN(8) {
	case 0:
		sp.name, sp.meet = "502", answer(502, "")
	case 1:
		sp.name, sp.meet = "503 with Retry-After", answer(503, "20")
	case 2:
		sp.name, sp.meet = "throttling", func(w http.ResponseWriter, r *http.Request) bool {
			return !limiter.Allow() && tooMany(w, r)
		}
	case 3:
		sp.name, sp.meet = "silence", func(_ http.ResponseWriter, r *http.Request) bool {
			<-r.Context().Done() // the client leaves
			return true
		}
	case 4:
		sp.name, sp.meet = "resets", func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }
	case 5:
		sp.name, sp.meet = "slowness", func(http.ResponseWriter, *http.Request) bool {
			time.Sleep(4 * time.Second)
			return false
		}
	case 6, 7:
		sp.name, sp.meet = "lost answers", s.loseAnswer
	}
}

// loseAnswer lets the API act, and nobody hear of it.
func (s *simulation) loseAnswer(_ http.ResponseWriter, r *http.Request) bool {
	s.api.ServeHTTP(httptest.NewRecorder(), r)
	panic(http.ErrAbortHandler)
}

// ServeHTTP is the API.
func (s *simulation) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body) // else nobody would notice that the client leaves
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	hash := fnv.New32a()
	hash.Write(body)
	now := time.Now()
	s.log.add("%s %s %d %08x", r.Method, r.URL, len(body), hash.Sum32())
	defer s.heard(w, r)
	for _, sp := range s.arrived(now) {
		if now.Before(sp.from) || now.After(sp.to) || sp.path != "" && sp.path != r.URL.Path {
			continue
		}
		if sp.meet(w, r) {
			return
		}
	}
	s.api.ServeHTTP(w, r)
}

// arrived notes a request, and returns the spells that it may meet.
func (w *weather) arrived(at time.Time) []spell {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.arrivals = append(w.arrivals, at)
	if at.After(w.held.Add(longestTurn)) && at.Before(w.until) { // those on their way do not know
		w.early++
	}
	return w.spells
}

// tooEarly returns how many requests did not wait for the end of a Retry-After.
func (w *weather) tooEarly() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.early
}

// heard notes that an answer with a Retry-After reaches the run.
func (w *weather) heard(answer http.ResponseWriter, r *http.Request) {
	seconds, err := strconv.Atoi(answer.Header().Get("Retry-After"))
	if err != nil || r.Context().Err() != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if until := now.Add(time.Duration(seconds) * time.Second); until.After(w.until) {
		w.held, w.until = now, until
	}
}

// clear begins the books of another run.
func (w *weather) clear() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.arrivals, w.until, w.early = nil, time.Time{}, 0
}

// closest returns the shortest time in which n requests came, or a long one.
func (w *weather) closest(n int) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	shortest := time.Hour
	for i := n - 1; i < len(w.arrivals); i++ {
		shortest = min(shortest, w.arrivals[i].Sub(w.arrivals[i-n+1]))
	}
	return shortest
}

package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"bulkinvite/client"
)

// A Server is the sandbox: an http.Handler that may serve any number of
// requests at once.
type Server struct {
	cfg        Config
	interviews map[string]bool // nil: all
	deleted    map[string]bool
	dice       *dice
	limiter    *rate.Limiter
	store      *store
	books      tally
	down       [endpoints]atomic.Bool
	rules      atomic.Pointer[[]Rule]
	listShape  atomic.Pointer[ListShape]
	letIn      atomic.Int64 // POSTs that count towards the quota
	pending    atomic.Int64
	answered   client.Invitation // see AnswerShape.Crossed

	ctx    context.Context // until Close
	cancel context.CancelFunc
	late   sync.WaitGroup
	mu     sync.Mutex // of answered, and between Close and the beginning of a late act
}

// New returns a sandbox without anybody invited. The error says what is wrong
// with the Config.
func New(cfg Config) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	d, err := newDice(cfg.Faults, cfg.Seed)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	cfg = cfg.withDefaults()
	s := &Server{
		cfg:        cfg,
		interviews: normalIDs(cfg.Interviews),
		deleted:    normalIDs(cfg.Deleted),
		dice:       d,
		limiter:    rate.NewLimiter(rate.Inf, 0),
		store:      newStore(cfg.Seed),
	}
	if cfg.RateLimit > 0 {
		s.limiter = rate.NewLimiter(rate.Limit(cfg.RateLimit), cfg.RateBurst)
	}
	if err := cmp.Or(s.SetRules(cfg.Rules), s.SetListShape(cfg.ListShape)); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Close ends all waiting: late acts that have not begun never do, requests that
// are waiting to be acted on are reset, and so is every later one. It leaves no
// goroutine behind. The books stay.
func (s *Server) Close() {
	s.mu.Lock()
	s.cancel()
	s.mu.Unlock()
	s.late.Wait()
}

// SetDown takes the endpoints down, or up again: one that is down answers 502
// and does nothing.
func (s *Server) SetDown(posts, lists bool) {
	s.down[postEndpoint].Store(posts)
	s.down[listEndpoint].Store(lists)
}

// ServeHTTP serves the API, and the two paths of the sandbox's own.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method + " " + r.URL.Path {
	case "POST /interview/invite":
		s.servePost(w, r)
	case "GET /interview/invites":
		s.serveList(w, r)
	case "GET /_books":
		s.serveBooks(w, r)
	case "POST /_down":
		s.serveDown(w, r)
	default:
		s.send(w, noSuchPath)
	}
}

func (s *Server) serveDown(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	posts, err1 := strconv.ParseBool(q.Get("posts"))
	lists, err2 := strconv.ParseBool(q.Get("lists"))
	if err1 != nil || err2 != nil {
		http.Error(w, "write it as /_down?posts=1&lists=0", http.StatusBadRequest)
		return
	}
	s.SetDown(posts, lists)
	w.WriteHeader(http.StatusNoContent)
}

// authorised reports whether the request's key is good.
func (s *Server) authorised(r *http.Request) bool {
	key := r.Header.Get("x-api-key")
	return key != "" && (s.cfg.Key == "" || key == s.cfg.Key)
}

// gate returns the answer to a request that does not get through to the API,
// which is down, over the rate or the quota, or struck by the fault before; else nil.
func (s *Server) gate(e endpoint, fault *FaultInfo) *answer {
	switch {
	case s.down[e].Load():
		return &badGateway
	case !s.limiter.Allow():
		if s.cfg.ThrottlesBy503 {
			return &busy
		}
		return &throttled
	case e == postEndpoint && s.cfg.Quota > 0 && s.letIn.Add(1) > int64(s.cfg.Quota):
		return &quotaUsedUp
	}
	return fault.before
}

// fate returns the fault of the nth request at e, by script or chance.
func (s *Server) fate(e endpoint, n int, chance *rand.Rand) *FaultInfo {
	if fault, found := s.cfg.PostScript[n]; found && e == postEndpoint {
		return faultInfo(fault)
	}
	return s.dice.draw(e, chance)
}

// latency returns half of how long a request takes.
func (s *Server) latency(chance *rand.Rand) time.Duration {
	d := s.cfg.Latency
	if s.cfg.Jitter > 0 {
		d += time.Duration(chance.Int64N(int64(s.cfg.Jitter)))
	}
	return d / 2
}

// pause waits for d, and reports whether the sandbox is still open.
func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		case <-s.ctx.Done():
		}
	}
	return s.ctx.Err() == nil
}

// later calls act after d, whoever waits for it, unless Close comes first.
func (s *Server) later(d time.Duration, act func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		return
	}
	s.pending.Add(1)
	s.late.Go(func() {
		defer s.pending.Add(-1)
		if s.pause(s.ctx, d) {
			act()
		}
	})
}

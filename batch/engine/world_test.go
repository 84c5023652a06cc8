package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// input is a Source in memory.
type input []batch.Row

func (in input) Scan(ctx context.Context, f func(*batch.Row) error) error {
	for i := range in {
		row := in[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f(&row); err != nil {
			return err
		}
	}
	return nil
}

func (in input) At(offset int64) (batch.Row, error) { return in[offset], nil }

// rows makes an input of candidates.
func rows(candidates ...batch.Candidate) input {
	in := make(input, len(candidates))
	for i, c := range candidates {
		in[i] = batch.Row{Index: i, Number: i + 2, Line: i + 2, Offset: int64(i), Candidate: c}
	}
	return in
}

// interviewID returns the id of the nth interview.
func interviewID(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", n) }

// people returns n candidates for an interview, one after another.
func people(n, interview int) []batch.Candidate { return named("p", n, interview) }

// named is people whose addresses begin with a name.
func named(name string, n, interview int) []batch.Candidate {
	var list []batch.Candidate
	for i := range n {
		list = append(list, candidate(fmt.Sprintf("%s%d@example.com", name, i), interview))
	}
	return list
}

func candidate(email string, interview int) batch.Candidate {
	return batch.Candidate{Name: "Ann Example", Email: email, InterviewID: interviewID(interview)}
}

// spread returns n candidates over so many interviews, in turn.
func spread(n, interviews int) []batch.Candidate {
	list := people(n, 0)
	for i := range list {
		list[i].InterviewID = interviewID(i % interviews)
	}
	return list
}

// A world is an API and a ledger, in which runs can take place one after
// another, in virtual time.
type world struct {
	*testing.T
	api    *sandbox.Server
	server *http.Server
	pipe   *sandbox.Pipe
	ledger string
	opts   batch.Options
	key    string
	hook   hooked
	source batch.Source // in place of the input; nil: the input itself
	broken bool         // the run is expected to break off
	mayDie bool         // a run may end before the verb at which it is to crash
	crash  int          // the ledger fails from this verb on, as if the process died there; 0: never
	bug    bool         // it panics there

	begins func(*engine.Engine) // called before each run sends
	sent   func(*engine.Engine) // called when it has, before it fetches links
}

// inWorld runs f in a synctest bubble with an API that behaves as cfg says.
func inWorld(t *testing.T, cfg sandbox.Config, f func(w *world)) {
	t.Helper()
	ledgerPath := filepath.Join(t.TempDir(), "ledger.db")
	synctest.Test(t, func(t *testing.T) {
		api, err := sandbox.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{T: t, api: api, pipe: sandbox.NewPipe(), ledger: ledgerPath, key: "key", opts: batch.DefaultOptions()}
		w.server = &http.Server{Handler: api}
		done := make(chan error, 1)
		go func() { done <- w.server.Serve(w.pipe) }()
		defer func() {
			_ = w.server.Close()
			_ = w.pipe.Close()
			<-done
			api.Close()
		}()
		f(w)
	})
}

// A result is what a run left behind.
type result struct {
	err      error
	outcomes []batch.Outcome
	end      batch.End
	reason   string
	warnings []string
	progress engine.Progress
	posts    int // requests to the invite endpoint
	took     time.Duration
	twice    int  // people whom a list shows twice at the end
	missed   bool // not all lists were read for that
}

// client reaches the API with the key of the world.
func (w *world) client() *client.Client {
	w.Helper()
	key, err := client.NewKey(w.key)
	w.must(err)
	c, err := client.New(client.Options{BaseURL: "http://127.0.0.1", Key: key, DialContext: w.pipe.DialContext})
	w.must(err)
	return c
}

// run is a whole run over an input: check, send, outcomes.
func (w *world) run(in input) result { return w.runUnder(w.Context(), in) }

func (w *world) runUnder(ctx context.Context, in input) result {
	w.Helper()
	c := w.client()
	defer c.Close()
	store, err := ledger.Open(w.Context(), w.ledger, ledger.Options{})
	w.must(err)
	defer func() { w.must(store.Close()) }()
	run, err := store.Begin(w.Context(), ledger.RunInfo{BaseURL: "http://127.0.0.1", Input: "test", Rows: len(in)})
	w.must(err)
	var source batch.Source = in
	if w.source != nil {
		source = w.source
	}
	plan, err := plan.Check(w.Context(), source, w.opts)
	w.must(err)
	var book batch.Ledger = run
	if w.crash > 0 {
		book = &dyingLedger{Ledger: run, left: w.crash, bug: w.bug}
	}
	w.hook.API = c
	engine, err := engine.New(source, plan, book, &w.hook, w.opts)
	w.must(err)
	defer func() { w.must(engine.Close()) }()

	if w.begins != nil {
		w.begins(engine)
	}
	posts, begun := w.api.Posts(), time.Now()
	err = engine.Run(ctx)
	if w.sent != nil {
		w.sent(engine)
	}
	err = errors.Join(err, engine.FetchLinks(ctx))
	if breaks := w.crash > 0 || w.broken; breaks && err == nil && !w.mayDie {
		w.Error("the run did not notice that its ledger or its input failed")
	} else if !breaks {
		w.must(err)
	}
	r := result{err: err, posts: w.api.Posts() - posts, took: time.Since(begun), warnings: engine.Warnings(), progress: engine.Progress()}
	r.end, r.reason = engine.End()
	r.twice, r.missed = engine.Twice(), engine.MissedLastLook()
	for i := range in {
		o, err := engine.Outcome(&in[i])
		w.must(err)
		r.outcomes = append(r.outcomes, o)
	}
	if w.crash > 0 || w.broken {
		return r
	}
	w.must(run.End(w.Context(), map[string]int{}, 0))
	if p := r.progress; p.InDoubt != 0 && r.end == batch.Finished || p.Done > p.People {
		w.Errorf("the run ended %d with %+v", r.end, p)
	}
	return r
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// hooked is an API that may answer in place of the sandbox: where a hook
// reports true.
type hooked struct {
	batch.API
	invite func(client.InviteRequest) ([]client.Invitation, bool, error)
	list   func(client.ListRequest) ([]client.Entry, bool, error)
}

func (h *hooked) Invite(ctx context.Context, req client.InviteRequest) ([]client.Invitation, error) {
	if h.invite != nil {
		if invitations, answered, err := h.invite(req); answered {
			return invitations, err
		}
	}
	return h.API.Invite(ctx, req)
}

func (h *hooked) Invites(ctx context.Context, req client.ListRequest) ([]client.Entry, error) {
	if h.list != nil {
		if entries, answered, err := h.list(req); answered {
			return entries, err
		}
	}
	return h.API.Invites(ctx, req)
}

// dyingLedger fails from some claim or settlement on: what was written before
// is all that the next run knows, as after a crash.
type dyingLedger struct {
	batch.Ledger
	mu   sync.Mutex
	left int
	bug  bool
}

var errDied = errors.New("died")

func (l *dyingLedger) verb() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.left--; l.left < 0 {
		if l.bug {
			panic("the ledger")
		}
		return errDied
	}
	return nil
}

func (l *dyingLedger) Claim(ctx context.Context, req batch.Request) (batch.Claim, error) {
	if err := l.verb(); err != nil {
		return batch.Claim{}, err
	}
	return l.Ledger.Claim(ctx, req)
}

func (l *dyingLedger) Settle(ctx context.Context, id int64, a batch.Answer) error {
	if err := l.verb(); err != nil {
		return err
	}
	return l.Ledger.Settle(ctx, id, a)
}

// Remember is no verb at which the process dies, but it does nothing afterwards.
func (l *dyingLedger) Remember(ctx context.Context, name, value string) error {
	l.mu.Lock()
	dead := l.left < 0
	l.mu.Unlock()
	if dead {
		return errDied
	}
	return l.Ledger.Remember(ctx, name, value)
}

// elsewhere invites these people without a run, as in the dashboard.
func (w *world) elsewhere(in input) {
	for _, row := range in {
		w.api.Invite(sandbox.Person{InterviewID: row.Candidate.InterviewID, Email: row.Candidate.Email})
	}
}

// onceEach checks that everybody was invited exactly once, and nobody else.
func (w *world) onceEach(in input) {
	w.Helper()
	want := map[sandbox.Person]int{}
	for _, row := range in {
		want[sandbox.Person{InterviewID: row.Candidate.InterviewID, Email: strings.ToLower(row.Candidate.Email)}] = 1
	}
	wrong := 0
	for p, n := range w.api.Sessions() {
		if want[p] != n {
			wrong++
			w.Errorf("%v was invited %d times, want %d", p, n, want[p])
		}
		delete(want, p)
		if wrong > 5 {
			break
		}
	}
	if len(want) > 0 && wrong == 0 {
		w.Errorf("%d people were not invited, such as %v", len(want), slices.Collect(maps.Keys(want))[0])
	}
}

// honest checks that what a run that broke off says of each row is true: nobody
// who may have been invited is called not_sent.
func (w *world) honest(in input, r result) {
	w.Helper()
	time.Sleep(time.Minute) // what is under way arrives
	sessions := w.api.Sessions()
	for i, o := range r.outcomes {
		c := in[i].Candidate
		n := sessions[sandbox.Person{InterviewID: c.InterviewID, Email: c.Email}]
		switch {
		case o.Status != "" && n == 0:
			w.Fatalf("row %d was not invited: %+v", i, o)
		case o.Status == "" && o.Code != batch.CodeUncertain && n > 0:
			w.Fatalf("row %d was invited: %+v", i, o)
		}
	}
}

// links checks that every row has the status and the right link.
func (w *world) links(in input, r result, statuses ...batch.Status) {
	w.Helper()
	for i, o := range r.outcomes {
		c := in[i].Candidate
		id, url := w.api.Link(sandbox.Person{InterviewID: c.InterviewID, Email: strings.ToLower(c.Email)})
		if !slices.Contains(statuses, o.Status) || o.CandidateID != id || o.InviteURL != url {
			w.Fatalf("row %d (%s): %+v, want %v with %s %s", i, c.Email, o, statuses, id, url)
		}
	}
}

// count returns how many rows have each status or code.
func (r result) count() map[string]int {
	counts := map[string]int{}
	for _, o := range r.outcomes {
		counts[string(o.Status)+string(o.Code)]++
	}
	return counts
}

func (w *world) counts(r result, want map[string]int) {
	w.Helper()
	if got := r.count(); !maps.Equal(got, want) {
		w.Errorf("outcomes %v, want %v (the run ended %d: %s; %v)", got, want, r.end, r.reason, r.warnings)
		for i, o := range r.outcomes {
			if o.Code != "" {
				w.Logf("for example row %d: %+v", i, o)
				break
			}
		}
	}
}

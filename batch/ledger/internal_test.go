package ledger

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bulkinvite/batch"
)

func testRun(t *testing.T) (*Store, *Run) {
	t.Helper()
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	r, err := s.Begin(t.Context(), RunInfo{BaseURL: "https://api.example"})
	if err != nil {
		t.Fatal(err)
	}
	return s, r
}

// A full disk ends the run, and what was written before is still known.
func TestFailedCommit(t *testing.T) {
	s, r := testRun(t)
	ctx := t.Context()
	if err := inviteChunk(r, benchKeys(0, 50)); err != nil {
		t.Fatal(err)
	}
	c, err := r.Claim(ctx, batch.Request{Kind: batch.KindInvite, InterviewID: benchInterview, People: benchKeys(50, 60)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.Exec("pragma max_page_count = 1"); err != nil { // SQLite makes it as many as there are
		t.Fatal(err)
	}
	if err = inviteChunk(r, benchKeys(100, 150)); err == nil {
		t.Fatal("a chunk fits onto a full disk")
	}
	if !strings.Contains(err.Error(), "full") {
		t.Errorf("the error does not tell why: %v", err)
	}
	if _, err := s.write.Exec("pragma max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	settled := batch.Answer{Outcomes: []batch.Settlement{{Key: benchKey(50), State: batch.StateInvited}}}
	if r.Settle(ctx, c.ID, settled) == nil || inviteChunk(r, benchKeys(200, 250)) == nil || r.End(ctx, nil, 0) == nil {
		t.Error("a ledger goes on after a failed commit")
	}
	got, err := r.Lookup(ctx, []batch.Key{benchKey(0), benchKey(50), benchKey(200)})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []batch.State{batch.StateInvited, batch.StateSending, batch.StateNone} {
		if got[i].State != want {
			t.Errorf("key %d is %q, want %q", i, got[i].State, want)
		}
	}
}

// An operation that was handed over is awaited though its context ends.
func TestHandedOverIsAwaited(t *testing.T) {
	s, r := testRun(t)
	tx, err := s.write.Begin() // the writer has to wait for the only connection
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := r.Claim(ctx, batch.Request{Kind: batch.KindInvite, InterviewID: benchInterview, People: benchKeys(0, 1)})
		done <- err
	}()
	for s.write.Stats().WaitCount == 0 {
		runtime.Gosched()
	}
	cancel()
	_, err = r.Claim(ctx, batch.Request{Kind: batch.KindInvite, InterviewID: benchInterview, People: benchKeys(1, 2)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a claim that was not handed over: %v", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Errorf("a claim that was handed over: %v", err)
	}
	got, err := r.Lookup(t.Context(), benchKeys(0, 2))
	if err != nil || got[0].State != batch.StateSending || got[1].State != batch.StateNone {
		t.Errorf("%+v, %v", got, err)
	}
}

// In one group, the later ones build on what the earlier ones decided, and what
// is wrong with one harms nobody else.
func TestGroup(t *testing.T) {
	s, r := testRun(t)
	hold, err := s.write.Begin() // the writer has to wait for the only connection
	if err != nil {
		t.Fatal(err)
	}
	invite := func(from, to int) (*claim, *group) {
		c := newClaim(r, &batch.Request{Kind: batch.KindInvite, InterviewID: benchInterview, People: benchKeys(from, to)})
		g, err := r.add(func() ([]row, error) { return c.decide(r) })
		if err != nil {
			t.Fatal(err)
		}
		return c, g
	}
	invite(100, 101)
	for s.write.Stats().WaitCount == 0 {
		runtime.Gosched()
	}
	a, first := invite(0, 10)
	if r.Settle(t.Context(), 99, batch.Answer{}) == nil {
		t.Error("a stray settlement")
	}
	b, second := invite(9, 20)
	if first != second || a.answer.Held[9] != nil || b.answer.Held[0] == nil || b.answer.Held[1] != nil {
		t.Errorf("held: %v", b.answer.Held)
	}
	if err := hold.Rollback(); err != nil {
		t.Fatal(err)
	}
	if <-second.done; second.err != nil {
		t.Error(second.err)
	}
}

// A request that is not yet written is known to all who ask, however many come
// after it.
func TestUnwrittenIsKnown(t *testing.T) {
	const people = 20_000 // more than are kept when they are written
	s, r := testRun(t)
	hold, err := s.write.Begin()
	if err != nil {
		t.Fatal(err)
	}
	var last *group
	for start := 0; start < people; start += 1000 {
		c := newClaim(r, &batch.Request{Kind: batch.KindInvite, InterviewID: benchInterview, People: benchKeys(start, start+1000)})
		if last, err = r.add(func() ([]row, error) { return c.decide(r) }); err != nil {
			t.Fatal(err)
		}
	}
	lookAllUp(t, r, benchKeys(0, people), batch.StateSending)
	if err := hold.Rollback(); err != nil {
		t.Fatal(err)
	}
	<-last.done
	if err := inviteChunk(r, benchKeys(people, people+1)); err != nil {
		t.Fatal(err)
	}
	lookAllUp(t, r, benchKeys(0, people), batch.StateSending)
}

func TestRefusesKeysThatCannotBeFoundAgain(t *testing.T) {
	_, r := testRun(t)
	for name, req := range map[string]batch.Request{
		"kind":      {Kind: "call", InterviewID: "i", People: []batch.Key{{InterviewID: "i", Email: "a@x.co"}}},
		"interview": {Kind: batch.KindInvite, InterviewID: "i", People: []batch.Key{{InterviewID: "j", Email: "a@x.co"}}},
		"text":      {Kind: batch.KindInvite, InterviewID: "i", People: []batch.Key{{InterviewID: "i", Email: "a\xff@x.co"}}},
	} {
		if _, err := r.Claim(t.Context(), req); err == nil {
			t.Errorf("%s: claimed", name)
		}
	}
}

// The ledger works in virtual time, as tests of its users need it.
func TestInBubble(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	synctest.Test(t, func(t *testing.T) {
		s, err := Open(t.Context(), path, Options{})
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Begin(t.Context(), RunInfo{BaseURL: "https://api.example"})
		if err != nil {
			t.Fatal(err)
		}
		req := batch.Request{
			Kind: batch.KindResend, InterviewID: benchInterview, People: benchKeys(0, 1), ResendAfter: 24 * time.Hour,
		}
		for _, free := range []bool{true, false, true} {
			c, err := r.Claim(t.Context(), req)
			if err != nil || (c.ID != 0) != free {
				t.Errorf("%+v, %v", c, err)
			}
			time.Sleep(12 * time.Hour)
			synctest.Wait()
		}
		if err := errors.Join(r.End(t.Context(), nil, 0), s.Close()); err != nil {
			t.Error(err)
		}
	})
}

// A bug in the writer is told to everybody who waits for it, and to whoever
// comes later; the ledger can be closed and knows what was durable.
func TestBugInTheWriter(t *testing.T) {
	s, r := testRun(t)
	ctx := t.Context()
	if err := inviteChunk(r, benchKeys(0, 50)); err != nil {
		t.Fatal(err)
	}
	r.addAnswer = nil // the writer will not bear that
	c, err := r.Claim(ctx, batch.Request{Kind: batch.KindInvite, InterviewID: benchInterview, People: benchKeys(50, 60)})
	if err != nil {
		t.Fatal(err)
	}
	var bug *batch.Panic
	err = r.Settle(ctx, c.ID, batch.Answer{Outcomes: []batch.Settlement{{Key: benchKey(50), State: batch.StateInvited}}})
	if !errors.As(err, &bug) {
		t.Errorf("settle: %v", err)
	}
	if err := inviteChunk(r, benchKeys(100, 150)); !errors.As(err, &bug) {
		t.Errorf("claim: %v", err)
	}
	if err := r.End(ctx, nil, 1); !errors.As(err, &bug) {
		t.Errorf("end: %v", err)
	}
	path := s.Path()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err = Open(ctx, path, Options{}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if r, err = s.Begin(ctx, RunInfo{BaseURL: "https://api.example"}); err != nil {
		t.Fatal(err)
	}
	got, err := r.Lookup(ctx, []batch.Key{benchKey(0), benchKey(50), benchKey(100)})
	if err != nil || got[0].State != batch.StateInvited || got[1].State != batch.StateSending || got[2].State != batch.StateNone {
		t.Errorf("%+v, %v", got, err)
	}
}

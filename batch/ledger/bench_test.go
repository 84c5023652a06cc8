package ledger

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
)

const (
	benchInterview = "123e4567-e89b-12d3-a456-426614174000"
	benchChunk     = 50
)

func benchKey(i int) batch.Key {
	return batch.Key{InterviewID: benchInterview, Email: fmt.Sprintf("candidate.number.%d@example.com", i)}
}

func benchKeys(from, to int) []batch.Key {
	keys := make([]batch.Key, 0, to-from)
	for i := from; i < to; i++ {
		keys = append(keys, benchKey(i))
	}
	return keys
}

// invite claims and settles the people from..to as 16 workers would.
func invite(tb testing.TB, r *Run, from, to int) {
	var next atomic.Int64
	next.Store(int64(from))
	var g errgroup.Group
	for range 16 {
		g.Go(func() error {
			for {
				start := int(next.Add(benchChunk)) - benchChunk
				if start >= to {
					return nil
				}
				if err := inviteChunk(r, benchKeys(start, min(start+benchChunk, to))); err != nil {
					return err
				}
			}
		})
	}
	if err := g.Wait(); err != nil {
		tb.Fatal(err)
	}
}

func inviteChunk(r *Run, keys []batch.Key) error {
	ctx := context.Background()
	c, err := r.Claim(ctx, batch.Request{Kind: batch.KindInvite, InterviewID: benchInterview, People: keys})
	if err != nil {
		return err
	}
	answer := batch.Answer{StatusCode: 200, Message: "Invitations sent successfully"}
	for i, k := range keys {
		if c.Held[i] != nil {
			return fmt.Errorf("%v is held: %v", k, *c.Held[i])
		}
		answer.Outcomes = append(answer.Outcomes, batch.Settlement{
			Key: k, State: batch.StateInvited,
			CandidateID: benchInterview,
			InviteURL:   "https://interview.micro1.ai/intro/micro1?cid=" + benchInterview,
		})
	}
	return r.Settle(ctx, c.ID, answer)
}

func benchRun(tb testing.TB, path string) (*Store, *Run) {
	s, err := Open(context.Background(), path, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	r, err := s.Begin(context.Background(), RunInfo{BaseURL: "https://public.api.micro1.ai"})
	if err != nil {
		tb.Fatal(err)
	}
	return s, r
}

// BenchmarkLedger measures a ledger that gets a million people and then, in a
// run that looks nobody up before, another. Run it with -benchtime 1x.
func BenchmarkLedger(b *testing.B) {
	const known = 1_000_000
	path := filepath.Join(b.TempDir(), "ledger.db")
	s, r := benchRun(b, path)
	timed(b, "first-million-rows/s", known, func() { invite(b, r, 0, known) })
	timed(b, "indexed-rows/s", known, func() {
		if err := r.End(b.Context(), nil, 0); err != nil {
			b.Fatal(err)
		}
	})
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	s, r = benchRun(b, path)
	defer s.Close()
	b.ResetTimer()
	timed(b, "lookups/s", known, func() { lookAllUp(b, r, benchKeys(0, known), batch.StateInvited) })
	shuffled := benchKeys(0, known)
	rand.Shuffle(known, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	timed(b, "shuffled-lookups/s", known/10, func() { lookAllUp(b, r, shuffled[:known/10], batch.StateInvited) })
	timed(b, "second-million-rows/s", known, func() { invite(b, r, known, 2*known) })
	timed(b, "tail-lookups/s", known, func() { lookAllUp(b, r, benchKeys(known, 2*known), batch.StateInvited) })
	timed(b, "unknown-lookups/s", known, func() { lookAllUp(b, r, benchKeys(2*known, 3*known), batch.StateNone) })
}

func lookAllUp(tb testing.TB, r *Run, keys []batch.Key, want batch.State) {
	for start := 0; start < len(keys); start += 1_000 {
		records, err := r.Lookup(context.Background(), keys[start:min(start+1_000, len(keys))])
		if err != nil {
			tb.Fatal(err)
		}
		for i := range records {
			if records[i].State != want {
				tb.Fatalf("%v: %q", keys[start+i], records[i].State)
			}
		}
	}
}

func timed(b *testing.B, what string, n int, f func()) {
	start := time.Now()
	f()
	b.ReportMetric(float64(n)/time.Since(start).Seconds(), what)
}

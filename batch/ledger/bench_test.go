package ledger

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
)

const (
	benchInterview = "123e4567-e89b-12d3-a456-426614174000"
	benchChunk     = 50
)

var benchPeople = flag.Int("people", 1_000_000, "people in the ledger that BenchmarkLedger measures")

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

func benchEnd(tb testing.TB, s *Store, r *Run) {
	if err := r.End(tb.Context(), nil, 0); err != nil {
		tb.Fatal(err)
	}
	if err := s.Close(); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkLedger measures a run that invites as many people as the flag
// -people says, then one that looks them and others up, and then one that adds
// a thousand. It logs CPU times, which other work on the machine disturbs less
// than those on the clock. Run it with -benchtime 1x; ten million people take
// minutes and 3 GB.
func BenchmarkLedger(b *testing.B) {
	people := *benchPeople
	asked := min(people, 1_000_000)
	path := filepath.Join(b.TempDir(), "ledger.db")
	s, r := benchRun(b, path)
	timed(b, "claim+settle", people, func() { invite(b, r, 0, people) })
	own := benchKeys(people-min(people, 100_000), people)
	timed(b, "lookup-own", len(own), func() { lookAllUp(b, r, own, batch.StateInvited) })
	timed(b, "end", people, func() { benchEnd(b, s, r) })

	timed(b, "begin", people, func() { s, r = benchRun(b, path) })
	known, unknown := benchKeys(0, asked), benchKeys(people, people+asked)
	shuffled := make([]batch.Key, asked)
	for i, n := range rand.Perm(asked) {
		shuffled[i] = benchKey(n) // made anew: of a file, too, neighbours lie side by side in memory
	}
	ordered := timed(b, "lookup", asked, func() { lookAllUp(b, r, known, batch.StateInvited) })
	mixed := timed(b, "lookup-shuffled", asked, func() { lookAllUp(b, r, shuffled, batch.StateInvited) })
	b.Logf("shuffled takes %.2f times as long as in the ledger's order", mixed/ordered)
	b.ReportMetric(mixed/ordered, "shuffled/ordered")
	timed(b, "lookup-unknown", asked, func() { lookAllUp(b, r, unknown, batch.StateNone) })
	timed(b, "lookup-2-callers", asked, func() {
		var g errgroup.Group
		for _, half := range [][]batch.Key{known[:asked/2], known[asked/2:]} {
			g.Go(func() error {
				lookAllUp(b, r, half, batch.StateInvited)
				return nil
			})
		}
		_ = g.Wait()
	})
	benchEnd(b, s, r)

	timed(b, "thousand-more", 1000, func() {
		s, r = benchRun(b, path)
		lookAllUp(b, r, unknown[:1000], batch.StateNone)
		invite(b, r, people, people+1000)
		benchEnd(b, s, r)
	})
}

func lookAllUp(tb testing.TB, r *Run, keys []batch.Key, want batch.State) {
	for start := 0; start < len(keys); start += 1_000 {
		records, err := r.Lookup(context.Background(), keys[start:min(start+1_000, len(keys))])
		if err != nil {
			tb.Error(err)
			return
		}
		for i := range records {
			if records[i].State != want {
				tb.Errorf("%v: %q", keys[start+i], records[i].State)
				return
			}
		}
	}
}

// timed logs how long f takes for n people, and returns the CPU time in seconds.
func timed(b *testing.B, what string, n int, f func()) (cpu float64) {
	start, before := time.Now(), usage(b)
	f()
	took, after := time.Since(start).Seconds(), usage(b)
	cpu = float64(after.Utime.Nano()+after.Stime.Nano()-before.Utime.Nano()-before.Stime.Nano()) / 1e9
	b.Logf("%-17s %8d people: %9.0f/s, %6.2f s, %6.2f s CPU, %6.2f µs CPU each; peak %4d MiB so far", what, n,
		float64(n)/took, took, cpu, cpu/float64(n)*1e6, after.Maxrss>>10)
	return cpu
}

func usage(b *testing.B) (u syscall.Rusage) {
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u
}

package outlet

import (
	"context"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"
)

// sendMany lets workers send through a pacer for a while and returns when the
// requests went. late is how long a worker sleeps too long, at most.
func sendMany(t *testing.T, rate float64, burst, workers int, lasting time.Duration) []time.Time {
	t.Helper()
	p := newPacer(rate, burst)
	ctx, cancel := context.WithTimeout(t.Context(), lasting)
	defer cancel()
	times := make(chan time.Time, int(rate*lasting.Seconds())+burst+10)
	var g errgroup.Group
	for range workers {
		g.Go(func() error {
			for {
				went, err := p.wait(ctx)
				if err != nil {
					return nil
				}
				times <- went
				time.Sleep(time.Duration(rand.IntN(200)) * time.Millisecond)
			}
		})
	}
	_ = g.Wait()
	close(times)
	var all []time.Time
	for at := range times {
		all = append(all, at)
	}
	return all
}

// busiest returns how many of the times, which are in order, lie within one
// second at most.
func busiest(times []time.Time) int {
	most, first := 0, 0
	for i, at := range times {
		for at.Sub(times[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

func TestPacerKeepsAndUsesTheRate(t *testing.T) {
	for _, tc := range []struct {
		rate  float64
		burst int
	}{{0.5, 1}, {0.9, 1}, {1, 1}, {1.9, 1}, {2.5, 1}, {5, 1}, {5.9, 1}, {20, 1}, {20, 5}, {100, 1}, {100, 20}} {
		synctest.Test(t, func(t *testing.T) {
			times := sendMany(t, tc.rate, tc.burst, 64, 60*time.Second)
			if most := busiest(times); float64(most) > tc.rate+float64(tc.burst) && most > 1 {
				t.Errorf("rate %v, burst %d: %d requests in one second", tc.rate, tc.burst, most)
			}
			if want := 0.99 * 60 * tc.rate; float64(len(times)) < want {
				t.Errorf("rate %v, burst %d: %d requests in a minute, want %v", tc.rate, tc.burst, len(times), want)
			}
		})
	}
}

// Pauses between requests, as a late goroutine or a slow disk makes them, do
// not bunch requests above the rate afterwards.
func TestPacerDoesNotCatchUpBeyondTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(20, 1)
		var times []time.Time
		for range 1000 {
			went, err := p.wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			times = append(times, went)
			if rand.IntN(10) == 0 {
				time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond)
			}
		}
		if most := busiest(times); most > 21 {
			t.Errorf("%d requests in one second", most)
		}
	})
}

// Who wakes late goes no closer to the next than the rate allows.
func TestPacerOfLateWakers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(20, 1)
		var times []time.Time
		for range 1000 {
			if err := p.schedule(t.Context()); err != nil {
				t.Fatal(err)
			}
			if rand.IntN(5) == 0 {
				time.Sleep(time.Duration(rand.IntN(120)) * time.Millisecond)
			}
			went, pause := p.leave()
			for pause > 0 {
				time.Sleep(pause)
				went, pause = p.leave()
			}
			times = append(times, went)
		}
		if most := busiest(times); most > 21 {
			t.Errorf("%d requests in one second", most)
		}
	})
}

func TestPacerHalvesOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(16, 1)
		var went []time.Time
		for range 4 {
			at, err := p.wait(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			went = append(went, at)
		}
		for _, at := range went {
			p.throttled(at)
		}
		if rate, _ := p.state(); rate != 8 {
			t.Errorf("rate %v after one overload, want 8", rate)
		}
		at, _ := p.wait(t.Context())
		p.throttled(at)
		if rate, _ := p.state(); rate < 4 || rate > 4.5 {
			t.Errorf("rate %v after two, want about 4", rate)
		}
	})
}

func TestPacerObeysRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(10, 1)
		at, _ := p.wait(t.Context())
		p.hold(7 * time.Second)
		var g errgroup.Group
		for range 5 {
			g.Go(func() error {
				next, err := p.wait(t.Context())
				if next.Sub(at) < 7*time.Second {
					t.Errorf("a request went %v after the answer", next.Sub(at))
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			t.Error(err)
		}
	})
}

func TestPacerGrowsBackAndNotAbove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(10, 1)
		at, _ := p.wait(t.Context())
		p.throttled(at)
		for range 1200 {
			if _, err := p.wait(t.Context()); err != nil {
				t.Fatal(err)
			}
			if rate, _ := p.state(); rate > 10 {
				t.Fatalf("rate %v is above the ceiling", rate)
			}
		}
		if rate, _ := p.state(); rate != 10 {
			t.Errorf("rate %v after two minutes without a 429", rate)
		}
	})
}

// What the API cost us by its 429s is told: nothing without any, the length of
// a Retry-After, and of a halved rate until it is back.
func TestPacerKnowsHowLongItWasSlowedDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(10, 1)
		_, _ = p.wait(t.Context())
		p.hold(0)
		time.Sleep(time.Minute)
		if got := p.slowedFor(); got != 0 {
			t.Errorf("slowed down for %v by nothing", got)
		}
		p.hold(7 * time.Second)
		time.Sleep(3 * time.Second)
		if got := p.slowedFor(); got != 3*time.Second {
			t.Errorf("slowed down for %v, want the 3s so far", got)
		}
		if got := p.heldFor(); got != 4*time.Second {
			t.Errorf("held for another %v, want 4s", got)
		}
		_, _ = p.wait(t.Context())
		if got := p.slowedFor(); got != 7*time.Second {
			t.Errorf("slowed down for %v, want 7s", got)
		}
		at, _ := p.wait(t.Context())
		p.throttled(at)
		begun := time.Now()
		for rate := 0.0; rate < 10; rate, _ = p.state() {
			_, _ = p.wait(t.Context())
		}
		back := time.Since(begun)
		_, _ = p.wait(t.Context())
		time.Sleep(time.Hour)
		if got := p.slowedFor() - 7*time.Second; got < back || got > back+time.Second {
			t.Errorf("slowed down for %v, want %v", got, back)
		}
	})
}

func TestPacerGivesUpItsPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(0.1, 1)
		if _, err := p.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := p.wait(ctx); err == nil {
			t.Error("a request went after the end of its context")
		}
	})
}

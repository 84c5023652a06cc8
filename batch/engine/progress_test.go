package engine_test

import (
	"maps"
	"sync"
	"testing"
	"time"

	"bulkinvite/batch/engine"
	"bulkinvite/client/sandbox"
)

// What a run counts of the API's answers is what the API has answered.
func TestTrafficAgreesWithTheBooks(t *testing.T) {
	faults := map[sandbox.Fault]float64{
		sandbox.Before429: 0.05, sandbox.After504: 0.05, sandbox.Before502: 0.05, sandbox.BeforeDrop: 0.05,
		sandbox.List500: 0.1, sandbox.List429: 0.1,
	}
	inWorld(t, sandbox.Config{Seed: 7, Faults: faults}, func(w *world) {
		w.opts.ChunkSize = 5
		var run *engine.Engine
		w.begins = func(e *engine.Engine) { run = e }
		r := w.run(rows(spread(300, 3)...))
		got, want := run.Traffic(), w.api.Books().Statuses
		if !maps.Equal(got.Requests, want) {
			w.Errorf("requests by status %v, and the API's books say %v", got.Requests, want)
		}
		if got.Throttled <= 0 || got.Throttled > r.took {
			w.Errorf("throttled for %v of %v", got.Throttled, r.took)
		}
	})
}

// Progress knows what is left, and what it is that a run waits for.
func TestProgressKnowsWhatIsLeft(t *testing.T) {
	script := map[int]sandbox.Fault{1: sandbox.After500}
	inWorld(t, sandbox.Config{PostScript: script}, func(w *world) {
		var mu sync.Mutex
		at := map[time.Duration]engine.Progress{}
		w.begins = func(e *engine.Engine) {
			look := func(d time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				at[d] = e.Progress()
			}
			look(0)
			for _, d := range []time.Duration{10 * time.Second, 50 * time.Second} {
				time.AfterFunc(d, func() { look(d) })
			}
		}
		w.opts.ChunkSize = 4
		r := w.run(rows(people(4, 0)...))
		mu.Lock()
		defer mu.Unlock()
		if p := at[0]; p.Unsent != 4 || p.RequestsLeft != 1 || p.ListIn != 0 {
			w.Errorf("at the beginning: %+v", p)
		}
		if p := at[10*time.Second]; p.InDoubt != 4 || p.Unsent != 0 || p.RequestsLeft != 0 || p.ListIn < 24*time.Second || p.ListIn > 26*time.Second {
			w.Errorf("when the answer was lost: %+v", p)
		}
		if p := at[50*time.Second]; p.Done != 4 || p.InDoubt != 0 || p.LinksLeft != 4 {
			w.Errorf("while links are fetched: %+v", p)
		}
		if p := r.progress; p.Unsent != 0 || p.LinksLeft != 0 {
			w.Errorf("at the end: %+v", p)
		}
	})
}

// Who stays behind because of a limit is not waited for.
func TestProgressKnowsTheLimit(t *testing.T) {
	inWorld(t, sandbox.Config{}, func(w *world) {
		w.opts.ChunkSize, w.opts.Limit = 10, 20
		w.begins = func(e *engine.Engine) {
			if p := e.Progress(); p.People != 1000 || p.Unsent != 20 || p.RequestsLeft != 2 {
				w.Errorf("at the beginning: %+v", p)
			}
		}
		if p := w.run(rows(people(1000, 0)...)).progress; p.Unsent != 0 {
			w.Errorf("at the end: %+v", p)
		}
	})
}

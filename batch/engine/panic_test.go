package engine_test

import (
	"bytes"
	"context"
	"errors"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// A bug in any goroutine of a run ends it in order: what is under way is
// awaited, what is said of each row is true, and the next run does the rest.
func TestBugEndsTheRunInOrder(t *testing.T) {
	for name, plant := range map[string]func(w *world, in input){
		"in a worker that sends": func(w *world, _ input) {
			w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) {
				if w.api.Posts() == 4 {
					panic("the worker of zoe@example.com")
				}
				return nil, false, nil
			}
		},
		"in every worker": func(w *world, _ input) {
			w.hook.invite = func(client.InviteRequest) ([]client.Invitation, bool, error) { panic(errors.New("all")) }
		},
		"in a worker that reads a list": func(w *world, _ input) {
			w.hook.list = func(q client.ListRequest) ([]client.Entry, bool, error) {
				if q.InterviewID == interviewID(1) {
					panic("the list")
				}
				return nil, false, nil
			}
		},
		"in the ledger": func(w *world, _ input) { w.crash, w.bug = 6, true },
		"in the prober": func(w *world, _ input) {
			w.api.SetDown(true, false)
			w.hook.list = func(client.ListRequest) ([]client.Entry, bool, error) {
				if bytes.Contains(debug.Stack(), []byte("ProbeList")) {
					panic("the prober")
				}
				return nil, false, nil
			}
			w.opts.NoPreflight = true
		},
		"in the input while it is sent": func(w *world, in input) { w.source = &buggySource{input: in, at: 300} },
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, sandbox.Config{Latency: time.Second}, func(w *world) {
				in := rows(spread(600, 3)...)
				told := 0
				w.opts.Concurrency = 4
				w.opts.Panicked = func(*batch.Panic) { told++ }
				w.broken = true
				plant(w, in)
				r := w.run(in)
				var bug *batch.Panic
				if !errors.As(r.err, &bug) || !strings.Contains(bug.Stack, "_test.go") || told != 1 {
					t.Errorf("told %d times of %v", told, r.err)
				}
				if strings.Contains(r.err.Error(), "zoe@") {
					t.Errorf("an address is not masked: %v", r.err)
				}
				if r.took > 2*time.Minute {
					t.Errorf("the run took %v", r.took)
				}
				w.honest(in, r)
				w.hook.invite, w.hook.list, w.source, w.crash, w.broken = nil, nil, nil, 0, false
				w.api.SetDown(false, false)
				w.run(in)
				w.onceEach(in)
			})
		})
	}
}

// A buggySource breaks at a row of its second pass.
type buggySource struct {
	input
	at     int
	passes int
}

func (s *buggySource) Scan(ctx context.Context, f func(*batch.Row) error) error {
	s.passes++
	return s.input.Scan(ctx, func(row *batch.Row) error {
		if s.passes == 2 && row.Index == s.at {
			panic("the input")
		}
		return f(row)
	})
}

package app

import (
	"bytes"
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
)

// backlogLines is how many lines wait for a reader of stderr at most: more than
// a run logs in many hours, unless everything goes wrong.
const backlogLines = 4096

// A backlog is a writer that never waits for whoever reads: not for a pipe that
// is full, nor for a terminal that Ctrl-S has stopped. Sending must not. Once
// too many lines wait, the oldest are dropped, since what comes last matters
// most, and their number is told when somebody reads again.
//
// zerolog's diode is meant for this. It was not taken because its waiter may
// miss a line until the next one comes, and because a collision of two writers
// can keep all that follows from being written.
type backlog struct {
	to     io.Writer
	notice func(dropped int) // writes to to

	todo    chan func() // of the writer: a line to write, or somebody to tell
	dropped atomic.Int64
	ending  chan struct{}
	endOnce sync.Once
	writer  errgroup.Group
}

func newBacklog(to io.Writer, notice func(dropped int)) *backlog {
	b := &backlog{to: to, notice: notice, todo: make(chan func(), backlogLines), ending: make(chan struct{})}
	b.writer.Go(batch.Guard(b.writeAll))
	return b
}

// Write implements io.Writer. It keeps a copy, and what it is given in one call
// together.
func (b *backlog) Write(p []byte) (int, error) {
	line := bytes.Clone(p)
	b.add(func() { b.write(line) })
	return len(p), nil
}

func (b *backlog) add(f func()) {
	for {
		select {
		case b.todo <- f:
			return
		default:
		}
		select {
		case <-b.todo:
			b.dropped.Add(1)
		default: // the writer was quicker
		}
	}
}

func (b *backlog) writeAll() error {
	for {
		select {
		case f := <-b.todo:
			f()
		case <-b.ending:
			for len(b.todo) > 0 {
				(<-b.todo)()
			}
			return nil
		}
	}
}

func (b *backlog) write(line []byte) {
	if n := b.dropped.Swap(0); n > 0 {
		b.notice(int(n))
	}
	_, _ = b.to.Write(line) // nobody reading is no reason to stop, nor to complain
}

// Flush writes what waits, if somebody reads.
func (b *backlog) Flush() {
	written := make(chan struct{})
	b.add(func() { close(written) })
	Patiently(ended(), func() { <-written })
}

// End is flush, after which nothing is written any more.
func (b *backlog) End() {
	b.endOnce.Do(func() {
		close(b.ending)
		Patiently(ended(), func() { _ = b.writer.Wait() }) // a bug there must not take others along
	})
}

// ended returns a context that is done.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// lastWords is how long the end of the program waits for those who do not read.
const lastWords = time.Second

// Patiently calls f, which may have to wait for somebody to read, and waits for
// it, but no longer than lastWords once ctx is done. It reports whether f has
// returned.
func Patiently(ctx context.Context, f func()) bool {
	returned := make(chan struct{})
	var g errgroup.Group // not waited for, if nobody ever reads
	g.Go(batch.Guard(func() error {
		defer close(returned)
		f()
		return nil
	}))
	select {
	case <-returned:
		return true
	case <-ctx.Done():
	}
	select {
	case <-returned:
		return true
	case <-time.After(lastWords):
		return false
	}
}

package app

import (
	"bytes"
	"context"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
)

// backlogLines is how many lines may wait for a reader of stderr: more than most
// runs log in many hours.
const backlogLines = 4096

// A backlog is a writer that never waits for its reader, because sending must wait
// neither for a full pipe nor for a terminal that Ctrl-S has stopped. If too many
// lines wait, it drops the oldest, since the last lines matter most, and writes
// their number when somebody reads again. On a terminal it can keep a progress bar
// below its lines.
//
// It replaces zerolog's diode, whose waiter may miss a line until the next one
// comes, and which may stop for good when two writers collide.
type backlog struct {
	to     io.Writer
	notice func(to io.Writer, dropped int)

	todo    chan func()   // for the writer: it writes a line, or signals that all before it is written
	redraw  chan struct{} // for the writer: the bar has changed
	bar     atomic.Pointer[string]
	dropped atomic.Int64
	ending  chan struct{}
	endOnce sync.Once
	writer  errgroup.Group
}

func newBacklog(to io.Writer, notice func(to io.Writer, dropped int)) *backlog {
	b := &backlog{to: to, notice: notice, todo: make(chan func(), backlogLines), redraw: make(chan struct{}, 1), ending: make(chan struct{})}
	b.writer.Go(batch.Guard(b.writeAll))
	return b
}

// Write implements io.Writer. It keeps the bytes of one call together.
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
		case <-b.redraw:
			b.write(nil)
		case <-b.ending:
			for len(b.todo) > 0 {
				(<-b.todo)()
			}
			return nil
		}
	}
}

func (b *backlog) write(line []byte) {
	var text bytes.Buffer
	bar := b.bar.Load()
	if bar != nil && len(line) > 0 {
		text.WriteString("\r" + strings.Repeat(" ", len(*bar)+len("^C")) + "\r")
	}
	if n := b.dropped.Swap(0); n > 0 {
		b.notice(&text, int(n))
	}
	text.Write(line)
	if bar != nil {
		text.WriteString("\r" + *bar)
	}
	_, _ = b.to.Write(text.Bytes()) // nobody reading is no reason to stop, nor to complain
}

// ShowBar shows a line on the terminal below all that is written, in place of the
// one before. It needs room for ^C behind it, which a terminal shows there.
func (b *backlog) ShowBar(line string) {
	b.bar.Store(&line)
	select {
	case b.redraw <- struct{}{}:
	default: // it is to be drawn already
	}
}

// EndBar shows the last line and leaves it as it stands.
func (b *backlog) EndBar(line string) {
	b.add(func() {
		b.bar.Store(nil)
		b.write([]byte("\r" + line + "\n"))
	})
}

// Flush waits until all lines are written, if somebody reads.
func (b *backlog) Flush() {
	written := make(chan struct{})
	b.add(func() { close(written) })
	Patiently(ended(), func() { <-written })
}

// End is Flush, and ends the writing.
func (b *backlog) End() {
	b.endOnce.Do(func() {
		close(b.ending)
		Patiently(ended(), func() { _ = b.writer.Wait() }) // its bug must not hide the run's error
	})
}

// ended returns a context that is done.
func ended() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// lastWords is how long the program waits for a reader at its end.
const lastWords = time.Second

// Patiently calls f, which may wait for a reader, and returns when f does, or
// lastWords after ctx is done.
func Patiently(ctx context.Context, f func()) {
	returned := make(chan struct{})
	var g errgroup.Group // not waited for, if nobody ever reads
	g.Go(batch.Guard(func() error {
		defer close(returned)
		f()
		return nil
	}))
	select {
	case <-returned:
		return
	case <-ctx.Done():
	}
	select {
	case <-returned:
	case <-time.After(lastWords):
	}
}

package main

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"bulkinvite/batch"
)

const (
	logInterval = 30 * time.Second       // between log lines, without a terminal
	barInterval = 200 * time.Millisecond // between two looks at the progress, on a terminal
	paceWindow  = 30 * time.Second       // over which the rate of people is averaged
)

// A pace tells how many people per second are dealt with, over the last
// paceWindow: an average over the whole run would be spoiled by the people
// whom the ledger knows, who take no time at all.
type pace struct {
	samples []sample // oldest first
}

type sample struct {
	at   time.Time
	done int
}

// add notes how many people were done at a time.
func (p *pace) add(at time.Time, done int) {
	for len(p.samples) > 1 && at.Sub(p.samples[1].at) >= paceWindow {
		p.samples = p.samples[1:]
	}
	p.samples = append(p.samples, sample{at, done})
}

// perSecond is 0 as long as nothing is known.
func (p *pace) perSecond() float64 {
	if len(p.samples) < 2 {
		return 0
	}
	oldest, newest := p.samples[0], p.samples[len(p.samples)-1]
	elapsed := newest.at.Sub(oldest.at).Seconds()
	if elapsed <= 0 {
		return 0
	}
	return float64(newest.done-oldest.done) / elapsed
}

// left says in words how long the rest takes at this pace.
func (p *pace) left(rest int) string {
	perSecond := p.perSecond()
	if perSecond <= 0 {
		return "?"
	}
	return roughly(time.Duration(float64(rest) / perSecond * float64(time.Second)))
}

// logProgress writes a log line every logInterval until ctx is done. That is
// for pipes and files, which a bar would fill with carriage returns.
func logProgress(ctx context.Context, log zerolog.Logger, progress func() batch.Progress) error {
	ticker := time.NewTicker(logInterval)
	defer ticker.Stop()
	var pace pace
	pace.add(time.Now(), progress().Done)
	for {
		select {
		case <-ctx.Done():
			return nil // the run's end is no error
		case now := <-ticker.C:
			p := progress()
			pace.add(now, p.Done)
			log.Info().
				Int("done", p.Done).Int("people", p.People).
				Int("invited", p.Invited).Int("already_invited", p.Already).
				Int("failed", p.Failed).Int("in_doubt", p.InDoubt).
				Int("requests", p.Requests).Float64("rate", p.Rate).
				Str("left", pace.left(p.People-p.Done)).
				Msg("sending")
		}
	}
}

// A bar is the progress on a terminal.
type bar struct {
	container *mpb.Progress
	bar       *mpb.Bar
	pace      pace
	// What stands before and after the bar. mpb draws in a goroutine of its
	// own, so it is handed finished words.
	head, tail atomic.Pointer[string]
}

// showProgress draws a bar on the terminal until ctx is done. While it is
// there, log lines go above it.
func showProgress(ctx context.Context, terminal io.Writer, logTo *logWriter, progress func() batch.Progress) error {
	b := newBar(terminal, progress())
	logTo.setAbove(b.container)
	defer func() {
		b.show(time.Now(), progress())
		b.bar.Abort(false) // leaves the bar as it stands, whether it is full or not
		patiently(ctx, b.container.Wait)
		logTo.setAbove(nil)
	}()
	ticker := time.NewTicker(barInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil // the run's end is no error
		case now := <-ticker.C:
			b.show(now, progress())
		}
	}
}

func newBar(terminal io.Writer, p batch.Progress) *bar {
	b := &bar{container: mpb.New(mpb.WithOutput(terminal), mpb.WithRefreshRate(barInterval), mpb.WithAutoRefresh())}
	b.show(time.Now(), p)
	// Total 0 means "not known" to mpb: a run without people has no bar that
	// is complete before the run is.
	b.bar = b.container.AddBar(int64(p.People),
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return *b.head.Load() })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return *b.tail.Load() })),
	)
	return b
}

// show takes over where the run stands.
func (b *bar) show(now time.Time, p batch.Progress) {
	b.pace.add(now, p.Done)
	head := fmt.Sprintf("%d/%d ", p.Done, p.People)
	tail := fmt.Sprintf(" %.3g/s, %s left; invited %d, failed %d, in doubt %d",
		b.pace.perSecond(), b.pace.left(p.People-p.Done), p.Invited, p.Failed, p.InDoubt)
	b.head.Store(&head)
	b.tail.Store(&tail)
	if b.bar != nil {
		b.bar.SetCurrent(int64(p.Done))
	}
}

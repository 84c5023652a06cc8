package send

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"bulkinvite/batch/engine"
	"bulkinvite/cmd/bulkinvite/app"
)

const (
	barInterval = 200 * time.Millisecond // between two looks at the progress, on a terminal
	barWidth    = 8                      // columns with the space around it, at least, unless the terminal is very narrow
)

// logProgress logs the progress every LogInterval until ctx is done. It is for
// pipes and files, which a bar would fill with carriage returns.
func logProgress(ctx context.Context, log zerolog.Logger, m *meter) error {
	ticker := time.NewTicker(app.LogInterval)
	defer ticker.Stop()
	m.read() // the pace begins here
	for {
		select {
		case <-ctx.Done():
			return nil // the run's end is no error
		case <-ticker.C:
			s := m.read()
			log.Info().Func(s.fields).Msg("sending")
		}
	}
}

// A bar shows the progress on a terminal.
type bar struct {
	container *mpb.Progress
	bar       *mpb.Bar
	meter     *meter
	over      bool // nothing is sent any more
	// mpb draws in a goroutine of its own, so it is handed finished words.
	label atomic.Pointer[label]
}

// A label is the text before and after the bar.
type label struct {
	head  string
	tails []string // the longest first
}

// tail returns the longest tail that leaves room for the bar.
func (l *label) tail(room int) string {
	for _, tail := range l.tails {
		if len(tail)+barWidth <= room {
			return tail
		}
	}
	return l.tails[len(l.tails)-1]
}

// showProgress draws a bar on the terminal until ctx is done. Log lines go above
// it meanwhile.
func showProgress(ctx context.Context, terminal io.Writer, logTo *app.LogWriter, m *meter) error {
	progress := m.progress
	b := newBar(terminal, m)
	logTo.SetAbove(b.container)
	defer func() {
		b.show(time.Now(), progress())
		b.bar.Abort(false) // leaves the bar as it stands, whether it is full or not
		app.Patiently(ctx, b.container.Wait)
		logTo.SetAbove(nil)
	}()
	ticker := time.NewTicker(barInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			b.over = true
			return nil // the run's end is no error
		case now := <-ticker.C:
			b.show(now, progress())
		}
	}
}

func newBar(terminal io.Writer, m *meter) *bar {
	b := &bar{
		container: mpb.New(mpb.WithOutput(terminal), mpb.WithRefreshRate(barInterval), mpb.WithAutoRefresh()),
		meter:     m,
	}
	p := m.progress()
	b.show(time.Now(), p)
	// A bar that is given its total at once is complete, and not drawn any
	// more, when everybody is dealt with: links are fetched after that.
	b.bar = b.container.AddBar(0,
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return b.label.Load().head })),
		mpb.AppendDecorators(decor.Any(func(s decor.Statistics) string { return b.label.Load().tail(s.AvailableWidth) })),
	)
	b.bar.SetTotal(int64(p.People), false)
	return b
}

// show updates the bar.
func (b *bar) show(now time.Time, p engine.Progress) {
	s := b.meter.at(now, p)
	b.label.Store(s.label(b.over))
	if b.bar != nil {
		b.bar.SetCurrent(int64(p.Done))
	}
}

// label returns the text around a bar. It is as wide as it can ever get, so that
// the bar does not move while numbers grow.
func (s *reading) label(over bool) *label {
	l := &label{
		head:  fmt.Sprintf("%*d/%d", len(strconv.Itoa(s.People)), s.Done, s.People),
		tails: s.tails(over),
	}
	if over {
		return l // it stays as it is
	}
	widest := *s
	widest.Invited, widest.Failed, widest.InDoubt = s.People, s.People, s.People
	widest.perSecond, widest.left = 99999, "99h59m"
	for i, tail := range widest.tails(false) {
		l.tails[i] = fmt.Sprintf("%-*s", len(tail), l.tails[i])
	}
	return l
}

// tails returns the texts that may stand behind the bar, the longest first.
func (s *reading) tails(over bool) []string {
	doubt := fmt.Sprintf("in doubt %d", s.InDoubt)
	failed := fmt.Sprintf("failed %d, %s", s.Failed, doubt)
	all := fmt.Sprintf("invited %d, %s", s.Invited, failed)
	left := s.left + " left"
	switch {
	case over:
		return []string{all, failed, doubt}
	case s.waiting != "":
		return []string{s.waiting + "; " + all, s.waiting + "; " + failed, s.waiting + "; " + doubt, s.waiting}
	default:
		return []string{fmt.Sprintf("%s/s, %s; %s", shortly(s.perSecond), left, all), left + "; " + all, left + "; " + failed, left}
	}
}

// shortly writes a rate in a few characters.
func shortly(perSecond float64) string {
	if perSecond < 10 {
		return strconv.FormatFloat(perSecond, 'f', 1, 64)
	}
	return strconv.FormatFloat(perSecond, 'f', 0, 64)
}

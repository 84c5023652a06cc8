package send

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"bulkinvite/cmd/bulkinvite/app"
)

const (
	barInterval = 200 * time.Millisecond // between two drawings of the bar
	barWidth    = 8                      // at least, in columns, with the spaces around it; less on a very narrow terminal
)

// logProgress logs the progress every LogInterval until ctx is done. It is for pipes
// and files, which a bar would fill with carriage returns.
func logProgress(ctx context.Context, log zerolog.Logger, m *meter) {
	m.read() // the pace begins here
	app.Every(ctx.Done(), app.LogInterval, func() {
		s := m.read()
		log.Info().Func(s.fields).Msg("sending")
	})
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

// showProgress draws a bar on the terminal, below the log, until ctx is done.
func (s *sender) showProgress(ctx context.Context, m *meter) {
	draw := func(over bool) string {
		r := m.read()
		return r.bar(s.Columns()-len("^C")-1, over) // in the last column some terminals begin a new line
	}
	app.Every(ctx.Done(), barInterval, func() { s.Stderr.ShowBar(draw(false)) })
	s.Stderr.EndBar(draw(true))
}

// bar draws the progress in a line of so many columns.
func (s *reading) bar(columns int, over bool) string {
	l := s.label(over)
	tail := l.tail(columns - len(l.head))
	width := max(columns-len(l.head)-len(tail)-len(" [] "), 0)
	done := width
	if s.People > 0 {
		done = width * s.Done / s.People
	}
	filled := strings.Repeat("=", done)
	if 0 < done && done < width {
		filled = filled[1:] + ">"
	}
	line := fmt.Sprintf("%s [%s%s] %s", l.head, filled, strings.Repeat("-", width-done), tail)
	return line[:min(len(line), max(columns, 0))]
}

// label returns the text around a bar. It is as wide as it can become, so that the
// bar does not move while the numbers grow.
func (s *reading) label(over bool) *label {
	l := &label{
		head:  fmt.Sprintf("%*d/%d", len(strconv.Itoa(s.People)), s.Done, s.People),
		tails: s.tails(over),
	}
	if over {
		return l // the numbers do not grow any more
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

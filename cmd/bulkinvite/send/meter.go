package send

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
	"bulkinvite/cmd/bulkinvite/app"
)

const (
	paceWindow = 30 * time.Second // over which the rate of people is averaged
	paceKnown  = 10 * time.Second // from when on the average says something
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

// span is how long the samples were taken for.
func (p *pace) span() time.Duration {
	if len(p.samples) == 0 {
		return 0
	}
	return p.samples[len(p.samples)-1].at.Sub(p.samples[0].at)
}

// perSecond is 0 as long as nothing is known.
func (p *pace) perSecond() float64 {
	span := p.span().Seconds()
	if span <= 0 {
		return 0
	}
	return float64(p.samples[len(p.samples)-1].done-p.samples[0].done) / span
}

// A meter reads where a run stands. The display does, and whoever asks.
type meter struct {
	progress func() batch.Progress

	mu   sync.Mutex
	pace pace
}

// A reading is where a run stands, for people.
type reading struct {
	batch.Progress
	perSecond float64 // people dealt with
	left      string  // how long the rest takes; "?" if nobody can tell
	waiting   string  // what keeps everything from going on; or ""
}

// read returns where the run stands now.
func (m *meter) read() reading { return m.at(time.Now(), m.progress()) }

// at takes p for where the run stands at a time.
func (m *meter) at(now time.Time, p batch.Progress) reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pace.add(now, p.Done)
	s := reading{Progress: p, perSecond: m.pace.perSecond(), left: "?", waiting: waitingFor(p)}
	if left, known := m.timeLeft(p); known && (s.waiting == "" || p.Held > 0) {
		s.left = app.Roughly(left)
	}
	return s
}

// timeLeft is how long the rest takes at the rate that is allowed, or at the
// pace of the last seconds if that is slower: the API may be slow, or the lists
// that have to be read many.
func (m *meter) timeLeft(p batch.Progress) (left time.Duration, known bool) {
	requests := p.RequestsLeft + p.LinksLeft
	seconds := float64(requests) / p.Rate
	if span := m.pace.span(); span >= paceKnown && p.Unsent > 0 && p.Held == 0 {
		if m.pace.perSecond() == 0 && span >= paceWindow {
			return 0, false // nothing moves
		}
		if byPace := float64(p.Unsent) / m.pace.perSecond(); !math.IsInf(byPace, 0) {
			seconds = max(seconds, byPace)
		}
	}
	if p.InDoubt > 0 {
		seconds = max(seconds, p.ListIn.Seconds()) // the list ends no doubt before it is read
	}
	seconds += p.Held.Seconds()
	const long = 1000 * time.Hour
	if !(seconds < long.Seconds()) {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// waitingFor says what it is that a run in which nothing is sent waits for.
func waitingFor(p batch.Progress) string {
	switch {
	case p.Done >= p.People && p.LinksLeft > 0:
		return "fetching " + batch.Count(p.LinksLeft, "link")
	case p.Done >= p.People:
		return ""
	case p.Held >= time.Second:
		return fmt.Sprintf("waiting %s, as the API asks", app.Roughly(p.Held))
	case p.Down:
		return "the API is down, trying again"
	case p.InDoubt > 0 && p.Unsent == 0 && p.ListIn > 0:
		return fmt.Sprintf("waiting %s for the API's list", app.Roughly(p.ListIn))
	case p.InDoubt > 0 && p.Unsent == 0:
		return "reading the API's list"
	default:
		return ""
	}
}

// fields are the reading as fields of a log line.
func (s *reading) fields(e *zerolog.Event) {
	e.Int("done", s.Done).Int("people", s.People).
		Int("invited", s.Invited).Int("already_invited", s.Already).
		Int("failed", s.Failed).Int("in_doubt", s.InDoubt).
		Int("requests", s.Requests).Float64("rate", app.Round(s.Rate)).
		Float64("people_per_second", app.Round(s.perSecond)).Str("left", s.left)
	if s.waiting != "" {
		e.Str("waiting", s.waiting)
	}
}

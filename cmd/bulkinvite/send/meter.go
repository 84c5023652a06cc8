package send

import (
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
	"bulkinvite/batch/engine"
	"bulkinvite/cmd/bulkinvite/app"
)

const (
	paceWindow = 30 * time.Second // the time of the average
	paceKnown  = 10 * time.Second // an average over a shorter time says nothing
)

// A pace measures how many people per second are done, over the last paceWindow. An
// average over the whole run would be too high, since people that the ledger knows
// take no time.
type pace struct {
	samples []sample // oldest first
}

type sample struct {
	at   time.Time
	done int
}

// add adds a sample.
func (p *pace) add(at time.Time, done int) {
	for len(p.samples) > 1 && at.Sub(p.samples[1].at) >= paceWindow {
		p.samples = p.samples[1:]
	}
	p.samples = append(p.samples, sample{at, done})
}

// span returns the time between the oldest and the newest sample.
func (p *pace) span() time.Duration {
	if len(p.samples) == 0 {
		return 0
	}
	return p.samples[len(p.samples)-1].at.Sub(p.samples[0].at)
}

// perSecond returns 0 until it is known.
func (p *pace) perSecond() float64 {
	span := p.span().Seconds()
	if span <= 0 {
		return 0
	}
	return float64(p.samples[len(p.samples)-1].done-p.samples[0].done) / span
}

// A meter reads the progress of a run, for the display and for AskSignal.
type meter struct {
	progress func() engine.Progress

	mu   sync.Mutex
	pace pace
}

// A reading is the progress of a run, for people.
type reading struct {
	engine.Progress
	perSecond float64 // people done
	left      string  // how long the rest takes; "?" if that is unknown
	waiting   string  // what the run waits for; or ""
}

// read returns the progress now.
func (m *meter) read() reading { return m.at(time.Now(), m.progress()) }

// at returns the reading of p, the progress at this time.
func (m *meter) at(now time.Time, p engine.Progress) reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.pace.add(now, p.Done)
	s := reading{Progress: p, perSecond: m.pace.perSecond(), left: "?", waiting: waitingFor(p)}
	if left, known := m.timeLeft(p); known && (s.waiting == "" || p.Held > 0) {
		s.left = app.Roughly(left)
	}
	return s
}

// timeLeft returns how long the rest takes at the allowed rate, or at the present
// pace if that is slower: the API may be slow, or have many lists to read.
func (m *meter) timeLeft(p engine.Progress) (left time.Duration, known bool) {
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
		seconds = max(seconds, p.ListIn.Seconds()) // the list settles nobody before it is read
	}
	seconds += p.Held.Seconds()
	const long = 1000 * time.Hour
	if !(seconds < long.Seconds()) {
		return 0, false
	}
	return time.Duration(seconds * float64(time.Second)), true
}

// waitingFor describes what a run waits for, "" for nothing.
func waitingFor(p engine.Progress) string {
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

// fields adds the reading to a log line.
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

package history

import "time"

// A Timeline counts requests over time, each at the moment at which it was
// written into the ledger. That is shortly before it left: in a quarter of a
// second at most so many are written ahead as may leave, or two.
type Timeline struct {
	Start time.Time
	Width time.Duration // of a bin
	Bins  []Bin
}

// A Bin counts the requests of one stretch of time, without those known not to
// have been sent.
type Bin struct {
	Accepted int // answered 200
	Other    int
}

// binWidths are those that people can do sums with.
var binWidths = []time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour,
}

// mostBins is how many bins a timeline has, unless it is of months.
const mostBins = 60

// newTimeline makes bins from the first to the last request.
func newTimeline(first, last time.Time) Timeline {
	t := Timeline{Start: first}
	if first.IsZero() {
		return t
	}
	span := max(last.Sub(first), 0) // the clock may have been set back
	for _, t.Width = range binWidths {
		if span/t.Width < mostBins {
			break
		}
	}
	t.Bins = make([]Bin, span/t.Width+1)
	return t
}

// at returns the bin of a moment; the next best one if the clock has jumped.
func (t *Timeline) at(moment time.Time) *Bin {
	n := int(moment.Sub(t.Start) / t.Width)
	return &t.Bins[max(0, min(n, len(t.Bins)-1))]
}

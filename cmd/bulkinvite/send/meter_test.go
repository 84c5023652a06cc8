package send

import (
	"testing"
	"time"

	"bulkinvite/batch/engine"
)

func TestPaceForgetsWhatIsLongAgo(t *testing.T) {
	var p pace
	now := time.Now()
	if p.perSecond() != 0 {
		t.Error("something is known before anything happened")
	}
	p.add(now, 0)
	p.add(now.Add(time.Second), 100000) // those whom the ledger knows
	for i := 1; i <= 60; i++ {
		p.add(now.Add(time.Second+time.Duration(i)*time.Second), 100000+10*i)
	}
	if got := p.perSecond(); got < 9.9 || got > 10.1 {
		t.Errorf("%v people per second, want 10", got)
	}
	if len(p.samples) > 40 {
		t.Errorf("%d samples are kept", len(p.samples))
	}
}

// Time left is that of the requests left at the rate that is allowed, longer if
// people are dealt with more slowly than that, and not known if nothing moves.
// While nothing can go on, it is said what for.
func TestStanding(t *testing.T) {
	for _, test := range []struct {
		name          string
		before        int           // people done
		lasting       time.Duration // since then
		now           engine.Progress
		left, waiting string
	}{
		{"at the beginning", 0, 0, engine.Progress{People: 1000, Unsent: 1000, RequestsLeft: 20, Rate: 5}, "4s", ""},
		{"as fast as allowed", 0, 20 * time.Second, engine.Progress{People: 10000, Done: 5000, Unsent: 5000, RequestsLeft: 100, Rate: 5}, "20s", ""},
		{"a slow API", 0, 20 * time.Second, engine.Progress{People: 10000, Done: 500, Unsent: 9500, RequestsLeft: 190, Rate: 5}, "6m20s", ""},
		{"most were known", 0, 20 * time.Second, engine.Progress{People: 10000, Done: 9000, Already: 9000, Unsent: 1000, RequestsLeft: 20, Rate: 0.5}, "40s", ""},
		{"slowed down", 0, time.Second, engine.Progress{People: 1000, Unsent: 1000, RequestsLeft: 20, Rate: 0.5}, "40s", ""},
		{"nothing moves", 10, 30 * time.Second, engine.Progress{People: 1000, Done: 10, Unsent: 990, RequestsLeft: 20, Rate: 5}, "?", ""},
		{"Retry-After", 10, 30 * time.Second, engine.Progress{People: 1000, Done: 10, Unsent: 990, RequestsLeft: 20, Rate: 5, Held: 2 * time.Minute}, "2m", "waiting 2m, as the API asks"},
		{"down", 10, 30 * time.Second, engine.Progress{People: 1000, Done: 10, Unsent: 990, RequestsLeft: 20, Rate: 5, Down: true}, "?", "the API is down, trying again"},
		{"some in doubt", 0, time.Second, engine.Progress{People: 1000, InDoubt: 50, Unsent: 950, RequestsLeft: 19, Rate: 5, ListIn: 34 * time.Second}, "34s", ""},
		{"all in doubt", 0, time.Second, engine.Progress{People: 100, Done: 50, InDoubt: 50, Rate: 5, ListIn: 35 * time.Second}, "?", "waiting 35s for the API's list"},
		{"asking", 0, time.Second, engine.Progress{People: 100, Done: 50, InDoubt: 50, Rate: 5}, "?", "reading the API's list"},
		{"links", 0, time.Second, engine.Progress{People: 100, Done: 100, LinksLeft: 1, Rate: 5}, "?", "fetching 1 link"},
		{"the end", 0, time.Second, engine.Progress{People: 100, Done: 100, Rate: 5}, "0s", ""},
	} {
		var m meter
		begun := time.Now()
		m.at(begun, engine.Progress{People: test.now.People, Done: test.before, Rate: test.now.Rate})
		s := m.at(begun.Add(test.lasting), test.now)
		if s.left != test.left || s.waiting != test.waiting {
			t.Errorf("%s: %q left, %q; want %q, %q", test.name, s.left, s.waiting, test.left, test.waiting)
		}
	}
}

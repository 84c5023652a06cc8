package engine

import (
	"testing"
	"time"
)

func TestAbsent(t *testing.T) {
	const settle = 35 * time.Second
	ended := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	after := ended.Add
	first := after(60 * time.Second)
	for _, c := range []struct {
		name    string
		sight   sight
		first   time.Time
		refused bool
		want    absence
	}{
		{"too early", sight{begun: after(34 * time.Second), age: time.Second}, time.Time{}, false, lookAgain},
		{"soon enough, the list is fast", sight{begun: after(settle), age: time.Second}, time.Time{}, false, absentOnce},
		{"as soon, it shows somebody younger", sight{begun: after(settle), newest: after(time.Second)}, time.Time{}, false, absentOnce},
		{"as soon, it shows only older ones", sight{begun: after(settle), newest: after(-time.Second)}, time.Time{}, false, lookAgain},
		{"as soon, the list is slow", sight{begun: after(settle), age: settle + 1}, time.Time{}, false, lookAgain},
		{"four settle times", sight{begun: after(4 * settle)}, time.Time{}, false, absentOnce},
		{"nearly four", sight{begun: after(4*settle - 1)}, time.Time{}, false, lookAgain},
		{"the second one", sight{begun: first.Add(settle), age: time.Second}, first, false, knownAbsent},
		{"the second one too early", sight{begun: first.Add(settle - 1), age: time.Second}, first, false, lookAgain},
		{"the second one of a slow list", sight{begun: first.Add(settle)}, first, false, lookAgain},
		{"the second one after four", sight{begun: first.Add(4 * settle)}, first, false, knownAbsent},

		{"not believed", sight{begun: after(settle), age: time.Second, faults: "x"}, time.Time{}, false, noProof},
		{"not believed, too early", sight{begun: after(0), faults: "x"}, time.Time{}, false, lookAgain},
		{"not believed, before four", sight{begun: after(settle), faults: "x"}, time.Time{}, false, noProof},
		{"there is no list", sight{begun: after(0), noList: true, faults: "x"}, time.Time{}, false, cannotTell},

		{"refused, one look is enough", sight{begun: after(2 * time.Second), age: 2 * time.Second}, time.Time{}, true, knownAbsent},
		{"refused, younger than anybody shown", sight{begun: after(time.Second), age: 2 * time.Second}, time.Time{}, true, lookAgain},
		{"refused, not believed", sight{begun: after(settle), age: time.Second, faults: "x"}, time.Time{}, true, noProof},
		{"refused, nothing is known of the list", sight{begun: after(settle)}, time.Time{}, true, absentOnce},
		{"the same for the second time", sight{begun: first.Add(settle)}, first, true, knownAbsent},
		{"refused, a slow list", sight{begun: after(3 * settle), age: 2 * settle}, time.Time{}, true, knownAbsent},
	} {
		if got := c.sight.absent(ended, c.first, c.refused, settle); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestWriteOff(t *testing.T) {
	for _, c := range []struct {
		name string
		gap  gap
		want bool
	}{
		{"nothing is missing", gap{known: 10}, true},
		{"one, for the first time", gap{missing: 1, known: 10, company: true}, false},
		{"one, for the second time", gap{missing: 1, known: 10, company: true, runs: 1}, false},
		{"one, for the third time", gap{missing: 1, known: 10, company: true, runs: 2}, true},
		{"one whose whole request is missing", gap{missing: 1, known: 10, runs: 5}, false},
		{"two of ten", gap{missing: 2, known: 10, company: true, runs: 5}, false},
		{"two of a hundred", gap{missing: 2, known: 100, company: true, runs: 2}, true},
		{"one missing and one without an address, of a hundred", gap{missing: 1, nameless: 1, known: 100, company: true, runs: 2}, true},
		{"one without an address", gap{nameless: 1, company: true, runs: 2}, true},
	} {
		if got := c.gap.writtenOff(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

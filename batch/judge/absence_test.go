package judge

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
		sight   Sight
		first   time.Time
		refused bool
		want    Absence
	}{
		{"too early", Sight{Begun: after(34 * time.Second), Age: time.Second}, time.Time{}, false, LookAgain},
		{"soon enough, the list is fast", Sight{Begun: after(settle), Age: time.Second}, time.Time{}, false, AbsentOnce},
		{"as soon, it shows somebody younger", Sight{Begun: after(settle), Newest: after(time.Second)}, time.Time{}, false, AbsentOnce},
		{"as soon, it shows only older ones", Sight{Begun: after(settle), Newest: after(-time.Second)}, time.Time{}, false, LookAgain},
		{"as soon, the list is slow", Sight{Begun: after(settle), Age: settle + 1}, time.Time{}, false, LookAgain},
		{"four settle times", Sight{Begun: after(4 * settle)}, time.Time{}, false, AbsentOnce},
		{"nearly four", Sight{Begun: after(4*settle - 1)}, time.Time{}, false, LookAgain},
		{"the second one", Sight{Begun: first.Add(settle), Age: time.Second}, first, false, KnownAbsent},
		{"the second one too early", Sight{Begun: first.Add(settle - 1), Age: time.Second}, first, false, LookAgain},
		{"the second one of a slow list", Sight{Begun: first.Add(settle)}, first, false, LookAgain},
		{"the second one after four", Sight{Begun: first.Add(4 * settle)}, first, false, KnownAbsent},

		{"not believed", Sight{Begun: after(settle), Age: time.Second, Faults: "x"}, time.Time{}, false, NoProof},
		{"not believed, too early", Sight{Begun: after(0), Faults: "x"}, time.Time{}, false, LookAgain},
		{"not believed, before four", Sight{Begun: after(settle), Faults: "x"}, time.Time{}, false, NoProof},
		{"there is no list", Sight{Begun: after(0), NoList: true, Faults: "x"}, time.Time{}, false, CannotTell},

		{"refused, one look is enough", Sight{Begun: after(2 * time.Second), Age: 2 * time.Second}, time.Time{}, true, KnownAbsent},
		{"refused, younger than anybody shown", Sight{Begun: after(time.Second), Age: 2 * time.Second}, time.Time{}, true, LookAgain},
		{"refused, not believed", Sight{Begun: after(settle), Age: time.Second, Faults: "x"}, time.Time{}, true, NoProof},
		{"refused, nothing is known of the list", Sight{Begun: after(settle)}, time.Time{}, true, AbsentOnce},
		{"the same for the second time", Sight{Begun: first.Add(settle)}, first, true, KnownAbsent},
		{"refused, a slow list", Sight{Begun: after(3 * settle), Age: 2 * settle}, time.Time{}, true, KnownAbsent},
	} {
		if got := c.sight.Absent(ended, c.first, c.refused, settle); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestWriteOff(t *testing.T) {
	for _, c := range []struct {
		name string
		gap  Gap
		want bool
	}{
		{"nothing is missing", Gap{Known: 10}, true},
		{"one, for the first time", Gap{Missing: 1, Known: 10, Company: true}, false},
		{"one, for the second time", Gap{Missing: 1, Known: 10, Company: true, Runs: 1}, false},
		{"one, for the third time", Gap{Missing: 1, Known: 10, Company: true, Runs: 2}, true},
		{"one whose whole request is missing", Gap{Missing: 1, Known: 10, Runs: 5}, false},
		{"two of ten", Gap{Missing: 2, Known: 10, Company: true, Runs: 5}, false},
		{"two of a hundred", Gap{Missing: 2, Known: 100, Company: true, Runs: 2}, true},
		{"one missing and one without an address, of a hundred", Gap{Missing: 1, Nameless: 1, Known: 100, Company: true, Runs: 2}, true},
		{"one without an address", Gap{Nameless: 1, Company: true, Runs: 2}, true},
	} {
		if got := c.gap.WrittenOff(); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

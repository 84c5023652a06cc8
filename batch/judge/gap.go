package judge

import (
	"fmt"
	"strings"
)

// What may be missing from a list, or be there without an address, and be
// written off: one in so many of those who are known, or one, if so many earlier
// runs have missed exactly the same.
const (
	writeOffOneIn = 50
	writeOffRuns  = 2
)

// A Gap is what a list lacks.
type Gap struct {
	Missing  int  // people who are known to be invited
	Nameless int  // entries without an address
	Known    int  // people who are known to be invited
	Company  bool // others of the requests of the missing ones are shown
	Runs     int  // earlier runs in a row that missed exactly the same
}

// WrittenOff reports whether a list is believed all the same.
func (g *Gap) WrittenOff() bool {
	n := g.Missing + g.Nameless
	return n == 0 || g.Runs >= writeOffRuns && g.Company && n <= max(1, g.Known/writeOffOneIn)
}

// Words says what a list lacks.
func (g *Gap) Words() string {
	var words []string
	if g.Missing > 0 {
		words = append(words, fmt.Sprintf("lacks %d people who are known to be invited", g.Missing))
	}
	if g.Nameless > 0 {
		words = append(words, fmt.Sprintf("has %d entries without an address", g.Nameless))
	}
	return strings.Join(words, " and ")
}

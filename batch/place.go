package batch

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A Place is where a row stands in the input, and whom it names, as messages
// show it.
type Place struct {
	File int    `json:"-"`              // of several, counted from 0
	Row  int    `json:"row"`            // as a spreadsheet counts, from 1
	Line int    `json:"line"`           // at which it starts, from 1; that of Row if no cell before has a line break
	Name string `json:"name,omitempty"` // may be empty
}

// Place returns where a row stands.
func (r *Row) Place() Place {
	p := Place{r.File, r.Number, r.Line, r.Candidate.Name}
	if r.Problem != nil {
		p.Name = r.Problem.Name
	}
	return p
}

// String returns row 7 (line 9) NAME with the parts that say something.
func (p Place) String() string {
	text := fmt.Sprintf("row %d", p.Row)
	if p.Line != p.Row {
		text += fmt.Sprintf(" (line %d)", p.Line)
	}
	if name := Shown(p.Name); name != "" {
		text += " " + name
	}
	return text
}

// With returns FILE row 7 NAME "VALUE" with the parts that there are: the file of
// several, and a cell that is spoken of.
func (p Place) With(file, value string) string {
	text := p.String()
	if file != "" {
		text = file + " " + text
	}
	if value != "" {
		text += fmt.Sprintf(" %q", Shown(value))
	}
	return text
}

// shownCell is how many characters of a cell messages show.
const shownCell = 60

// Shown returns a cell as messages show it: in one line, without what a terminal
// would obey, and not without end.
func Shown(cell string) string {
	runes := []rune(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return ' '
		}
		return r
	}, cell))
	if len(runes) > shownCell {
		return string(runes[:shownCell-1]) + "…"
	}
	return string(runes)
}

// NamesDiffer reports whether two names can hardly be those of one person: each
// has a word that the other has not. Case, order, marks on letters and
// punctuation say nothing, and neither does a middle name or a title.
func NamesDiffer(a, b string) bool {
	if a == b {
		return false
	}
	wordsA, wordsB := nameWords(a), nameWords(b)
	return !isPart(wordsA, wordsB) && !isPart(wordsB, wordsA)
}

func nameWords(name string) []string {
	plain := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) || r == '\'' || r == '’' {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(name))
	return strings.FieldsFunc(plain, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) })
}

func isPart(some, all []string) bool {
	return !slices.ContainsFunc(some, func(word string) bool { return !slices.Contains(all, word) })
}

// OneForTwo is what to ask of a Repeat with Differ.
const OneForTwo = "the names differ, one address for two people?"

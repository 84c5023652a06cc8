package csvio

import (
	"slices"
	"strings"
)

// Rows without any text are no rows: spreadsheets save those whose cells were
// emptied, or which were only given a colour, as delimiters alone, and databases
// draw lines between rows. They are left out wherever rows are counted.

// ruleSigns are what lines in tables are drawn with.
const ruleSigns = "-=+:_|"

// isNothing reports whether there is nothing in a cell that can be seen, or a line
// that is drawn with signs.
func isNothing(cell string) bool {
	s := trim(cell)
	return s == "" || len(s) >= len("---") && strings.Trim(s, ruleSigns) == ""
}

// isBlankRow reports whether there is nothing in a row.
func isBlankRow(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool { return !isNothing(cell) })
}

// BlankRows returns how many rows of the input were left out since there is no
// text in them. It is known once a Scan has gone over all rows.
func (in *Input) BlankRows() int {
	sum := 0
	for _, l := range in.lists {
		sum += int(l.blankRows.Load())
	}
	return sum
}

// isBlank reports whether there is no text in a row's cells, but for those of
// blocks of ours that say what was wrong with it once.
func (l *List) isBlank(cells []string) bool {
	for i, cell := range cells {
		if l.counts(i) && !isNothing(cell) {
			return false
		}
	}
	return true
}

// isBlankRaw is isBlank for a record as it stands in the input.
func (l *List) isBlankRaw(record []byte) bool {
	record = trimLineEnd(record)
	if len(record) == 0 {
		return true
	}
	first := record[0]
	if first == '"' && len(record) > 1 {
		first = record[1]
	}
	if isVisibleASCII(first) && rune(first) != l.delim && !strings.ContainsRune(ruleSigns+`"`, rune(first)) && l.counts(0) {
		return false // as nearly all are
	}
	cells, _ := splitRaw(nil, record, l.delim) // a record that was read has no fault
	for i, cell := range cells {
		if l.counts(i) && !isNothing(string(withoutQuotes(cell))) {
			return false
		}
	}
	return true
}

// counts reports whether text in a column makes a row one.
func (l *List) counts(column int) bool {
	return column >= len(l.ours) || !l.ours[column] || slices.Contains(l.columns[:], column)
}

package csvio

import (
	"slices"
	"strings"
)

// Rows without any text do not count as rows: spreadsheets save emptied or
// coloured rows as delimiters alone, and databases draw lines between rows.

// ruleSigns are the signs of lines in drawn tables.
const ruleSigns = "-=+:_|"

// isNothing reports whether a cell is empty or a part of a drawn line.
func isNothing(cell string) bool {
	s := trim(cell)
	return s == "" || len(s) >= len("---") && strings.Trim(s, ruleSigns) == ""
}

// isBlankRow reports whether all cells are nothing.
func isBlankRow(cells []string) bool {
	return !slices.ContainsFunc(cells, func(cell string) bool { return !isNothing(cell) })
}

// BlankRows returns how many rows without text were left out, once a Scan has read
// all rows.
func (in *Input) BlankRows() int {
	sum := 0
	for _, l := range in.lists {
		sum += int(l.blankRows.Load())
	}
	return sum
}

// isBlank reports whether a row has no text of the user, whatever our own blocks
// say.
func (l *List) isBlank(cells []string) bool {
	for i, cell := range cells {
		if l.counts(i) && !isNothing(cell) {
			return false
		}
	}
	return true
}

// isBlankRaw is isBlank for a record as the spool has it.
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

// counts reports whether text in a column makes a row count.
func (l *List) counts(column int) bool {
	return column >= len(l.ours) || !l.ours[column] || slices.Contains(l.columns[:], column)
}

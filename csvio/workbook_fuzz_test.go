package csvio

import (
	"maps"
	"strings"
	"testing"
)

// FuzzWorkbook: a workbook that is a good archive may hold anything. It is
// read as FuzzRead says, or refused.
func FuzzWorkbook(f *testing.F) {
	dir := f.TempDir()
	book := bookOfRows(f, []any{"title"}, nil, bookHead, []any{"Ann", "ann@x.co", "iv", "a\nb"}, []any{"Ben", 42, 0.5, true})
	part := partsOf(f, book)
	const sheetPart, stringsPart, stylesPart, bookPart = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml", "xl/workbook.xml"
	f.Add(part[sheetPart], part[stringsPart], part[stylesPart], part[bookPart], "")
	f.Add(strings.ReplaceAll(part[sheetPart], ` r="`, ` q="`), part[stringsPart], part[stylesPart], part[bookPart], "1")
	f.Add(strings.Replace(part[sheetPart], `r="A4"`, `r="XFD4"`, 1), part[stringsPart], "", part[bookPart], "Sheet1")
	f.Add(strings.Replace(part[sheetPart], `<row r="4"`, `<row r="4" hidden="1"`, 1), "", part[stylesPart], "", "none")
	f.Fuzz(func(t *testing.T, sheet, shared, styles, workbook, name string) {
		parts := maps.Clone(part)
		parts[sheetPart], parts[stringsPart], parts[stylesPart], parts[bookPart] = sheet, shared, styles, workbook
		checkReading(t, dir, zipOf(t, parts), Options{Sheet: name})
	})
}

package csvio

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"bulkinvite/batch"
)

// bookOf makes a workbook with excelize: edit gets it with an empty Sheet1.
func bookOf(t testing.TB, edit func(*excelize.File)) string {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	edit(book)
	b, err := book.WriteToBuffer()
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// setRows puts rows into a sheet; a nil row stays blank.
func setRows(t testing.TB, book *excelize.File, sheet string, rows ...[]any) {
	t.Helper()
	for i, row := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+1)
		if err == nil && row != nil {
			err = book.SetSheetRow(sheet, cell, &row)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func bookOfRows(t testing.TB, rows ...[]any) string {
	t.Helper()
	return bookOf(t, func(book *excelize.File) { setRows(t, book, "Sheet1", rows...) })
}

var bookHead = []any{"Name", "E-Mail", "Interview ID", "Notes"}

func TestWorkbookRowsBearTheirNumbers(t *testing.T) {
	text := bookOfRows(t,
		nil,
		[]any{"Candidates\nof May"},
		nil,
		bookHead,
		[]any{"Ann", "ann@x.co", "iv", "one\ntwo\r\nthree"},
		nil,
		[]any{"Ben, Jr.", "ben@x.co", "iv", `"quoted"`},
		[]any{" Cem ", "cem@x.co", "iv", "\n"},
		[]any{"Dan", "dan@x.co", "iv"},
	)
	in := openText(t, text, Options{})
	var names []string
	var lines []int
	for _, row := range scanAll(t, in) {
		checkRow(t, in, len(lines), row)
		names, lines = append(names, row.Candidate.Name), append(lines, row.Number)
	}
	if diff := cmp.Diff([]string{"Ann", "Ben, Jr.", "Cem", "Dan"}, names); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{5, 7, 8, 9}, lines); diff != "" {
		t.Error(diff)
	}
	want := []string{`the header is row 4 of sheet "Sheet1": what stands above it is not read`}
	if diff := cmp.Diff(want, warningTexts(in)); diff != "" {
		t.Error(diff)
	}
	results, failed, counts := writeOutputs(t, in, t.TempDir())
	if counts.Rows != 4 || counts.Results != 4 {
		t.Errorf("counts %+v", counts)
	}
	if want := "\ufeffName,E-Mail,Interview ID,Notes,candidate_id,invite_url,status,row\n" +
		"Ann,ann@x.co,iv,\"one\ntwo\r\nthree\",c,u,invited,5\n"; !strings.HasPrefix(results, want) {
		t.Errorf("results %q", results)
	}
	if want := "\ufeffName,E-Mail,Interview ID,Notes,error_code,error,row,attempts\n"; failed != want {
		t.Errorf("failed %q", failed)
	}
}

func TestWorkbookCellsAreThoseThatExcelShows(t *testing.T) {
	text := bookOf(t, func(book *excelize.File) {
		setRows(t, book, "Sheet1", []any{"name", "email", "interview_id", "application", "day", "share", "code", "sum", "yes", "text"},
			[]any{"Ann", "ann@x.co", "iv", 123456789012345, time.Date(2026, 5, 7, 0, 0, 0, 0, time.UTC), 0.256, 42, nil, true, "007"})
		style := func(cell string, s excelize.Style) {
			t.Helper()
			id, err := book.NewStyle(&s)
			if err == nil {
				err = book.SetCellStyle("Sheet1", cell, cell, id)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		zeros := "00000"
		style("E2", excelize.Style{NumFmt: 14})
		style("F2", excelize.Style{NumFmt: 9})
		style("G2", excelize.Style{CustomNumFmt: &zeros})
		if err := errors.Join(book.SetCellFormula("Sheet1", "H2", "1+1"), book.SetCellValue("Sheet1", "C2", "iv")); err != nil {
			t.Fatal(err)
		}
	})
	text = withPart(t, text, "xl/worksheets/sheet1.xml", func(sheet string) string {
		return strings.Replace(sheet, "<f>1+1</f>", "<f>1+1</f><v>3</v>", 1) // a result that only Excel knows
	})
	in := openText(t, text, Options{})
	results, _, _ := writeOutputs(t, in, t.TempDir())
	want := "Ann,ann@x.co,iv,123456789012345,2026-05-07,26%,00042,3,TRUE,007,c,u,invited,2\n"
	if _, row, _ := strings.Cut(results, "\n"); row != want {
		t.Errorf("%q, want %q", row, want)
	}
}

// withPart returns a workbook with another text in one of its parts; an empty
// one removes it.
func withPart(t testing.TB, book, name string, edit func(string) string) string {
	t.Helper()
	parts := partsOf(t, book)
	parts[name] = edit(parts[name])
	return zipOf(t, parts)
}

func partsOf(t testing.TB, book string) map[string]string {
	t.Helper()
	archive, err := zip.NewReader(strings.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts[f.Name] = string(text)
	}
	return parts
}

func zipOf(t testing.TB, parts map[string]string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	// Bombs take long enough.
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	for name, text := range parts {
		if text == "" {
			continue
		}
		part, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(part, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// threeSheets has a hidden sheet, two of people, and a chart.
// emptySheets returns a workbook of two.
func emptySheets(t testing.TB) string {
	return bookOf(t, func(book *excelize.File) {
		if _, err := book.NewSheet("Notes"); err != nil {
			t.Fatal(err)
		}
	})
}

func threeSheets(t testing.TB) string {
	return bookOf(t, func(book *excelize.File) {
		for _, sheet := range [][2]string{{"Sheet1", "hidden"}, {"Candidates", "ann"}, {"Übrige 2", "ben"}} {
			name, person := sheet[0], sheet[1]
			if name != "Sheet1" {
				if _, err := book.NewSheet(name); err != nil {
					t.Fatal(err)
				}
			}
			setRows(t, book, name, bookHead, []any{person, person + "@x.co", "iv"})
		}
		book.SetActiveSheet(1) // one that is shown cannot be hidden
		if err := errors.Join(
			book.SetSheetVisible("Sheet1", false),
			book.AddChartSheet("Chart", &excelize.Chart{Type: excelize.Col, Series: []excelize.ChartSeries{{Values: "Sheet1!$A$1:$A$2"}}})); err != nil {
			t.Fatal(err)
		}
	})
}

func TestWorkbookSheets(t *testing.T) {
	text := threeSheets(t)
	note := `sheet "Candidates" is read, and not "Übrige 2"; --sheet names another, or all`
	for sheet, want := range map[string]struct {
		name     string
		warnings []string
	}{
		"":           {"ann", []string{note}},
		"Candidates": {name: "ann"},
		"ÜBRIGE 2":   {name: "ben"},
		"1":          {name: "ann"},
		"2":          {name: "ben"},
		"Sheet1":     {name: "hidden"},
	} {
		in := openText(t, text, Options{Sheet: sheet, Encoding: "windows-1252", Delimiter: ";"})
		if rows := scanAll(t, in); len(rows) != 1 || rows[0].Candidate.Name != want.name || !slices.Equal(warningTexts(in), want.warnings) {
			t.Errorf("sheet %q: %+v, %q", sheet, rows, warningTexts(in))
		}
	}
}

func TestWorkbookHiddenRowsAreRead(t *testing.T) {
	const people = 40
	hidden := []int{3, 4, 5, 7, 30, 32, 34, 36, 37, 38}
	text := bookOf(t, func(book *excelize.File) {
		setRows(t, book, "Sheet1", bookHead)
		for row := 2; row < 2+people; row++ {
			cell, _ := excelize.CoordinatesToCellName(1, row)
			if err := book.SetSheetRow("Sheet1", cell, &[]any{"Ann", cell + "@x.co", "iv"}); err != nil {
				t.Fatal(err)
			}
		}
		for _, row := range append(hidden, people+10) { // the last is blank
			if err := book.SetRowVisible("Sheet1", row, false); err != nil {
				t.Fatal(err)
			}
		}
	})
	in := openText(t, text, Options{})
	if rows := scanAll(t, in); len(rows) != people {
		t.Errorf("%d rows", len(rows))
	}
	want := []string{"10 hidden rows are included: 3-5, 7, 30, 32, 34, 36-38"}
	if diff := cmp.Diff(want, warningTexts(in)); diff != "" {
		t.Error(diff)
	}
}

// Of merged cells the file has the text in the first alone, and Excel shows it
// beside all of their rows.
func TestWorkbookMergedCellsAreTold(t *testing.T) {
	merged := func(sheet string, ranges ...string) string {
		return bookOf(t, func(book *excelize.File) {
			if _, err := book.NewSheet("Other"); err != nil {
				t.Fatal(err)
			}
			setRows(t, book, "Sheet1", []any{"Candidates"}, nil, bookHead, []any{"Ann", "ann@x.co", "iv"}, []any{"Ben", "ben@x.co"}, []any{"Cem", "cem@x.co"})
			for _, r := range ranges {
				first, last, _ := strings.Cut(r, ":")
				if err := book.MergeCell(sheet, first, last); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	title := `the header is row 3 of sheet "Sheet1": what stands above it is not read`
	other := `sheet "Sheet1" is read, and not "Other"; --sheet names another, or all`
	for name, tc := range map[string]struct {
		text string
		want []string
	}{
		"rows": {merged("Sheet1", "A1:D2", "C4:C6", "D4:D5"), []string{other, title,
			"cells are merged over several rows, and only the first row has the text, the others are read as empty: C4:C6, D4:D5"}},
		"columns":       {merged("Sheet1", "A1:D1", "C4:D4"), []string{other, title}},
		"another sheet": {merged("Other", "C4:C6"), []string{other, title}},
		"strange names": {withPart(t, merged("Sheet1", "C4:C6"), "xl/_rels/workbook.xml.rels", func(rels string) string {
			return strings.ReplaceAll(rels, `Target="worksheets/`, `Target="/xl/worksheets/`)
		}), []string{other, title,
			"cells are merged over several rows, and only the first row has the text, the others are read as empty: C4:C6"}},
	} {
		if diff := cmp.Diff(tc.want, warningTexts(openText(t, tc.text, Options{}))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestWorkbookInGzipAndZstd(t *testing.T) {
	text := bookOfRows(t, bookHead, []any{"Ann", "ann@x.co", "iv"})
	for name, packed := range map[string]string{"gzip": gzipped(t, text), "zstd": zstded(t, text)} {
		if rows := scanAll(t, openText(t, packed, Options{})); len(rows) != 1 {
			t.Errorf("%s: %+v", name, rows)
		}
	}
}

func TestWorkbookLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	in := openText(t, bookOfRows(t, bookHead, []any{"Ann", "ann@x.co", "iv"}), Options{})
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("%v, %v while the input is open", entries, err)
	}
	want := batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "iv"}
	if rows := scanAll(t, in); len(rows) != 1 || rows[0].Candidate != want {
		t.Errorf("rows %+v", rows)
	}
}

// TestWorkbookRowOfFormulas: people fill in formulas below the last row, which
// show nothing. They are left out, and counted, since one that was never computed
// may stand for somebody.
func TestWorkbookRowOfFormulas(t *testing.T) {
	text := bookOf(t, func(book *excelize.File) {
		setRows(t, book, "Sheet1", bookHead, []any{"Ann", "ann@x.co", "iv"})
		if err := errors.Join(book.SetCellFormula("Sheet1", "A3", "Other!A3"), book.SetCellFormula("Sheet1", "B4", "Other!B4")); err != nil {
			t.Fatal(err)
		}
	})
	in := openText(t, text, Options{})
	if rows := scanAll(t, in); len(rows) != 1 || in.BlankRows() != 2 {
		t.Errorf("%d left out, rows %+v", in.BlankRows(), rows)
	}
}

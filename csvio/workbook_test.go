package csvio

import (
	"archive/zip"
	"bytes"
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
		names, lines = append(names, row.Candidate.Name), append(lines, row.Line)
	}
	if diff := cmp.Diff([]string{"Ann", "Ben, Jr.", "Cem", "Dan"}, names); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{5, 7, 8, 9}, lines); diff != "" {
		t.Error(diff)
	}
	want := []string{`the header is row 4 of sheet "Sheet1": what stands above it is not read`}
	if diff := cmp.Diff(want, in.Warnings()); diff != "" {
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
	note := `sheet "Candidates" is read, and not "Übrige 2"; --sheet names another`
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
		if rows := scanAll(t, in); len(rows) != 1 || rows[0].Candidate.Name != want.name || !slices.Equal(in.Warnings(), want.warnings) {
			t.Errorf("sheet %q: %+v, %q", sheet, rows, in.Warnings())
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
	if diff := cmp.Diff(want, in.Warnings()); diff != "" {
		t.Error(diff)
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

// TestWorkbookErrors: what is not read whole is refused, and said where.
func TestWorkbookErrors(t *testing.T) {
	good := bookOfRows(t, bookHead, []any{"Ann", "ann@x.co", "iv"}, []any{"Ben", "ben@x.co", "iv"})
	edited := func(edit func(sheet string) string) string {
		return withPart(t, good, "xl/worksheets/sheet1.xml", edit)
	}
	replaced := func(old, new string) string {
		return edited(func(sheet string) string {
			if !strings.Contains(sheet, old) {
				t.Fatalf("%q has no %q", sheet, old)
			}
			return strings.Replace(sheet, old, new, 1)
		})
	}
	const again = "; open it in Excel and save it again, or save the sheet as CSV (UTF-8)"
	for name, tc := range map[string]struct {
		input string
		opts  Options
		want  string
	}{
		"sheet unknown": {threeSheets(t), Options{Sheet: "candidats"},
			`x.csv: has no sheet "candidats"; its sheets are "Sheet1", "Candidates", "Übrige 2"; did you mean --sheet "Candidates"?`},
		"sheet nowhere near":   {threeSheets(t), Options{Sheet: "May"}, `x.csv: has no sheet "May"; its sheets are "Sheet1", "Candidates", "Übrige 2"`},
		"sheet's number":       {threeSheets(t), Options{Sheet: "3"}, `x.csv: has no sheet "3"; its sheets are "Sheet1", "Candidates", "Übrige 2"`},
		"sheet of no workbook": {head, Options{Sheet: "1"}, "x.csv: is no Excel workbook and has no sheets; leave out --sheet"},
		"empty sheet": {bookOfRows(t), Options{},
			`x.csv: sheet "Sheet1" is empty; its first row must name the columns: name, email, interview_id; --sheet names another sheet`},
		"no header": {bookOfRows(t, nil, []any{"Name", "Phone"}, []any{"Ann", 17}), Options{},
			`x.csv:2: sheet "Sheet1": no column for email, interview_id; found "Name", "Phone"; rename the columns in the first line, or give --interview-id for all rows`},
		"one column": {bookOfRows(t, []any{"Dear all"}), Options{},
			`x.csv:1: sheet "Sheet1": no column for name, email, interview_id; found "Dear all"; its first row must name the columns: name, email, interview_id; --sheet names another sheet`},
		"header too far down": {bookOfRows(t, append(slices.Repeat([][]any{{"title"}}, headerRows), bookHead)...), Options{},
			`x.csv:1: sheet "Sheet1": no column for name, email, interview_id; found "title"; its first row must name the columns: name, email, interview_id; --sheet names another sheet`},
		"old Excel": {oleMagic + "\xa1\xb1\x1a\xe1....", Options{},
			"x.csv: is an old Excel workbook (.xls) or another old document of Office; save it as .xlsx, or save the sheet as CSV (UTF-8)"},
		"password":  {encryptedBook(t), Options{}, "x.csv: is protected by a password; save it without the password, or save the sheet as CSV (UTF-8)"},
		"zip":       {zipOf(t, map[string]string{"people.csv": head}), Options{}, "x.csv: is a zip archive and no Excel workbook; unpack it, and name the list in it"},
		"empty zip": {zipOf(t, nil), Options{}, "x.csv: is an empty zip archive; name the list"},
		"ods": {zipOf(t, map[string]string{"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "<x/>"}), Options{},
			"x.csv: is an OpenDocument file (.ods); save it as .xlsx, or save the sheet as CSV (UTF-8)"},
		"xlsb":                  {zipOf(t, map[string]string{"xl/workbook.bin": "..."}), Options{}, "x.csv: is a binary workbook (.xlsb); save it as .xlsx, or save the sheet as CSV (UTF-8)"},
		"cut off":               {good[:len(good)/2], Options{}, "x.csv: is a damaged workbook or zip archive; fetch the file again"},
		"nothing but its magic": {zipMagic, Options{}, "x.csv: is a damaged workbook or zip archive; fetch the file again"},
		"flipped bit":           {flipped(t, good, "xl/worksheets/sheet1.xml"), Options{}, "x.csv: is a damaged workbook: xl/worksheets/sheet1.xml: "},
		"rows out of order": {replaced(`<row r="3"`, `<row r="1"`), Options{},
			"x.csv: is a damaged workbook: xl/worksheets/sheet1.xml: row 1 is out of its order" + again},
		"cells out of order": {replaced(`r="B3"`, `r="A3"`), Options{},
			"x.csv: is a damaged workbook: xl/worksheets/sheet1.xml: c A3 is out of its order" + again},
		"sheet cut off": {edited(func(sheet string) string { return sheet[:strings.Index(sheet, `<row r="3"`)] }), Options{},
			"x.csv: is a damaged workbook: xl/worksheets/sheet1.xml: XML syntax error on line 2: unexpected EOF" + again},
		"two lots of cells": {replaced("</sheetData>", "</sheetData><sheetData></sheetData>"), Options{},
			"x.csv: is a damaged workbook: xl/worksheets/sheet1.xml: it has cells in two places" + again},
		"no sheet": {withPart(t, good, "xl/worksheets/sheet1.xml", func(string) string { return "" }), Options{},
			"x.csv: is a workbook without a sheet of cells; save the sheet as CSV (UTF-8)"},
		"NUL": {edited(func(sheet string) string {
			return strings.Replace(sheet, `t="s"><v>5</v>`, `t="inlineStr"><is><t>_x0000_</t></is>`, 1)
		}), Options{},
			"x.csv:2: cell 2 has characters that are no text; empty that cell"},
		"huge row": {bookOfRows(t, bookHead, slices.Repeat([]any{strings.Repeat("x", 32000)}, 40)), Options{},
			"x.csv:2: the row is longer than 1 MiB; is this a list, one candidate a row?"},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := Open(t.Context(), writeFile(t, "x.csv", tc.input), tc.opts)
			if err == nil {
				in.Close()
				t.Fatal("no error")
			}
			if !strings.HasPrefix(err.Error(), tc.want) {
				t.Error(cmp.Diff(tc.want, err.Error()))
			}
			assertInputError(t, err)
		})
	}
}

func encryptedBook(t testing.TB) string {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	var b bytes.Buffer
	if err := book.Write(&b, excelize.Options{Password: "secret"}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// flipped changes a bit in the middle of a part.
func flipped(t testing.TB, book, name string) string {
	t.Helper()
	r, err := zip.NewReader(strings.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		if f.Name == name {
			at, err := f.DataOffset()
			if err != nil {
				t.Fatal(err)
			}
			b := []byte(book)
			b[at+int64(f.CompressedSize64)/2] ^= 4
			return string(b)
		}
	}
	t.Fatalf("there is no %s", name)
	return ""
}

func TestWorkbookBombs(t *testing.T) {
	good := bookOfRows(t, bookHead, []any{"Ann", "ann@x.co", "iv"})
	for name, tc := range map[string]struct {
		part, text string
		want       string
	}{
		"shared strings": {"xl/sharedStrings.xml", strings.Repeat(" ", freeInflation+1),
			"stdin: unpacks to more than 200 times its size, which no list of people does; unpack it yourself and look at it"},
		"too large": {"xl/styles.xml", strings.Repeat(" ", maxUnpacked+1),
			"stdin: is a workbook that unpacks to more than 256 MiB, too large to be read; save the sheet as CSV (UTF-8)"},
	} {
		book := withPart(t, good, tc.part, func(string) string { return tc.text })
		_, err := Open(t.Context(), "-", Options{Stdin: strings.NewReader(book)})
		if err == nil || err.Error() != tc.want {
			t.Errorf("%s: error %v", name, err)
		}
	}
	// What is not read may be as large as it likes: pictures are.
	book := withPart(t, good, "xl/media/image1.png", func(string) string { return strings.Repeat(" ", freeInflation+1) })
	if rows := scanAll(t, openText(t, book, Options{})); len(rows) != 1 {
		t.Errorf("rows %+v", rows)
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

// TestWorkbookRowOfFormulas: a formula whose result is empty, or was never
// computed, may stand for somebody. Saved as CSV the row is there too.
func TestWorkbookRowOfFormulas(t *testing.T) {
	text := bookOf(t, func(book *excelize.File) {
		setRows(t, book, "Sheet1", bookHead, []any{"Ann", "ann@x.co", "iv"})
		if err := errors.Join(book.SetCellFormula("Sheet1", "A3", "Other!A3"), book.SetCellFormula("Sheet1", "B4", "Other!B4")); err != nil {
			t.Fatal(err)
		}
	})
	rows := scanAll(t, openText(t, text, Options{}))
	if len(rows) != 3 || rows[1].Line != 3 || rows[2].Line != 4 || rows[1].Problem == nil || rows[2].Problem == nil {
		t.Errorf("rows %+v", rows)
	}
}

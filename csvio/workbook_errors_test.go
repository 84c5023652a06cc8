package csvio

import (
	"archive/zip"
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

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
		"sheet unknown": {threeSheets(t), Options{Sheet: "candidtes"},
			`x.csv: has no sheet "candidtes"; its sheets are "Sheet1", "Candidates", "Übrige 2"; did you mean --sheet "Candidates"?`},
		"sheet nowhere near":   {threeSheets(t), Options{Sheet: "May"}, `x.csv: has no sheet "May"; its sheets are "Sheet1", "Candidates", "Übrige 2"`},
		"sheet's number":       {threeSheets(t), Options{Sheet: "3"}, `x.csv: has no sheet "3"; its sheets are "Sheet1", "Candidates", "Übrige 2"`},
		"sheet of no workbook": {head, Options{Sheet: "1"}, "x.csv: is no Excel workbook and has no sheets; leave out --sheet"},
		"empty sheet beside another": {emptySheets(t), Options{},
			`x.csv: sheet "Sheet1" is empty; its first row must name the columns: name, email, interview_id; --sheet names another one: "Notes"`},
		"no header": {bookOfRows(t, nil, []any{"Name", "Phone"}, []any{"Ann", 17}), Options{},
			`x.csv:2: sheet "Sheet1": no column for email, interview_id; found "Name", "Phone"; rename the columns in the first line, or name them with --map email=HEADER, or give --interview-id for all rows`},
		"one column": {bookOfRows(t, []any{"Dear all"}), Options{},
			`x.csv:1: sheet "Sheet1": no column for name, email, interview_id; found "Dear all"; its first row must name the columns: name, email, interview_id`},
		"header too far down": {bookOfRows(t, append(slices.Repeat([][]any{{"title"}}, headerRows), bookHead)...), Options{},
			`x.csv:1: sheet "Sheet1": no column for name, email, interview_id; found "title"; its first row must name the columns: name, email, interview_id`},
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
		"sheet cut off": {edited(func(sheet string) string {
			before, _, _ := strings.Cut(sheet, `<row r="3"`)
			return before
		}), Options{},
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
			"stdin: is a workbook that unpacks to more than 128 MiB, too large to be read; save the sheet as CSV (UTF-8)"},
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

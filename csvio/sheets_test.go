package csvio

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

// bookOfSheets makes a workbook of sheets with these names, the first of which
// replaces the empty one that a new workbook has.
func bookOfSheets(t *testing.T, names []string, rows map[string][][]any) string {
	t.Helper()
	return bookOf(t, func(book *excelize.File) {
		for i, name := range names {
			err := book.SetSheetName("Sheet1", name)
			if i > 0 {
				_, err = book.NewSheet(name)
			}
			if err != nil {
				t.Fatal(err)
			}
			setRows(t, book, name, rows[name]...)
		}
	})
}

func junesBook(t *testing.T) string {
	return bookOfSheets(t, []string{"Notes", "June", "Empty", "July"}, map[string][][]any{
		"Notes": {{"ask", "Ann"}},
		"June":  {bookHead, {"Ann", "ann@x.co", "iv"}, {"Bob", "bob", "iv"}},
		"July":  {{"Candidates"}, {"Mail", "Name", "Interview", "More"}, {"cem@x.co", "Cem", "iv", "1"}},
	})
}

func TestAllSheets(t *testing.T) {
	in := openText(t, junesBook(t), Options{Sheet: "All"})
	results, failed, counts := writeOutputs(t, in, t.TempDir())
	want := "\ufeffName,E-Mail,Interview ID,Notes,More,candidate_id,invite_url,status,sheet,row\n" +
		"Ann,ann@x.co,iv,,,c,u,invited,June,2\nCem,cem@x.co,iv,,1,c,u,invited,July,3\n"
	if diff := cmp.Diff(want, results); diff != "" {
		t.Error(diff)
	}
	want = "\ufeffName,E-Mail,Interview ID,Notes,More,error_code,error,sheet,row,attempts\n" +
		"Bob,bob,iv,,,invalid_email,the e-mail address has no @ in it,June,3,0\n"
	if diff := cmp.Diff(want, failed); diff != "" {
		t.Error(diff)
	}
	if counts != (Counts{Rows: 3, Results: 2, Failed: 1}) {
		t.Errorf("counts %+v", counts)
	}
	one := openText(t, junesBook(t), Options{Sheet: "june"})
	if in.Name() != "stdin" || in.SHA256() != one.SHA256() || in.Sheet() != "" || one.Sheet() != "June" {
		t.Errorf("the input is %q with the sum %s and the sheet %q, and of one sheet %s and %q", in.Name(), in.SHA256(), in.Sheet(), one.SHA256(), one.Sheet())
	}
	var warnings []string
	for _, w := range in.Warnings() {
		warnings = append(warnings, w.String())
	}
	all := strings.Join(warnings, "\n")
	for _, part := range []string{`sheet "Notes": no column for`, `sheet "Empty" is empty: it is not read`, `the header is row 2 of sheet "July"`} {
		if !strings.Contains(all, part) {
			t.Errorf("no warning %q in %s", part, all)
		}
	}

	// What failed, fed back, does not grow.
	again := openText(t, failed, Options{})
	_, failedAgain, _ := writeOutputs(t, again, t.TempDir())
	if want := "\ufeffName,E-Mail,Interview ID,Notes,More,error_code,error,row,attempts\n"; firstLine(failedAgain)+"\n" != want {
		t.Errorf("fed back, the header becomes %s", firstLine(failedAgain))
	}
}

func TestAllSheetsOfSeveralFiles(t *testing.T) {
	in := openFiles(t, Options{Sheet: "all"}, head+"Dan,dan@x.co,iv\n", junesBook(t))
	results, _, _ := writeOutputs(t, in, t.TempDir())
	want := "\ufeffname,email,interview_id,Notes,More,candidate_id,invite_url,status,file,sheet,row\n" +
		"Dan,dan@x.co,iv,,,c,u,invited,a.csv,,2\nAnn,ann@x.co,iv,,,c,u,invited,b.csv,June,2\nCem,cem@x.co,iv,,1,c,u,invited,b.csv,July,3\n"
	if diff := cmp.Diff(want, results); diff != "" {
		t.Error(diff)
	}
	if in.Name() != "a.csv, b.csv" {
		t.Errorf("the input is %s", in.Name())
	}
}

func TestAllSheetsIsNoSheet(t *testing.T) {
	people := [][]any{bookHead, {"Ann", "ann@x.co", "iv"}}
	for name, tc := range map[string]struct {
		book  string
		rows  int
		sheet string
		want  string
	}{
		"one is called so":       {book: bookOfSheets(t, []string{"x", "ALL"}, map[string][][]any{"x": people, "ALL": append(people, people[1])}), rows: 2, sheet: "ALL"},
		"none has the columns":   {book: bookOfSheets(t, []string{"x", "y"}, map[string][][]any{"x": {{"a", "b"}}}), want: `stdin: no sheet is a list of people; sheet "x": no column for`},
		"people without header":  {book: bookOfSheets(t, []string{"x", "y"}, map[string][][]any{"x": people, "y": people[1:]}), want: `it is somebody's row`},
		"columns that are twice": {book: bookOfSheets(t, []string{"x", "y"}, map[string][][]any{"x": people, "y": {{"name", "email", "Mail", "interview"}}}), want: `two columns for email`},
		"no workbook":            {book: head, want: "is no Excel workbook"},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := Open(t.Context(), "-", Options{Sheet: "all", Stdin: strings.NewReader(tc.book)})
			if tc.want != "" {
				if inputErr := (*InputError)(nil); !errors.As(err, &inputErr) || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("error %v, want %s", err, tc.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			if rows := scanAll(t, in); len(rows) != tc.rows || in.Sheet() != tc.sheet {
				t.Errorf("%d rows of sheet %q", len(rows), in.Sheet())
			}
		})
	}
}

func TestAllSheetsLeavesOutHidden(t *testing.T) {
	text := threeSheets(t)
	in := openText(t, text, Options{Sheet: "all"})
	var names []string
	for _, row := range scanAll(t, in) {
		names = append(names, row.Candidate.Name)
	}
	if diff := cmp.Diff([]string{"ann", "ben"}, names); diff != "" {
		t.Error(diff)
	}
	if text := in.Warnings()[0].String(); !strings.Contains(text, `sheet "Sheet1" is hidden, and is not read; --sheet names it`) {
		t.Errorf("the warning is %s", text)
	}
}

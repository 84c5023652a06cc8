package csvio

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

// Whatever format a sheet shows a number in, as an id it is the number itself,
// and one whose last digits Excel has lost is refused.
func TestWorkbookIDs(t *testing.T) {
	const thousands, scientific, twoDigits = 3, 11, 4 // #,##0; 0.00E+00; #,##0.00
	zeros := "00000000"
	text := bookOf(t, func(book *excelize.File) {
		style := func(s excelize.Style) int {
			id, err := book.NewStyle(&s)
			if err != nil {
				t.Fatal(err)
			}
			return id
		}
		setRows(t, book, "Sheet1", []any{"Name", "E-Mail", "interview_id", "job_application_id", "Notes"})
		for i, cell := range []struct {
			value any
			style int
		}{
			{1234567, style(excelize.Style{NumFmt: thousands})},
			{1234567, style(excelize.Style{NumFmt: twoDigits})},
			{400012345678, style(excelize.Style{NumFmt: scientific})},
			{1234, style(excelize.Style{CustomNumFmt: &zeros})},
			{"1,234", 0},
			{"4000123456789012", 0},
			{400012345678901, 0},
			{4000123456789012, 0},
			{4000123456789012, style(excelize.Style{NumFmt: 1})},
			{"app-1", 0},
			{"12e5", 0},
		} {
			row := []any{"Ann", "ann@x.co", "iv", cell.value, 1234567}
			at, err := excelize.CoordinatesToCellName(1, i+2)
			if err == nil {
				err = book.SetSheetRow("Sheet1", at, &row)
			}
			id, errName := excelize.CoordinatesToCellName(4, i+2)
			notes, errNotes := excelize.CoordinatesToCellName(5, i+2)
			if err := errors.Join(err, errName, errNotes, book.SetCellStyle("Sheet1", id, id, cell.style),
				book.SetCellStyle("Sheet1", notes, notes, style(excelize.Style{NumFmt: thousands}))); err != nil {
				t.Fatal(err)
			}
		}
	})
	var got []string
	in := openText(t, text, Options{})
	for _, row := range scanAll(t, in) {
		if row.Problem != nil {
			got = append(got, string(row.Problem.Code)+" "+row.Problem.Value)
		} else {
			got = append(got, row.Candidate.JobApplicationID)
		}
	}
	want := []string{"1234567", "1234567", "400012345678", "00001234", "1,234", "4000123456789012", "400012345678901",
		"invalid_value 4.000123456789012E+15", "invalid_value 4.000123456789012E+15", "app-1", "12e5"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	results, _, _ := writeOutputs(t, in, t.TempDir())
	if !strings.Contains(results, "\nAnn,ann@x.co,iv,1234567,\"1,234,567\",") {
		t.Errorf("another column is not as it is shown: %s", results)
	}
}

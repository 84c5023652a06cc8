package csvio

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// drawTable draws a header and records with cells of the user's own around
// ours, as encoding/csv writes them.
func drawTable(t *rapid.T, delim rune, crlf bool) (text string, records [][]string) {
	cell := rapid.StringOf(rapid.SampledFrom([]rune("ab,;\t|\"\n '=é")))
	records = append(records, []string{"note", "name", "email", "interview_id", "status"})
	for i := range rapid.IntRange(0, 6).Draw(t, "rows") {
		record := []string{cell.Draw(t, "note"), "Ann", fmt.Sprintf("a%d@x.co", i), "iv"}
		if rapid.Bool().Draw(t, "bad") {
			record[2] = "nobody"
		}
		record = append(record, rapid.SliceOfN(cell, 0, 3).Draw(t, "more")...)
		records = append(records, record)
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.Comma, w.UseCRLF = delim, crlf
	if err := w.WriteAll(records); err != nil {
		t.Fatal(err)
	}
	return b.String(), records
}

func readBack(t *rapid.T, text string, delim rune) [][]string {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = delim, -1
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// Whatever is in the cells: each row is in one of the outputs, in input order,
// with the user's cells as they were, and fed back the columns do not grow.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		delim := rapid.SampledFrom([]rune(",;\t|")).Draw(rt, "delimiter")
		text, records := drawTable(rt, delim, rapid.Bool().Draw(rt, "CRLF"))
		in := openText(t, text, Options{})
		results, failed, counts := outputTexts(t, in)
		in.Close()
		if want := len(records) - 1; counts.Rows != want || counts.Results+counts.Failed != want {
			rt.Fatalf("%d rows, counts %+v", want, counts)
		}
		good, bad := readBack(rt, results, delim), readBack(rt, failed, delim)
		var want [][]string
		for _, record := range records[1:] {
			want = append(want, padded(record))
		}
		if diff := cmp.Diff(want, withoutBlock(merge(good[1:], bad[1:]))); diff != "" {
			rt.Fatal(diff)
		}
		wantHeader := append(slices.Clone(records[0]), failedColumns...)
		if diff := cmp.Diff(wantHeader, bad[0]); diff != "" {
			rt.Fatal(diff)
		}

		again := openText(t, failed, Options{})
		for _, row := range scanAll(t, again) {
			if row.Problem == nil {
				rt.Fatalf("fed back, the failed row in line %d is a good one", row.Line)
			}
		}
		_, failedAgain, _ := outputTexts(t, again)
		again.Close()
		if diff := cmp.Diff(withoutBlock(bad), withoutBlock(readBack(rt, failedAgain, delim))); diff != "" {
			rt.Fatalf("fed back, failed.csv changes: %s", diff)
		}
	})
}

const ownColumns = 5 // in the tables of drawTable

// padded is how the user's cells of a record go out: as many as the header
// has, and surplus ones up to the last that is not empty.
func padded(record []string) []string {
	record = slices.Clone(record)
	for len(record) < ownColumns {
		record = append(record, "")
	}
	for len(record) > ownColumns && trim(record[len(record)-1]) == "" {
		record = record[:len(record)-1]
	}
	return record
}

// merge puts rows of both outputs into the order of their "row" column.
func merge(results, failed [][]string) [][]string {
	lines := map[*string]int{}
	for _, record := range results {
		lines[&record[0]], _ = strconv.Atoi(record[ownColumns+3])
	}
	for _, record := range failed {
		lines[&record[0]], _ = strconv.Atoi(record[ownColumns+2])
	}
	all := slices.Concat(results, failed)
	slices.SortFunc(all, func(a, b []string) int { return lines[&a[0]] - lines[&b[0]] })
	return all
}

func withoutBlock(records [][]string) [][]string {
	var out [][]string
	for _, record := range records {
		out = append(out, slices.Concat(record[:ownColumns], record[ownColumns+4:]))
	}
	return out
}

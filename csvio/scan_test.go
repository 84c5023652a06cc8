package csvio

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkinvite/batch"
)

func TestScanLines(t *testing.T) {
	in := openText(t, "\r\nname,email,interview_id,notes\r\n"+
		"Ann,ann@x.co,iv,\"two\r\nlines\"\r\n"+
		"\r\n\n"+
		"\"Bob \"\"B\"\" Bar\",bob@x.co,iv\r\n"+
		"Cyd,cyd@x.co,iv,,\r\n"+
		"Dan,dan@x.co,iv,a,b\r\n"+
		"Eve,eve@x.co,iv\r", Options{})
	got := []string{}
	for _, row := range scanAll(t, in) {
		text := row.Candidate.Name
		if row.Problem != nil {
			text = string(row.Problem.Code) + ": " + row.Problem.Message
		}
		got = append(got, fmt.Sprint(row.Index, " row ", row.Number, " line ", row.Line, " ", text))
	}
	want := []string{
		"0 row 3 line 3 Ann",
		`1 row 6 line 7 Bob "B" Bar`,
		"2 row 7 line 8 Cyd",
		"3 row 8 line 9 too_many_fields: the row has 5 fields and the header 4: put a cell with ',' in it in quotes",
		"4 row 9 line 10 Eve",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestScanSyntaxErrors(t *testing.T) {
	big := strings.Repeat("x", maxRecord)
	good := "Ann,ann@x.co,iv\n"
	for name, tc := range map[string]struct{ rows, want string }{
		"bare quote": {good + "Éva \"E\" Ex,e@x.co,iv\n" + good,
			`stdin:3:5: quote inside a cell that is not quoted; put the whole cell in quotes and double those inside it`},
		"after a quote": {good + "\"Éva \"E\" Ex\",e@x.co,iv\n",
			`stdin:3:6: text after the closing quote of a cell; double the quotes inside a quoted cell ("")`},
		"after a quote lines later": {good + "\"Eve,e@x.co,iv\n" + good + "\"Fay\",f@x.co,iv\n",
			`stdin:5:1: text after the closing quote of the cell that begins in line 3; close that cell where it should end, and double the quotes inside cells`},
		"unclosed": {good + "Eve,\"e@x.co,iv\n" + good + good,
			`stdin:3:5: quote is not closed: the cell that begins here goes on to the end of the file; add the closing quote, or remove this one`},
		"unclosed after a line break in the row": {"\"E\nve\",\"e@x.co,iv\n" + good,
			`stdin:3:5: quote is not closed: the cell that begins here goes on to the end of the file; add the closing quote, or remove this one`},
		"unclosed in a large file": {good + "Eve,\"e@x.co,iv\n" + strings.Repeat(good, maxRecord/len(good)+2),
			`stdin:3:5: quote is not closed: the cell that begins here is longer than 1 MiB; add the closing quote, or remove this one`},
		"huge cell": {good + "Eve," + big + ",iv\n" + good,
			`stdin:3: the row that begins here is longer than 1 MiB; is this a CSV file, one candidate a row?`},
		"huge quoted cell": {good + "\"" + big + big + "\",e@x.co,iv\n" + good,
			`stdin:3:1: quote is not closed: the cell that begins here is longer than 1 MiB; add the closing quote, or remove this one`},
		"huge bare quote": {good + "E\"ve," + big + ",iv\n" + good,
			`stdin:3:2: quote inside a cell that is not quoted; put the whole cell in quotes and double those inside it`},
	} {
		t.Run(name, func(t *testing.T) {
			in := openText(t, head+tc.rows, Options{})
			rows, err := tryScan(t, in)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if before := strings.Count(tc.rows[:1], "A"); len(rows) != before {
				t.Errorf("%d rows before the fault, want %d", len(rows), before)
			}
		})
	}
}

func TestScanTakesLargeRecords(t *testing.T) {
	row := "Ann,ann@x.co,iv,"
	in := openText(t, "name,email,interview_id,notes\n"+row+strings.Repeat("x", maxRecord-len(row)-1)+"\n"+
		strings.Repeat("\n", maxRecord+1)+"Bob,bob@x.co,iv,\n", Options{})
	rows := scanAll(t, in)
	if len(rows) != 2 || rows[1].Line != maxRecord+4 || rows[0].Candidate.Name != "Ann" {
		t.Fatalf("rows %+v", rows)
	}
	for _, row := range rows {
		if again, err := in.At(row.Offset); err != nil || again.Candidate != row.Candidate {
			t.Errorf("At: %+v, %v", again, err)
		}
	}
}

func TestScanEndsEarly(t *testing.T) {
	in := openText(t, string(sampleRows(10*blockRows)), Options{})
	enough := errors.New("enough")
	seen := 0
	err := in.Scan(t.Context(), func(*batch.Row) error {
		if seen++; seen == blockRows+7 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || seen != blockRows+7 {
		t.Errorf("%v after %d rows", err, seen)
	}
	ctx, cancel := context.WithCancel(t.Context())
	seen = 0
	err = in.Scan(ctx, func(*batch.Row) error { seen++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || seen != blockRows {
		t.Errorf("%v after %d rows of a cancelled scan", err, seen)
	}
}

func TestAtDuringScan(t *testing.T) {
	in := openText(t, string(sampleRows(2*blockRows)), Options{})
	var wg sync.WaitGroup
	err := in.Scan(t.Context(), func(row *batch.Row) error {
		wg.Go(func() {
			again, err := in.At(row.Offset)
			want := *row
			want.Index, want.Number, want.Line = 0, 0, 0
			if diff := cmp.Diff(want, again); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
		return nil
	})
	wg.Wait()
	if err != nil {
		t.Error(err)
	}
	for _, offset := range []int64{-1, 0, in.size} {
		if _, err := in.At(offset); err == nil {
			t.Errorf("a row at offset %d", offset)
		}
	}
}

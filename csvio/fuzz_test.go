package csvio

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"bulkinvite/batch"
)

// fuzzedEncodings are one of each kind. The corpus has their numbers.
var fuzzedEncodings = []string{"", encodingUTF8, encodingUTF16, "windows-1252", "gb18030", "shift_jis", encodingUTF16LE, encodingUTF16BE}

// FuzzRead: whatever the bytes and the options are, an input is read as
// encoding/csv reads it or refused with a word to the user, At finds each row
// again, and each goes into one output, with the user's cells as they were.
// What failed, fed back, is the same people again.
func FuzzRead(f *testing.F) {
	dir := f.TempDir()
	people := bookOfRows(f, bookHead, []any{"Ann", "ann@x.co", "iv", "a\nb"}, nil, []any{"Ben, Jr.", "ben", "iv"})
	for _, book := range []string{people, threeSheets(f), encryptedBook(f), gzipped(f, people), people[:len(people)/2]} {
		f.Add([]byte(book), byte(0), "", "", false)
	}
	f.Fuzz(func(t *testing.T, data []byte, encoding byte, delimiter, interview string, resend bool) {
		checkReading(t, dir, string(data), Options{
			Encoding:  fuzzedEncodings[int(encoding)%len(fuzzedEncodings)],
			Delimiter: delimiter, InterviewID: interview, Resend: resend,
		})
	})
}

func checkReading(t *testing.T, dir, text string, opts Options) {
	t.Helper()
	in := tryOpen(t, text, opts)
	if in == nil {
		return
	}
	defer in.Close()
	rows, err := tryScan(t, in)
	again, errAgain := tryScan(t, in)
	if diff := cmp.Diff(rows, again); diff != "" || fmt.Sprint(err) != fmt.Sprint(errAgain) {
		t.Fatalf("two scans differ: %v, %v: %s", err, errAgain, diff)
	}
	for i, row := range rows {
		checkRow(t, in, i, row)
	}
	if in.Header() == nil {
		if len(rows) > 0 || err != nil || hasText(t, in) {
			t.Fatalf("no header, %d rows, %v", len(rows), err)
		}
		return
	}
	records, wantErr := plainRecords(t, in)
	if (err == nil) != (wantErr == nil) || len(rows) != len(records) {
		t.Fatalf("%d rows, %v; encoding/csv reads %d, %v", len(rows), err, len(records), wantErr)
	}
	if err != nil {
		assertInputError(t, err)
		return
	}
	for i, row := range rows {
		checkCells(t, in, row, records[i])
	}
	out := writeMixed(t, in, dir)
	checkOutputs(t, in, rows, records, out)
	checkFedBack(t, in, rows, out, dir)
}

// hasText reports whether there is text in a spool beside delimiters and quotes.
func hasText(t *testing.T, in *Input) bool {
	t.Helper()
	text := make([]byte, in.size)
	if _, err := in.spool.ReadAt(text, 0); err != nil && in.size > 0 {
		t.Fatal(err)
	}
	return strings.ContainsFunc(string(text), func(r rune) bool { return !isBlank(r) && r != '"' && r != in.delim })
}

// tryOpen returns nil if the input is refused, which must be with a word that
// helps.
func tryOpen(t *testing.T, text string, opts Options) *Input {
	t.Helper()
	opts.Stdin = strings.NewReader(text)
	in, err := Open(t.Context(), "-", opts)
	if err != nil {
		assertInputError(t, err)
		return nil
	}
	return in
}

func assertInputError(t *testing.T, err error) {
	t.Helper()
	var inputErr *InputError
	if !errors.As(err, &inputErr) || inputErr.Message == "" || inputErr.Line < 0 || inputErr.Column < 0 {
		t.Fatalf("%#v", err)
	}
}

func checkRow(t *testing.T, in *Input, index int, row batch.Row) {
	t.Helper()
	if row.Index != index || row.Line < 2 || row.Number < 2 || (row.Problem == nil) == (row.Candidate == batch.Candidate{}) {
		t.Fatalf("row %d: %+v", index, row)
	}
	if row.Problem == nil && row.Candidate.Key().Email == "" {
		t.Fatalf("row %d has no key: %+v", index, row)
	}
	found, err := in.At(row.Offset)
	row.Index, row.Number, row.Line = 0, 0, 0
	if diff := cmp.Diff(row, found); diff != "" || err != nil {
		t.Fatal(diff, err)
	}
}

// A plainRecord is a record as encoding/csv reads it.
type plainRecord struct {
	row   int // the line, but for the line breaks in cells before it
	line  int
	cells []string
}

// plainRecords reads the whole spool below the header, but for rows without text.
func plainRecords(t *testing.T, in *Input) ([]plainRecord, error) {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(in.headerRaw))
	r.Comma, r.FieldsPerRecord = in.delim, -1
	header, err := r.Read()
	if err != nil || !slices.Equal(header, in.header) {
		t.Fatalf("header %q, %v; want %q", in.header, err, header)
	}
	r = csv.NewReader(io.NewSectionReader(in.spool, in.body.offset, in.size-in.body.offset))
	r.Comma, r.FieldsPerRecord = in.delim, -1
	var records []plainRecord
	inside := in.body.lines - in.body.rows // line breaks in cells
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return records, err
		}
		if line, _ := r.FieldPos(0); !in.isBlank(cells) {
			line += in.body.lines
			records = append(records, plainRecord{line - inside, line, cells})
		}
		inside += strings.Count(strings.Join(cells, ""), "\n")
	}
}

// checkCells checks that a row says what the cells under its columns say.
func checkCells(t *testing.T, in *Input, row batch.Row, record plainRecord) {
	t.Helper()
	if row.Number != record.row || !in.workbook && row.Line != record.line || in.workbook && row.Line != record.row {
		t.Errorf("row %d is row %d in line %d, not %d in %d", row.Index, record.row, record.line, row.Number, row.Line)
	}
	surplus := record.cells[min(len(record.cells), len(in.header)):]
	tooMany := slices.ContainsFunc(surplus, func(s string) bool { return trim(s) != "" })
	mayBeTorn := slices.ContainsFunc(record.cells, func(s string) bool { return strings.Contains(s, "\r") })
	if got := row.Problem != nil && row.Problem.Code == batch.CodeTooManyFields; got != tooMany && !(got && mayBeTorn) {
		t.Errorf("row %d, %q: %+v", row.Index, record.cells, row.Problem)
	}
	if row.Problem != nil {
		return
	}
	cell := func(field int) string {
		if column := in.columns[field]; column >= 0 && column < len(record.cells) {
			return trim(record.cells[column])
		}
		return ""
	}
	want := row.Candidate
	want.Email, want.JobApplicationID = valueOf(cell(fieldEmail)), valueOf(cell(fieldJobApplicationID))
	if want.Name = cell(fieldName); want.Name == "" {
		want.Name = joinedName(cell(fieldFirstName), cell(fieldLastName))
	}
	if isNoName(want.Name) {
		want.Name = ""
	}
	if want.InterviewID = valueOf(cell(fieldInterviewID)); want.InterviewID == "" {
		want.InterviewID = in.opts.InterviewID
	}
	if want.CandidateID = cell(fieldCandidateID); looksLikeFormula(strings.TrimPrefix(want.CandidateID, "'")) {
		want.CandidateID = strings.TrimPrefix(want.CandidateID, "'") // as in our block
	}
	want.CandidateID = valueOf(want.CandidateID)
	if diff := cmp.Diff(want, row.Candidate); diff != "" {
		t.Errorf("row %d, %q: %s", row.Index, record.cells, diff)
	}
}

// writtenOutputs are what both files hold.
type writtenOutputs struct{ results, failed string }

// mixed is an outcome of each kind in turn, for the rows that can be sent.
func mixed(row *batch.Row) (batch.Outcome, error) {
	switch {
	case row.Problem != nil:
		return batch.Outcome{Code: row.Problem.Code, Error: row.Problem.Message}, nil
	case row.Index%3 == 1:
		return batch.Outcome{Code: batch.CodeNotSent, Error: "-\"1\",;\t|\r\n"}, nil
	case row.Index%3 == 2:
		return batch.Outcome{Status: batch.StatusInvited}, nil
	default:
		return batch.Outcome{Status: batch.StatusConfirmed, CandidateID: "-c", InviteURL: "=u,\";\""}, nil
	}
}

func writeMixed(t *testing.T, in *Input, dir string) writtenOutputs {
	t.Helper()
	resultsPath, failedPath := filepath.Join(dir, "mixed.results.csv"), filepath.Join(dir, "mixed.failed.csv")
	out, err := NewOutputs(in, resultsPath, failedPath)
	if err != nil {
		t.Fatal(err)
	}
	counts, err := out.Write(t.Context(), readAgain(in, mixed))
	if err != nil || counts.Rows != counts.Results+counts.Failed {
		t.Fatalf("counts %+v, %v", counts, err)
	}
	return writtenOutputs{readFile(t, resultsPath), readFile(t, failedPath)}
}

// readOutput reads an output as anybody would.
func readOutput(t *testing.T, in *Input, text string) [][]string {
	t.Helper()
	text, found := strings.CutPrefix(text, "\ufeff")
	if found != in.bom {
		t.Fatalf("byte order mark: %v, want %v", found, in.bom)
	}
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = outputDelim(in), -1
	records, err := r.ReadAll()
	if err != nil || len(records) == 0 {
		t.Fatalf("%v in the output %q", err, text)
	}
	return records
}

func outputDelim(in *Input) rune {
	if in.utf16 {
		return ','
	}
	return in.delim
}

// checkOutputs checks that each row is in the file where it belongs, in input
// order, with the cells that it had and our block behind them.
func checkOutputs(t *testing.T, in *Input, rows []batch.Row, records []plainRecord, out writtenOutputs) {
	t.Helper()
	files := map[bool][][]string{true: readOutput(t, in, out.results), false: readOutput(t, in, out.failed)}
	columns := map[bool]int{}
	for good, block := range map[bool][]string{true: resultsColumns, false: failedColumns} {
		columns[good] = checkOutputHeader(t, in, files[good][0], block)
		files[good] = files[good][1:]
	}
	for i := range rows {
		outcome, _ := mixed(&rows[i])
		good := outcome.Status != ""
		if len(files[good]) == 0 {
			t.Fatalf("row %d is missing in %+v", i, out)
		}
		cells := files[good][0]
		files[good] = files[good][1:]
		checkOutputRow(t, in, records[i], cells, columns[good], rowColumn(good))
	}
	if len(files[true])+len(files[false]) > 0 {
		t.Fatalf("rows that are not in the input: %v", files)
	}
}

// rowColumn is where our block has the line.
func rowColumn(good bool) int {
	if good {
		return slices.Index(resultsColumns, "row")
	}
	return slices.Index(failedColumns, "row")
}

// checkOutputHeader returns how many columns are not our block's.
func checkOutputHeader(t *testing.T, in *Input, header, block []string) int {
	t.Helper()
	own, users := len(header)-len(block), usersCells(in, in.header)
	if own < len(users) || own > len(users)+1 || !slices.Equal(header[own:], block) {
		t.Fatalf("header %q for %q", header, in.header)
	}
	for i, name := range header[:own] {
		if i < len(users) && name != users[i] && !strings.HasPrefix(name, trim(users[i])+"_input") {
			t.Errorf("column %q is called %q", users[i], name)
		}
		if slices.ContainsFunc(block, func(ours string) bool { return normalHeader(ours) == normalHeader(name) }) {
			t.Errorf("column %q has a name of ours", name)
		}
	}
	return own
}

// usersCells returns the cells of a record that are not in a block of ours.
func usersCells(in *Input, record []string) []string {
	cells := []string{}
	for i, ours := range in.ours {
		switch {
		case ours:
		case i < len(record):
			cells = append(cells, record[i])
		default:
			cells = append(cells, "")
		}
	}
	return cells
}

func checkOutputRow(t *testing.T, in *Input, record plainRecord, cells []string, own, row int) {
	t.Helper()
	want := usersCells(in, record.cells)
	surplus := slices.Clone(record.cells[min(len(record.cells), len(in.header)):])
	for len(surplus) > 0 && trim(surplus[len(surplus)-1]) == "" {
		surplus = surplus[:len(surplus)-1]
	}
	if len(surplus) > 0 { // else it would be part of the line's end
		surplus[len(surplus)-1] = strings.TrimSuffix(surplus[len(surplus)-1], "\r")
	}
	got := cells[min(len(cells), own+4):]
	if len(cells) < own+4 || !slices.Equal(cells[:len(want)], want) || !slices.Equal(got, surplus) {
		t.Fatalf("%q is written as %q, with %d columns of its own", record.cells, cells, own)
	}
	if cells[own+row] != strconv.Itoa(record.row) {
		t.Errorf("row %d is called %q", record.row, cells[own+row])
	}
}

// checkFedBack checks that failed.csv is read as the rows that failed, with
// the same columns, and that written again it has not grown.
func checkFedBack(t *testing.T, in *Input, rows []batch.Row, out writtenOutputs, dir string) {
	t.Helper()
	opts := in.opts
	opts.Encoding, opts.Sheet = "", ""
	if opts.Delimiter != "" {
		opts.Delimiter = string(outputDelim(in))
	}
	var failed []batch.Row
	for _, row := range rows {
		if outcome, _ := mixed(&row); outcome.Status == "" {
			failed = append(failed, row)
		}
	}
	again := tryOpen(t, out.failed, opts)
	if again == nil {
		t.Fatalf("fed back, %q is refused", out.failed)
	}
	defer again.Close()
	if again.delim != outputDelim(in) || len(again.header)-len(usersCells(again, again.header)) != len(failedColumns) {
		t.Fatalf("fed back, %q has columns %q", out.failed, again.header)
	}
	for i, row := range scanAll(t, again) {
		if i >= len(failed) || row.Candidate != failed[i].Candidate || (row.Problem == nil) != (failed[i].Problem == nil) ||
			row.Problem != nil && row.Problem.Code != failed[i].Problem.Code {
			t.Fatalf("fed back, row %d of %q is %+v", i, out.failed, row)
		}
	}
	if third := writeMixed(t, again, dir); firstLine(third.failed) != firstLine(out.failed) {
		t.Fatalf("fed back, %q becomes %q", out.failed, third.failed)
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

package csvio

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"bulkinvite/batch"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// writeFile puts an input into a folder of its own and moves there, so that
// messages have short names.
func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func openText(t testing.TB, text string, opts Options) *Input {
	t.Helper()
	opts.Stdin = strings.NewReader(text)
	in, err := Open(t.Context(), "-", opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return in
}

func scanAll(t testing.TB, in *Input) []batch.Row {
	t.Helper()
	rows, err := tryScan(t, in)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func tryScan(t testing.TB, in *Input) ([]batch.Row, error) {
	var rows []batch.Row
	err := in.Scan(t.Context(), func(row *batch.Row) error { rows = append(rows, *row); return nil })
	return rows, err
}

func gzipped(t testing.TB, parts ...string) string {
	t.Helper()
	var b bytes.Buffer
	for _, part := range parts {
		w := gzip.NewWriter(&b)
		if _, err := w.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

func zstded(t testing.TB, parts ...string) string {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var b []byte
	for _, part := range parts {
		b = w.EncodeAll([]byte(part), b)
	}
	return string(b)
}

// writeOutputs runs pass 3 and returns what both files hold.
func writeOutputs(t testing.TB, in *Input, dir string) (results, failed string, counts Counts) {
	t.Helper()
	resultsPath, failedPath := filepath.Join(dir, "results.csv"), filepath.Join(dir, "failed.csv")
	out, err := NewOutputs(in, resultsPath, failedPath)
	if err != nil {
		t.Fatal(err)
	}
	if counts, err = out.Write(t.Context(), outcomes(in)); err != nil {
		t.Fatal(err)
	}
	return readFile(t, resultsPath), readFile(t, failedPath), counts
}

// outputTexts is writeOutputs without files, which wait for the disk.
func outputTexts(t testing.TB, in *Input) (results, failed string, counts Counts) {
	t.Helper()
	var invited, others strings.Builder
	w := newWriter(in, &invited, &others)
	if err := w.writeAll(t.Context(), in, outcomes(in)); err != nil {
		t.Fatal(err)
	}
	return invited.String(), others.String(), w.counts
}

// outcomes says of each row that it is invited, or failed with its problem.
func outcomes(in *Input) func(*batch.Row) (batch.Outcome, error) {
	return readAgain(in, func(row *batch.Row) (batch.Outcome, error) {
		if row.Problem != nil {
			return batch.Outcome{Code: row.Problem.Code, Error: row.Problem.Message}, nil
		}
		return batch.Outcome{Status: batch.StatusInvited, CandidateID: "c", InviteURL: "u"}, nil
	})
}

// readAgain gives outcome the whole row, as a run does for those that it did not
// send.
func readAgain(in *Input, outcome func(*batch.Row) (batch.Outcome, error)) func(*batch.Row) (batch.Outcome, error) {
	return func(row *batch.Row) (batch.Outcome, error) {
		whole, err := in.At(row.Offset)
		if err != nil {
			return batch.Outcome{}, err
		}
		whole.Index, whole.Number, whole.Line, whole.File = row.Index, row.Number, row.Line, row.File
		return outcome(&whole)
	}
}

func readFile(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// warningTexts returns what the warnings of an input say.
func warningTexts(in *Input) []string {
	var texts []string
	for _, w := range in.Warnings() {
		texts = append(texts, w.String())
	}
	return texts
}

package csvio

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// FuzzHeader: each column is taken for what its name says and nothing else,
// however it is spelled; what is missing or there twice is refused; and both
// outputs of a list without people, fed back, stay as they are.
func FuzzHeader(f *testing.F) {
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, header, delimiter string, resend, interview bool) {
		opts := Options{Delimiter: delimiter, Resend: resend}
		if interview {
			opts.InterviewID = "iv"
		}
		in := tryOpen(t, header, opts)
		if in == nil {
			return
		}
		defer in.Close()
		if len(in.header) == 0 {
			return // there is nothing in it, and no output is written
		}
		checkColumns(t, in)
		if got := tryOpen(t, respelled(t, in), Options{Delimiter: string(in.delim), Resend: resend, InterviewID: opts.InterviewID}); got == nil ||
			got.columns != in.columns {
			t.Errorf("spelled otherwise, %q has other columns", in.header)
		} else {
			got.Close()
		}
		if rows, err := tryScan(t, in); err != nil || len(rows) > 0 {
			return // FuzzRead is for those
		}
		out := writeMixed(t, in, dir)
		for _, text := range []string{out.results, out.failed} {
			if opts.Delimiter != "" {
				opts.Delimiter = string(in.delim)
			}
			again := tryOpen(t, text, opts)
			if again == nil {
				t.Fatalf("fed back, %q is refused", text)
			}
			written := writeMixed(t, again, dir)
			again.Close()
			if text == out.failed && written.failed != text || text == out.results && written.results != text {
				t.Fatalf("fed back, %q becomes %+v", text, written)
			}
		}
	})
}

// checkColumns checks the columns against the aliases, one by one.
func checkColumns(t *testing.T, in *Input) {
	t.Helper()
	for i, name := range in.header {
		field, known := fieldOf(name)
		if known && !in.ours[i] && (field != fieldCandidateID || in.opts.Resend) && in.columns[field] != i {
			t.Errorf("%q is not taken for %s in %q", name, fieldNames[field], in.header)
		}
	}
	for field, column := range in.columns {
		if column >= 0 && !mayMean(in, in.header[column], field) {
			t.Errorf("%q is taken for %s", in.header[column], fieldNames[field])
		}
	}
	has := func(field int) bool { return in.columns[field] >= 0 }
	whole, parts := has(fieldName), has(fieldFirstName) || has(fieldLastName)
	byID := has(fieldJobApplicationID) || has(fieldCandidateID)
	_, joined := ourColumns(in.header)
	if whole && parts && !joined || !byID && !whole && !(has(fieldFirstName) && has(fieldLastName)) {
		t.Errorf("%q names people twice or not at all", in.header)
	}
	if !byID && !has(fieldEmail) || !has(fieldInterviewID) && in.opts.InterviewID == "" {
		t.Errorf("%q is not enough", in.header)
	}
}

// mayMean reports whether a header can be that of a field.
func mayMean(in *Input, header string, field int) bool {
	if known, ok := fieldOf(header); ok {
		return known == field && (field != fieldCandidateID || in.opts.Resend)
	}
	if _, ok := nameWords[aliasForm(header)]; ok {
		return field == fieldName || field == fieldFirstName || field == fieldLastName
	}
	return field == fieldJobApplicationID && in.columns[fieldEmail] < 0 && aliasForm(header) == "jobapplicationid"
}

// respelled writes the header with the user's columns in capitals, and with
// what people put between words, but for the ids.
func respelled(t *testing.T, in *Input) string {
	t.Helper()
	header := slices.Clone(in.header)
	for i := range header {
		if in.ours[i] || slices.Contains([]int{in.columns[fieldJobApplicationID], in.columns[fieldCandidateID]}, i) {
			continue
		}
		header[i] = " _" + strings.Map(func(r rune) rune {
			if r < utf8.RuneSelf {
				return unicode.ToUpper(r)
			}
			return r
		}, header[i]) + "-\u200b\u00a0"
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = in.delim
	if err := w.Write(header); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	return b.String()
}

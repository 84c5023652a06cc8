package csvio

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// A shownRecord is a record and the bytes of it.
type shownRecord struct {
	Line   int
	Offset int64
	Raw    string
	Fields []string
}

// oneByOne reads what recordReader shall find in a text: each record is cut out
// and parsed alone, up to the first that breaks the rules.
func oneByOne(text string, delim rune) (records []shownRecord, broken bool) {
	for line, rest := 1, text; rest != ""; {
		raw := string(cutRecord([]byte(rest)))
		offset := int64(len(text) - len(rest))
		rest = rest[len(raw):]
		if trimmed := trimLineEnd([]byte(raw)); len(trimmed) > 0 {
			r := csv.NewReader(strings.NewReader(raw))
			r.Comma, r.FieldsPerRecord = delim, -1
			fields, err := r.Read()
			if err != nil || len(raw) > maxRecord {
				return records, true
			}
			records = append(records, shownRecord{Line: line, Offset: offset, Raw: raw, Fields: fields})
		}
		line += strings.Count(raw, "\n")
	}
	return records, false
}

func readRecords(t rapid.TB, text string, delim rune, buffer int) (records []shownRecord, broken bool) {
	spool, err := createSpool()
	if err != nil {
		t.Fatal(err)
	}
	defer spool.Close()
	if _, err := spool.WriteString(text); err != nil {
		t.Fatal(err)
	}
	r := newRecordReader(spool, int64(len(text)), delim, buffer)
	for {
		rec, err := r.read()
		if inputErr := (*InputError)(nil); errors.As(err, &inputErr) {
			if beyond := r.spool.at - r.pos.offset; beyond > maxRecord {
				t.Fatalf("%d bytes were read of one record", beyond)
			}
			return records, true
		}
		if errors.Is(err, io.EOF) {
			return records, false
		}
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, shownRecord{
			rec.line, rec.offset, text[rec.offset:][:rec.size], slices.Clone(rec.fields),
		})
	}
}

// Whatever stands in a text, wherever a buffer ends: the records, their lines
// and their bytes are those of records that are cut out and parsed alone.
func TestRecordsAreWhatTheyAreAlone(t *testing.T) {
	good := rapid.SampledFrom([]string{
		"a,b\n", "é;\r\n", "\n", "\r\n", "\"a\nb\",c\n", "\"a\r\n\r\nb\",\"\"\"\nc\"\r\n", "a,\"\n\"\n",
		strings.Repeat("x", atBuffer-1) + "\n", "\"" + strings.Repeat("y\n", atBuffer/2) + "\",a\n", strings.Repeat("\n", atBuffer+1),
	})
	piece := rapid.SampledFrom([]string{"a", ",", ";", "\n", "\r\n", "\r", "é", " ", "\"", "\"\"", "\",\"", "\"\n"})
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(good, 0, 10).Draw(t, "records"), "") +
			strings.Join(rapid.SliceOfN(piece, 0, 20).Draw(t, "pieces"), "")
		delim := rapid.SampledFrom([]rune(",;é")).Draw(t, "delimiter")
		buffer := rapid.SampledFrom([]int{atBuffer, scanBuffer}).Draw(t, "buffer")
		want, wantBroken := oneByOne(text, delim)
		got, broken := readRecords(t, text, delim, buffer)
		if diff := cmp.Diff(want, got); diff != "" || broken != wantBroken {
			t.Fatalf("broken %v, want %v: %s", broken, wantBroken, diff)
		}
	})
}

// A quote that is not closed must not make it read, and keep, a whole file.
func TestOpenQuoteIsNotFollowedFar(t *testing.T) {
	if _, broken := readRecords(t, "a,b\n\""+strings.Repeat("x\n", 2*maxRecord), ',', scanBuffer); !broken {
		t.Error("an open quote is no fault")
	}
}

// The largest record that is read is one of maxRecord bytes, be it the last or
// not, quoted or not.
func TestLargestRecord(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", "", "\nx\n"} {
		for _, quote := range []string{"", `"`} {
			for _, extra := range []int{-1, 0, 1} {
				lineEnd := len(end) - len(strings.TrimLeft(end, "\r\n"))
				cell := strings.Repeat("x", maxRecord+extra-lineEnd-2*len(quote))
				text := "a,b\n\n" + quote + cell + quote + end
				want := 2 // the small one and the large one
				if extra > 0 {
					want = 1
				}
				if strings.HasSuffix(end, "x\n") && extra <= 0 {
					want++
				}
				got, broken := readRecords(t, text, ',', scanBuffer)
				if broken != (extra > 0) || len(got) != want {
					t.Errorf("end %q, quote %q: broken %v, %d records with %d bytes too many", end, quote, broken, len(got), extra)
				}
			}
		}
	}
}

package csvio

import (
	"bytes"
	"fmt"
	"testing"

	"bulkinvite/batch"
)

// sampleRows returns a list as people have them: columns of their own, and
// every tenth row with a quoted cell.
func sampleRows(rows int) []byte {
	var b bytes.Buffer
	b.WriteString("id,Full Name,E-Mail,interview_id,city,notes\n")
	for i := range rows {
		notes := "met in spring"
		if i%10 == 0 {
			notes = `"likes tea, ""green"""`
		}
		fmt.Fprintf(&b, "%d,Ann Example %d,ann.example%d@mail.example.com,123e4567-e89b-12d3-a456-42661417400%d,Lisbon,%s\n",
			i, i, i, i%7, notes)
	}
	return b.Bytes()
}

func BenchmarkOpen(b *testing.B) {
	data := sampleRows(100_000)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		in, err := Open(b.Context(), "-", Options{Stdin: bytes.NewReader(data)})
		if err != nil {
			b.Fatal(err)
		}
		in.Close()
	}
}

func BenchmarkScan(b *testing.B) {
	const rows = 100_000
	in, err := Open(b.Context(), "-", Options{Stdin: bytes.NewReader(sampleRows(rows))})
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	b.ReportAllocs()
	for b.Loop() {
		valid := 0
		err := in.Scan(b.Context(), func(row *batch.Row) error {
			if row.Problem == nil {
				valid++
			}
			return nil
		})
		if err != nil || valid != rows {
			b.Fatalf("%d valid rows of %d, %v", valid, rows, err)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkAt(b *testing.B) {
	in, err := Open(b.Context(), "-", Options{Stdin: bytes.NewReader(sampleRows(1000))})
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	var offsets []int64
	err = in.Scan(b.Context(), func(row *batch.Row) error { offsets = append(offsets, row.Offset); return nil })
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if _, err := in.At(offsets[i%len(offsets)]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWrite(b *testing.B) {
	const rows = 100_000
	in, err := Open(b.Context(), "-", Options{Stdin: bytes.NewReader(sampleRows(rows))})
	if err != nil {
		b.Fatal(err)
	}
	defer in.Close()
	dir := b.TempDir()
	for b.Loop() {
		out, err := NewOutputs(in, dir+"/results.csv", dir+"/failed.csv")
		if err != nil {
			b.Fatal(err)
		}
		_, err = out.Write(b.Context(), func(*batch.Row) (batch.Outcome, error) {
			return batch.Outcome{Status: batch.StatusInvited, CandidateID: "c-1", InviteURL: "https://example.com/i?cid=c-1"}, nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(rows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

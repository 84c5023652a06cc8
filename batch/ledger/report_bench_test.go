package ledger

import (
	"path/filepath"
	"testing"

	"bulkinvite/batch/ledger/history"
)

// BenchmarkReport reads the run that invited everybody.
func BenchmarkReport(b *testing.B) {
	path := filepath.Join(b.TempDir(), "ledger.db")
	s, err := Open(b.Context(), path, Options{})
	if err != nil {
		b.Fatal(err)
	}
	r, err := s.Begin(b.Context(), RunInfo{BaseURL: "https://api.example"})
	if err != nil {
		b.Fatal(err)
	}
	invite(b, r, 0, *benchPeople)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	reader, err := history.OpenReadOnly(b.Context(), path)
	if err != nil {
		b.Fatal(err)
	}
	defer reader.Close()
	b.ReportAllocs()
	for b.Loop() {
		report, err := reader.Report(b.Context(), r.ID(), 50)
		if err != nil || report.Interviews[0].Invited != *benchPeople {
			b.Fatal(report, err)
		}
	}
}

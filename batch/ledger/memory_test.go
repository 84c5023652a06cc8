package ledger_test

import (
	"path/filepath"
	"testing"

	"bulkinvite/batch/ledger"
)

// What is of this machine and not of an API is known whatever the base URL.
func TestRecallAny(t *testing.T) {
	s, err := ledger.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, base := range []string{"https://a", "https://b"} {
		r, err := s.Begin(t.Context(), ledger.RunInfo{BaseURL: base})
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Remember(t.Context(), "output x", base); err != nil {
			t.Fatal(err)
		}
	}
	r, err := s.Begin(t.Context(), ledger.RunInfo{BaseURL: "https://a"})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"output x": "https://b", "output y": ""} {
		if got, err := r.RecallAny(t.Context(), name); got != want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

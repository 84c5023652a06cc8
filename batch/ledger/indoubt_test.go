package ledger_test

import (
	"path/filepath"
	"testing"

	"bulkinvite/batch/ledger"
)

// Who is in doubt is counted as People tells it: somebody who was found in the
// API's list by a later request is none of them.
func TestInDoubt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	fill(t, path)
	r, err := ledger.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	_, doubts, err := r.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.InDoubt(t.Context()); err != nil || n != len(doubts) || n == 0 {
		t.Errorf("%d are in doubt, %v; want %d", n, err, len(doubts))
	}
}

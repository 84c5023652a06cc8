package app

import (
	"testing"

	"bulkinvite/batch"
)

// --concurrency is only true if as many requests find a connection.
func TestEveryWorkerFindsAConnection(t *testing.T) {
	for concurrency, atLeast := range map[int]int{0: 64, 4: 64, 64: 65, 1000: 1001} {
		if got := ClientOptions("", batch.Options{Concurrency: concurrency}).MaxConns; got < atLeast {
			t.Errorf("concurrency %d: %d connections, want at least %d", concurrency, got, atLeast)
		}
	}
}

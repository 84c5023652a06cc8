//go:build race

package ledger_test

import "flag"

// Fewer random histories: each is one goroutine's, of which the race detector
// can say nothing, and takes ten times as long with it.
var _ = flag.Set("rapid.checks", "10")

//go:build race

package engine_test

import "runtime"

// What the race detector is to see does not happen on one processor, and its
// scheduler is random anyway.
func init() { processors = runtime.NumCPU() }

package app

import "runtime/debug"

// GCPercent returns the percentage at which the garbage collector leaves about the
// same space for garbage whatever the number of rows. Most memory of a large file
// stays in use, and as much again for garbage would be wasted. More rows get a
// little more, since each collection takes longer.
func GCPercent(rows int) int {
	const fixed, perRow = 10 << 20, 34 // bytes that stay in use
	room := 23<<20 + rows
	return 100 * room / (fixed + perRow*rows)
}

// SetGCPercent sets GCPercent for so many rows.
func SetGCPercent(rows int) { debug.SetGCPercent(GCPercent(rows)) }

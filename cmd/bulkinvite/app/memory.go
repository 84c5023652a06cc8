package app

import "runtime/debug"

// GCPercent makes the garbage collector leave about the same room for garbage
// whatever is in use beside it, which grows with the rows: of a large file most
// stays in use, and as much again for garbage would be wasted. A little more
// for more rows, since going through what is in use takes longer.
func GCPercent(rows int) int {
	const fixed, perRow = 10 << 20, 34 // bytes that stay in use
	room := 23<<20 + rows
	return 100 * room / (fixed + perRow*rows)
}

// SetGCPercent sets it for so many rows.
func SetGCPercent(rows int) { debug.SetGCPercent(GCPercent(rows)) }

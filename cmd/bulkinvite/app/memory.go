package app

import "runtime/debug"

// GCPercent returns the percentage at which the garbage collector leaves about
// the same room for garbage however many rows are in use: with a large file most
// memory stays in use, and as much again for garbage would be wasted. It leaves a
// little more for more rows, since each collection then takes longer.
func GCPercent(rows int) int {
	const fixed, perRow = 10 << 20, 34 // bytes that stay in use
	room := 23<<20 + rows
	return 100 * room / (fixed + perRow*rows)
}

// SetGCPercent sets GCPercent for so many rows.
func SetGCPercent(rows int) { debug.SetGCPercent(GCPercent(rows)) }

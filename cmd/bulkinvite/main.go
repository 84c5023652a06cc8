// Command bulkinvite invites everyone in a CSV file or Excel workbook to their
// micro1 AI interview exactly once, and accounts for every row.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
)

// gcPercent makes the garbage collector run more often than by default: of a
// large file most of the memory in use stays in use, and room for as much
// garbage beside it would be wasted. Of a larger file that is more, and the
// garbage is the same, so the room is about 18 MiB for any number of rows.
func gcPercent(rows int) int {
	const fixed, perRow = 20 << 20, 27 // bytes that stay in use
	return 100 * (18 << 20) / (fixed + perRow*max(rows, 1_000_000))
}

func main() {
	surviveAsking()
	// A reader of our output that goes away must not end the sending: writes
	// then fail, and lossy drops the error.
	signal.Ignore(syscall.SIGPIPE)
	// net/http writes what it reads on an idle connection, and so perhaps
	// somebody's address, to the standard log. What matters of it comes back as
	// the error of a request.
	log.SetOutput(io.Discard)
	debug.SetGCPercent(gcPercent(0))
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

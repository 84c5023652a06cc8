// Command bulkinvite invites everyone in a CSV file to their micro1 AI
// interview exactly once, and accounts for every row.
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
// garbage beside it would be wasted.
const gcPercent = 40

func main() {
	// A reader of our output that goes away must not end the sending: writes
	// then fail, and lossy drops the error.
	signal.Ignore(syscall.SIGPIPE)
	// net/http writes what it reads on an idle connection, and so perhaps
	// somebody's address, to the standard log. What matters of it comes back as
	// the error of a request.
	log.SetOutput(io.Discard)
	debug.SetGCPercent(gcPercent)
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

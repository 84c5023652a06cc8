// Command bulkinvite invites everyone in a CSV file to their micro1 AI
// interview exactly once, and accounts for every row.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	// A reader of our output that goes away must not end the sending: writes
	// then fail, and lossy drops the error.
	signal.Ignore(syscall.SIGPIPE)
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

// Command bulkinvite invites everyone in a CSV file or an Excel workbook to
// their micro1 AI interview exactly once, and accounts for every row.
//
//	bulkinvite check FILE|-...     show what would be sent and which rows are wrong
//	bulkinvite send FILE|-...      invite everyone who was not invited yet
//	bulkinvite status              show what was sent so far, and who is in doubt
//	bulkinvite report [RUN]        write a page about a run
//	bulkinvite confirm             find out who of those in doubt is invited, without inviting anybody
//	bulkinvite audit INTERVIEW_ID  compare an interview's list with the ledger
//	bulkinvite explain EMAIL       show what the ledger knows about a person
//	bulkinvite forget EMAIL        remove a person's data, and still not invite them twice
//	bulkinvite sandbox             serve the API on this machine, with faults on demand
//	bulkinvite completion SHELL    write the script that completes commands and flags
//	bulkinvite version             print the version
//
// send writes NAME.results.csv and NAME.failed.csv beside the file, and records in
// a ledger who was invited: however a run ends, the same command goes on where it
// stood. send, confirm and audit need an API key, in a file that --api-key-file
// names or in the environment variable MICRO1_API_KEY; send --sandbox rehearses
// without one.
//
// Each command has --help; bulkinvite help environment, files and exit-codes
// describe the rest.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"bulkinvite/cmd/bulkinvite/app"
)

func main() {
	app.SurviveAsking()
	// A reader that goes away must not end the sending: writes fail instead, and
	// lossy drops the error.
	signal.Ignore(syscall.SIGPIPE)
	// net/http logs what it reads on an idle connection, which may be an address.
	// What matters of it comes back as the error of a request.
	log.SetOutput(io.Discard)
	debug.SetGCPercent(app.GCPercent(0))
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

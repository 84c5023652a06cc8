package main

import (
	"bytes"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
)

// buggy is the program with a bug: what $BUG_IN names panics when it logs, the
// first time. With $BUG_HANGS, what logs there later waits for ever, as for a
// lock that the one who panicked has taken along.
func buggy() {
	in, hangs := []byte(os.Getenv("BUG_IN")), os.Getenv("BUG_HANGS") != ""
	var hit atomic.Bool
	zerolog.TimestampFunc = func() time.Time {
		switch {
		case !bytes.Contains(debug.Stack(), in):
		case hit.CompareAndSwap(false, true):
			panic("kaput for ann@example.com")
		case hangs:
			select {}
		}
		return time.Now()
	}
	main()
}

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
// first time. With $BUG_HANGS, what logs there before that waits for ever, as for
// a lock that nobody gives back.
func buggy() {
	in := []byte(os.Getenv("BUG_IN"))
	panics := int32(1)
	if os.Getenv("BUG_HANGS") != "" {
		panics = 2
	}
	var hits atomic.Int32
	zerolog.TimestampFunc = func() time.Time {
		if bytes.Contains(debug.Stack(), in) {
			switch hit := hits.Add(1); {
			case hit < panics:
				select {}
			case hit == panics:
				panic("kaput for ann@example.com")
			}
		}
		return time.Now()
	}
	main()
}

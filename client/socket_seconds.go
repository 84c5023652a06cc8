//go:build darwin || windows

package client

import "time"

// wholeSeconds is a time for systems that count in them, no shorter than it is.
func wholeSeconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

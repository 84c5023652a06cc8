package client

import (
	"syscall"
	"time"
)

// tcpMaxRT is TCP_MAXRT, which package syscall lacks.
const tcpMaxRT = 5

// setUserTimeout bounds how long what was written is sent again.
func setUserTimeout(fd uintptr, d time.Duration) error {
	return syscall.SetsockoptInt(syscall.Handle(fd), syscall.IPPROTO_TCP, tcpMaxRT, wholeSeconds(d))
}

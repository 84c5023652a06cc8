package client

import (
	"errors"
	"syscall"
	"time"
)

// setUserTimeout bounds how long is tried to connect, and how long what was
// written is sent again.
func setUserTimeout(fd uintptr, d time.Duration) error {
	return errors.Join(
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_CONNECTIONTIMEOUT, wholeSeconds(d)),
		syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_RXT_CONNDROPTIME, wholeSeconds(d)),
	)
}

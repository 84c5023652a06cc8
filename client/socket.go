package client

import (
	"context"
	"net"
	"time"
)

type dialer func(ctx context.Context, network, addr string) (net.Conn, error)

// endingWithRequests makes the connections of dial so that no request
// outlives whoever waits for its answer. The kernel keeps what was written to a
// socket and delivers it when the link is back, also for a program that has
// closed it, that was killed or that stands still: up to a minute later somebody
// would be invited, after the list had shown that they were not.
func endingWithRequests(dial dialer, timeout time.Duration) dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if tcp, ok := conn.(*net.TCPConn); ok {
			endWithRequests(tcp, timeout)
		}
		return conn, err
	}
}

// endWithRequests lets the end of a socket, whoever brings it about, throw away
// what has not arrived, and the kernel end it if nothing has arrived for as long
// as the time-out. A system that lacks one of these is no reason to send
// nothing: the looks at the list have some seconds to spare.
func endWithRequests(conn *net.TCPConn, timeout time.Duration) {
	_ = conn.SetLinger(0)
	raw, err := conn.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { _ = setUserTimeout(fd, timeout) })
}

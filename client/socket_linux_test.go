package client

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"
)

// The kernel ends a socket, whoever has made it, when nothing has arrived for as
// long as the time-out.
func TestSocketsEndWithTheTimeOut(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dial := endingWithRequests(new(net.Dialer).DialContext, 7500*time.Millisecond)
	conn, err := dial(context.Background(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		if ms, err := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout); err != nil || ms != 7500 {
			t.Errorf("the user time-out is %d ms (%v)", ms, err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

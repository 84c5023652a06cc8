package client

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"testing"
)

// A socket that ends throws away what has not arrived: its other end is told of
// a reset, and not of an orderly end that would wait for the rest.
func TestSocketsEndAtOnce(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	ended := make(chan error, 1)
	go func() { ended <- answerOnce(listener) }()
	c := newClient(t, "http://"+listener.Addr().String())
	if err := calls["Invite"](t.Context(), c); err != nil {
		t.Error(err)
	}
	c.Close()
	if err := <-ended; !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the connection ended with %v", err)
	}
}

// answerOnce answers one request and returns how its connection ends.
func answerOnce(listener net.Listener) error {
	conn, err := listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	r := bufio.NewReader(conn)
	req, err := http.ReadRequest(r)
	if err != nil {
		return err
	}
	if _, err := r.Discard(int(req.ContentLength)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(oneInvited), oneInvited); err != nil {
		return err
	}
	_, err = r.ReadByte()
	return err
}

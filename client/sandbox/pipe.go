package sandbox

import (
	"context"
	"net"
	"sync"
	"syscall"
)

// A Pipe is a network of one host in memory: http.Server serves it as a
// net.Listener, http.Transport reaches it through DialContext. It works in a
// testing/synctest bubble, which sockets do not.
type Pipe struct {
	conns  chan net.Conn
	closed chan struct{}
	close  sync.Once
}

// NewPipe returns a Pipe to which connections can be made until Close.
func NewPipe() *Pipe {
	return &Pipe{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// DialContext connects to whoever accepts, whatever the address. On a closed
// Pipe the connection is refused, as by a host on which nobody listens.
func (p *Pipe) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	var err error
	select {
	case p.conns <- far:
		return near, nil
	case <-p.closed:
		err = syscall.ECONNREFUSED
	case <-ctx.Done():
		err = ctx.Err()
	}
	_ = near.Close()
	_ = far.Close()
	return nil, &net.OpError{Op: "dial", Net: "pipe", Addr: p.Addr(), Err: err}
}

// Accept returns the next connection, or net.ErrClosed after Close.
func (p *Pipe) Accept() (net.Conn, error) {
	select {
	case conn := <-p.conns:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

// Close ends accepting and dialling. Connections that were made stay open:
// http.Server.Close ends them.
func (p *Pipe) Close() error {
	p.close.Do(func() { close(p.closed) })
	return nil
}

// Addr returns an address that says pipe and nothing else.
func (p *Pipe) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }

package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// pipeServer serves h over pipes, whose time is the bubble's, and returns the
// option that leads a client there.
func pipeServer(t *testing.T, h http.HandlerFunc) func(*Options) {
	listener := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: h}
	done := make(chan error)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() { server.Close(); <-done })
	return func(o *Options) {
		o.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			near, far := net.Pipe()
			select {
			case listener.conns <- far:
				return near, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
	}
}

type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}
func (l *pipeListener) Close() error   { close(l.closed); return nil }
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// hang keeps the request until its connection goes away.
func hang(_ http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

func TestTimeouts(t *testing.T) {
	trickle := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			io.WriteString(w, " ")
			http.NewResponseController(w).Flush()
			select {
			case <-time.After(time.Second):
			case <-r.Context().Done():
			}
		}
	}
	noDial := func(o *Options) {
		o.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		dial    func(*Options)
		fate    Fate
		cause   Cause
	}{
		"no answer":      {handler: hang, fate: Unknown},
		"endless answer": {handler: trickle, fate: Unknown},
		"no connection":  {dial: noDial, fate: NotSent, cause: Unreachable},
	} {
		for call, do := range calls {
			t.Run(name+"/"+call, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					dial := c.dial
					if dial == nil {
						dial = pipeServer(t, c.handler)
					}
					client := newClient(t, "http://127.0.0.1", dial, func(o *Options) { o.Timeout = 7 * time.Second })
					start := time.Now()
					e := assertFate(t, do(t.Context(), client), c.fate, c.cause)
					if took := time.Since(start); took != 7*time.Second {
						t.Errorf("took %v", took)
					}
					if !errors.Is(e, context.DeadlineExceeded) {
						t.Errorf("%v is no time-out", e)
					}
				})
			})
		}
	}
}

// After a 101 the connection belongs to whoever reads it, and net/http ends no
// read from it.
func TestAnotherProtocolIsNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, "http://127.0.0.1", pipeServer(t, func(w http.ResponseWriter, r *http.Request) {
			conn, rw, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n")
			io.Copy(io.Discard, rw)
		}))
		assertFate(t, calls["Invite"](t.Context(), c), Unknown, OtherCause)
	})
}

func TestDefaultTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t, "http://127.0.0.1", pipeServer(t, hang))
		start := time.Now()
		assertFate(t, calls["Invite"](t.Context(), c), Unknown, OtherCause)
		if took := time.Since(start); took != 40*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestCancelled(t *testing.T) {
	for call, do := range calls {
		t.Run(call, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newClient(t, "http://127.0.0.1", pipeServer(t, hang))
				ctx, cancel := context.WithCancelCause(t.Context())
				stop := errors.New("stopped by a signal")
				go func() {
					time.Sleep(time.Second) // the request is with the server
					cancel(stop)
				}()
				if e := assertFate(t, do(ctx, c), Unknown, OtherCause); !errors.Is(e, stop) {
					t.Errorf("%v does not tell the cause", e)
				}
				if e := assertFate(t, do(ctx, c), NotSent, OtherCause); !errors.Is(e, stop) {
					t.Errorf("%v does not tell the cause", e)
				}
			})
		})
	}
}

// More calls than connections wait, and a call that never got one has not
// sent anything.
func TestMaxConns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		c := newClient(t, "http://127.0.0.1",
			pipeServer(t, func(w http.ResponseWriter, r *http.Request) { requests++; hang(w, r) }),
			func(o *Options) { o.MaxConns = 1; o.Timeout = 10 * time.Second })
		first := make(chan error)
		go func() { first <- calls["Invite"](t.Context(), c) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		assertFate(t, calls["Invite"](ctx, c), NotSent, Unreachable)
		assertFate(t, <-first, Unknown, OtherCause)
		if requests != 1 {
			t.Errorf("the server saw %d requests", requests)
		}
	})
}

func TestIdleConnectionsAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dials := 0
		pipe := pipeServer(t, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, oneInvited) })
		c := newClient(t, "http://127.0.0.1", pipe, func(o *Options) {
			dial := o.DialContext
			o.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
				dials++
				return dial(ctx, network, addr)
			}
		})
		for _, pause := range []time.Duration{0, 3 * time.Second, 5 * time.Second} {
			time.Sleep(pause)
			if err := calls["Invite"](t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
		if dials != 2 {
			t.Errorf("%d connections; want one kept over 3 s and none over 5 s", dials)
		}
	})
}

package sandbox_test

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"bulkinvite/client/sandbox"
)

func TestPipeCarriesBothWays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sandbox.NewPipe()
		defer p.Close()
		go func() {
			far, err := p.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			defer far.Close()
			buf := make([]byte, 4)
			n, _ := far.Read(buf)
			_, _ = far.Write(append(buf[:n], '!'))
		}()
		near, err := p.DialContext(t.Context(), "tcp", "anywhere:443")
		if err != nil {
			t.Fatal(err)
		}
		defer near.Close()
		_, _ = near.Write([]byte("ping"))
		buf := make([]byte, 8)
		if n, err := near.Read(buf); string(buf[:n]) != "ping!" {
			t.Errorf("got %q, %v", buf[:n], err)
		}
	})
}

func TestClosedPipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sandbox.NewPipe()
		accepted := make(chan error)
		go func() {
			_, err := p.Accept()
			accepted <- err
		}()
		synctest.Wait()
		for range 2 { // http.Server closes its listener more than once
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
		if err := <-accepted; !errors.Is(err, net.ErrClosed) {
			t.Errorf("accept: %v, want net.ErrClosed", err)
		}
		_, err := p.DialContext(t.Context(), "tcp", "anywhere:443")
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("dial: %#v, want a refused connection", err)
		}
	})
}

func TestDialIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := sandbox.NewPipe()
		defer p.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := p.DialContext(ctx, "tcp", "anywhere:443"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the deadline: nobody accepts", err)
		}
	})
}

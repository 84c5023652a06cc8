package client

import (
	"context"
	"io"
	"sync/atomic"
)

// A body is that of one request. If somebody has a last word in it, its last byte
// waits for that: no server can act on a request before it has all of it, and
// nothing that is asked earlier is as young when the request leaves.
type body struct {
	data     []byte
	ctx      context.Context
	mayLeave func(context.Context) error // nil: nobody has
	left     atomic.Bool                 // the last byte was handed out
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	if len(b.data) == 0 {
		return 0, io.EOF
	}
	if len(b.data) > 1 && b.mayLeave != nil {
		n := copy(p, b.data[:len(b.data)-1])
		b.data = b.data[n:]
		return n, nil
	}
	if b.mayLeave != nil {
		if err := b.mayLeave(b.ctx); err != nil {
			return 0, err
		}
	}
	b.left.Store(true)
	n := copy(p, b.data)
	b.data = b.data[n:]
	return n, nil
}

// keptBack reports whether the request cannot have been acted on, since its last
// byte never left.
func (b *body) keptBack() bool { return b.mayLeave != nil && !b.left.Load() }

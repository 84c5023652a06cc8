package client

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever has the last word in a request is asked when all but its last byte is
// out, and the server gets it whole or cannot act on it.
func TestLastByte(t *testing.T) {
	fenced := errors.New("taken for dead")
	var whole atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil {
			whole.Add(1)
		}
		_, _ = io.WriteString(w, `{"status":true,"data":{"invitations":[]}}`)
	}))
	defer s.Close()
	for name, test := range map[string]struct {
		say  error
		size int
	}{"yes": {nil, 1}, "no": {fenced, 1}, "a large one": {nil, 5000}, "no to a large one": {fenced, 5000}} {
		c := newClient(t, s.URL)
		asked := 0
		whole.Store(0)
		req := InviteRequest{InterviewID: "i", Candidates: make([]Candidate, test.size), MayLeave: func(context.Context) error {
			asked++
			return test.say
		}}
		_, err := c.Invite(t.Context(), req)
		if asked != 1 {
			t.Errorf("%s: asked %d times", name, asked)
		}
		if got := whole.Load() == 1; got != (test.say == nil) {
			t.Errorf("%s: the server has all of it: %v", name, got)
		}
		if test.say == nil {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		var failure *Error
		if !errors.As(err, &failure) || failure.Fate != NotSent || !errors.Is(err, fenced) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An answer to the question that takes longer than the request may is no.
func TestLastByteTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		go func() { _, _ = io.Copy(io.Discard, server) }()
		c := newClient(t, "http://127.0.0.1", func(o *Options) {
			o.Timeout = time.Second
			o.DialContext = func(context.Context, string, string) (net.Conn, error) { return client, nil }
		})
		_, err := c.Invite(t.Context(), InviteRequest{InterviewID: "i", MayLeave: func(ctx context.Context) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}})
		var failure *Error
		if !errors.As(err, &failure) || failure.Fate != NotSent || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
	})
}

package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// FuzzWire: whatever bytes a server sends and then hangs up, a call makes one
// request, ends, shows no key, and says no more of the request's fate than the
// status in those bytes does.
func FuzzWire(f *testing.F) {
	f.Fuzz(func(t *testing.T, sent string) {
		for name, call := range calls {
			w := &wire{sent: sent}
			c := newClient(t, "http://127.0.0.1", func(o *Options) { o.DialContext = w.dial })
			err := call(t.Context(), c)
			w.served.Wait()
			if n := w.requests.Load(); n != 1 {
				t.Errorf("%s makes %d requests", name, n)
			}
			if err == nil {
				if !strings.Contains(sent, " 200") {
					t.Errorf("%s takes for good: %q", name, sent)
				}
				continue
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("%s: %T", name, err)
			}
			quoted := strconv.Quote(testSecret)
			for _, secret := range []string{testSecret, quoted[1 : len(quoted)-1]} {
				if text := fmt.Sprintf("%v %+v", err, e); strings.Contains(text, secret) {
					t.Errorf("%s shows the key: %s", name, text)
				}
			}
			if e.StatusCode != 0 && !strings.Contains(sent, strconv.Itoa(e.StatusCode)) {
				t.Errorf("%s: %+v for %q", name, e, sent)
			}
			checkFailure(t, answer{status: e.StatusCode, body: []byte(sent)}, e)
		}
	})
}

// A wire gives every connection the same answer.
type wire struct {
	sent     string
	requests atomic.Int32
	served   sync.WaitGroup
}

func (w *wire) dial(context.Context, string, string) (net.Conn, error) {
	near, far := net.Pipe()
	w.served.Go(func() {
		defer far.Close()
		req, err := http.ReadRequest(bufio.NewReader(far))
		if err != nil {
			return
		}
		w.requests.Add(1)
		io.Copy(io.Discard, req.Body)
		io.WriteString(far, w.sent)
	})
	return near, nil
}

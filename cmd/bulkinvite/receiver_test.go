package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// A receiver keeps the notifications that it gets.
type receiver struct {
	mu       sync.Mutex
	statuses []int // of the answers that are next; then 200
	got      []string
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, req.Method+" "+req.RequestURI+" "+req.Header.Get("Content-Type")+" "+string(body))
	status := http.StatusOK
	if len(r.statuses) > 0 {
		status, r.statuses = r.statuses[0], r.statuses[1:]
	}
	w.Header().Set("Location", "/elsewhere")
	w.WriteHeader(status)
}

func startReceiver(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("unsupported: ! receiver")
	}
	r := &receiver{}
	for _, arg := range args {
		r.statuses = append(r.statuses, number(ts, arg))
	}
	server := httptest.NewServer(r)
	ts.Defer(server.Close)
	ts.Setenv("HOOK", server.URL+"/hooks/hush-hush")
	ts.Value(holderKey{}).(*holder).receiver = r
}

func received(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 0 || neg && len(args) == 1 {
		ts.Fatalf("usage: [!] received N [WORD…]")
	}
	r := ts.Value(holderKey{}).(*holder).receiver
	r.mu.Lock()
	defer r.mu.Unlock()
	if want := number(ts, args[0]); len(r.got) != want {
		ts.Fatalf("%d notifications were received, want %d: %q", len(r.got), want, r.got)
	}
	for _, word := range args[1:] {
		if last := r.got[len(r.got)-1]; regexp.MustCompile(word).MatchString(last) == neg {
			ts.Fatalf("the last notification and %s: %s", word, last)
		}
	}
}

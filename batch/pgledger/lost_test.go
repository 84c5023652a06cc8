package pgledger_test

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/batch/pgledger/pgtest"
)

// A wire stands between a store and its server, and can be cut behind a commit: the
// server has done it, and nobody hears of that.
type wire struct {
	net.Listener
	server string
	cuts   atomic.Int64 // how many commits are still to lose their answers
}

func newWire(t *testing.T, dsn string) (w *wire, through string) {
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	folder, err := os.MkdirTemp("/tmp", "pgw") // short, as a socket's path has to be
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	query := u.Query()
	const socket = ".s.PGSQL.5432"
	w = &wire{server: filepath.Join(query.Get("host"), socket)}
	if w.Listener, err = net.Listen("unix", filepath.Join(folder, socket)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	query.Set("host", folder)
	u.RawQuery = query.Encode()
	go w.serve()
	return w, u.String()
}

func (w *wire) serve() {
	for {
		client, err := w.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("unix", w.server)
		if err != nil {
			_ = client.Close()
			return
		}
		var cut atomic.Bool
		go func() {
			defer server.Close()
			buffer := make([]byte, 64<<10)
			for {
				n, err := client.Read(buffer)
				if bytes.Contains(buffer[:n], []byte("commit\x00")) && w.cuts.Add(-1) >= 0 {
					cut.Store(true)
				}
				if _, writeErr := server.Write(buffer[:n]); err != nil || writeErr != nil {
					return
				}
			}
		}()
		go func() {
			defer client.Close()
			buffer := make([]byte, 64<<10)
			for {
				n, err := server.Read(buffer)
				if cut.Load() {
					return
				}
				if _, writeErr := client.Write(buffer[:n]); err != nil || writeErr != nil {
					return
				}
			}
		}()
	}
}

// A claim and an answer that were written are found again, and not written twice.
func TestCommitWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	dsn := pgtest.Database(t)
	w, through := newWire(t, dsn)
	run := begin(t, open(t, through))
	if _, err := run.Lookup(t.Context(), people(1)); err != nil {
		t.Fatal(err)
	}
	keys := people(3)
	claim := func(who ...batch.Key) batch.Claim {
		t.Helper()
		w.cuts.Store(1)
		c, err := run.Claim(t.Context(), batch.Request{Kind: batch.KindInvite, InterviewID: "i-1", People: who})
		if err != nil || w.cuts.Load() >= 1 {
			t.Fatalf("%v, and %d commits are not lost", err, w.cuts.Load())
		}
		return c
	}
	c := claim(keys[0], keys[1], keys[0])
	if c.ID == 0 || c.Held[0] != nil || c.Held[1] != nil || c.Held[2] == nil {
		t.Fatalf("claimed again: %+v", c)
	}
	if second := claim(keys...); second.ID == c.ID || second.Held[0] == nil || second.Held[1] == nil || second.Held[2] != nil {
		t.Fatalf("one of three is free: %+v", second)
	}
	w.cuts.Store(1)
	if err := run.Settle(t.Context(), c.ID, batch.Answer{Outcomes: []batch.Settlement{{Key: keys[0], State: batch.StateRefused}}}); err != nil {
		t.Fatal(err) // written twice, it would be an error
	}
	if w.cuts.Load() >= 1 {
		t.Error("no answer was lost")
	}
	if records, err := run.Lookup(t.Context(), keys[:1]); err != nil || records[0].State != batch.StateRefused {
		t.Errorf("%+v, %v", records, err)
	}
	if err := run.End(context.Background(), nil, 0); err != nil {
		t.Error(err)
	}
}

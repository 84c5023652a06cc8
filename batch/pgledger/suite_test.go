package pgledger_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/ledgertest"
	"bulkinvite/batch/pgledger"
	"bulkinvite/batch/pgledger/pgtest"
)

func TestMain(m *testing.M) {
	// Each step of a history asks a server; who wants more says so by the same flag.
	if err := flag.Set("rapid.checks", "15"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.Stop()
		os.Exit(code)
	}))
}

const baseURL = "https://api.example"

func TestSuite(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) ledgertest.Harness {
		return &harness{T: t, dsn: pgtest.Database(t), now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
	})
}

// A harness keeps a database, which each run opens anew. Nobody waits for a run
// that was killed.
type harness struct {
	*testing.T
	dsn   string
	now   time.Time
	store *pgledger.Store
	run   *pgledger.Run
}

func (h *harness) Begin(baseURL string) (batch.Ledger, error) {
	var err error
	if h.store == nil {
		h.store, err = pgledger.Open(h.Context(), h.dsn, pgledger.Options{Now: h.Now, Beat: time.Minute, Silent: 1, Valid: 1})
		if err != nil {
			return nil, err
		}
		h.Cleanup(h.close)
	}
	h.run, err = h.store.Begin(h.Context(), pgledger.RunInfo{BaseURL: baseURL, Rate: 10})
	return h.run, err
}

func (h *harness) close() {
	if h.run != nil {
		_ = h.run.Leave()
	}
	h.store.Close()
}

func (h *harness) End() error { return h.run.End(context.Background(), nil, 0) }

func (h *harness) Kill() error { return h.run.Leave() }

func (h *harness) Now() time.Time          { return h.now }
func (h *harness) Advance(d time.Duration) { h.now = h.now.Add(d) }

func exec(t *testing.T, dsn, query string, args ...any) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(t.Context(), query, args...); err != nil {
		t.Fatal(fmt.Errorf("%s: %w", query, err))
	}
}

package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/batch/ledger/ledgertest"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		os.Exit(child(path))
	}
	goleak.VerifyTestMain(m)
}

func TestSuite(t *testing.T) {
	ledgertest.Run(t, func(t *testing.T) ledgertest.Harness {
		h := &harness{folder: t.TempDir(), now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
		t.Cleanup(func() {
			if h.store != nil {
				h.close(t)
			}
		})
		return h
	})
}

// A harness keeps a ledger file, which each run opens anew.
type harness struct {
	folder string
	copies int
	now    time.Time
	store  *ledger.Store
	run    *ledger.Run
}

func (h *harness) path() string { return filepath.Join(h.folder, strconv.Itoa(h.copies), "ledger.db") }

func (h *harness) Begin(baseURL string) (batch.Ledger, error) {
	var err error
	h.store, err = ledger.Open(context.Background(), h.path(), ledger.Options{Now: h.Now})
	if err != nil {
		return nil, err
	}
	h.run, err = h.store.Begin(context.Background(), ledger.RunInfo{BaseURL: baseURL})
	return readBeside{h.run, h.path(), baseURL}, err
}

// A readBeside is a run whose every look-up a Reader is asked, too. It knows
// the same, but for whose doing it is.
type readBeside struct {
	*ledger.Run
	path, baseURL string
}

func (r readBeside) Lookup(ctx context.Context, keys []batch.Key) ([]batch.Record, error) {
	records, err := r.Run.Lookup(ctx, keys)
	if err != nil {
		return nil, err
	}
	read, err := look(ctx, r.path, r.baseURL, keys)
	if err != nil {
		return nil, fmt.Errorf("read beside the run: %w", err)
	}
	for i := range records {
		told := records[i]
		told.ThisRun = false
		if told != read[i] {
			return nil, fmt.Errorf("the run knows %+v, and who reads beside it %+v", told, read[i])
		}
	}
	return records, nil
}

// look reads what a ledger knows, as a plan is made.
func look(ctx context.Context, path, baseURL string, keys []batch.Key) (records []batch.Record, err error) {
	reader, err := history.OpenReadOnly(ctx, path)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	err = reader.Look(ctx, baseURL, func(l batch.Lookuper) error {
		records, err = l.Lookup(ctx, keys)
		return err
	})
	return records, err
}

func (h *harness) End() error {
	if err := h.run.End(context.Background(), nil, 0); err != nil {
		return err
	}
	store := h.store
	h.store = nil
	return store.Close()
}

// Kill goes on with a copy of the files as they are now.
func (h *harness) Kill() error {
	old := h.path()
	h.copies++
	if err := copyLedger(old, h.path()); err != nil {
		return err
	}
	store := h.store
	h.store = nil
	return store.Close()
}

func (h *harness) close(t *testing.T) {
	if err := h.store.Close(); err != nil {
		t.Error(err)
	}
}

func (h *harness) Now() time.Time          { return h.now }
func (h *harness) Advance(d time.Duration) { h.now = h.now.Add(d) }

// copyLedger copies what a dead process would leave.
func copyLedger(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(from + suffix)
		if err != nil {
			return err
		}
		if err := os.WriteFile(to+suffix, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

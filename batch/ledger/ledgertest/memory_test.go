package ledgertest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/ledgertest"
)

// A memoryHarness has one run at a time, and a clock that stands still.
type memoryHarness struct {
	memory *ledgertest.Memory
	run    *ledgertest.MemoryRun
	now    time.Time
}

func (h *memoryHarness) Begin(baseURL string) (batch.Ledger, error) {
	h.run = h.memory.Begin(baseURL, 40*time.Second, 5)
	return h.run, nil
}

func (h *memoryHarness) End() error { h.run.End(true); return nil }

// Kill is what the next run finds out in time: that nothing is under way.
func (h *memoryHarness) Kill() error             { return h.End() }
func (h *memoryHarness) Now() time.Time          { return h.now }
func (h *memoryHarness) Advance(d time.Duration) { h.now = h.now.Add(d) }

func TestMemory(t *testing.T) {
	ledgertest.Run(t, func(*testing.T) ledgertest.Harness {
		h := &memoryHarness{now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
		h.memory = ledgertest.NewMemory(h.Now)
		return h
	})
}

type memoryTeam struct{ *ledgertest.Memory }

type memoryTeamRun struct{ *ledgertest.MemoryRun }

func (r memoryTeamRun) End() error { r.MemoryRun.End(true); return nil }

const timeout = 40 * time.Second

func (m memoryTeam) Begin(*testing.T) ledgertest.TeamRun {
	r := m.Memory.Begin("https://api.example", timeout, 10)
	go r.Beat()
	return memoryTeamRun{r}
}

func (m memoryTeam) Times() (valid, silent, timeOut time.Duration) {
	return m.Valid, m.Silent, timeout
}

func inMemory(t *testing.T, f func(*testing.T, ledgertest.Team)) {
	synctest.Test(t, func(t *testing.T) { f(t, memoryTeam{ledgertest.NewMemory(time.Now)}) })
}

func TestMemoryOfSeveralRuns(t *testing.T) { ledgertest.RunShared(t, inMemory) }

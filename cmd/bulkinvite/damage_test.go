//go:build long

package main

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client/sandbox"
)

// alone is a run that has its ledger and nothing else to know who is invited.
var alone = []string{"send", "people.csv", "--ledger", "ledger.db", "--no-preflight", "--settle-time", "200ms", "--rate", "1000"}

// harm does something to a ledger, given one of its pages.
var harm = []func(ledger, page []byte) []byte{
	func(ledger, page []byte) []byte { page[rand.IntN(len(page))] ^= 1 << rand.IntN(8); return ledger },
	func(ledger, page []byte) []byte {
		for i := range page[:16] {
			page[i] ^= byte(rand.IntN(256))
		}
		return ledger
	},
	func(ledger, page []byte) []byte { clear(page); return ledger },
	func(ledger, page []byte) []byte {
		copy(page, ledger[rand.IntN(len(ledger)/len(page))*len(page):])
		return ledger
	},
	func(ledger, page []byte) []byte {
		return ledger[:len(ledger)-len(page)*(1+rand.IntN(len(ledger)/len(page)))]
	},
	func(ledger, _ []byte) []byte { return ledger[:rand.IntN(len(ledger))] },
}

// Whatever happens to a ledger, nobody is invited again: the run knows all of
// them all the same, or ends and says that the ledger is at fault.
func TestLongDamagedLedger(t *testing.T) {
	s := newStage(t, sandbox.Config{})
	s.input("people.csv", 600, 3)
	if code := s.send(alone[1:]...); code != batch.ExitOK {
		t.Fatalf("exit %d", code)
	}
	path := filepath.Join(s.folder, "ledger.db")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096
	codes := map[int]int{}
	for i := range 90 {
		at := rand.IntN(len(whole)/page) * page
		damaged := slices.Clone(whole)
		damaged = harm[i%len(harm)](damaged, damaged[at:at+page])
		for _, suffix := range []string{"-wal", "-shm"} {
			_ = os.Remove(path + suffix) // of the run before, if it could not close its ledger
		}
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := s.command(context.Background(), alone...)
		said, _ := cmd.CombinedOutput() // the exit code is looked at below
		code := cmd.ProcessState.ExitCode()
		codes[code]++
		if code != batch.ExitOK && code != batch.ExitBroken && code != batch.ExitUsage || code != batch.ExitOK && !strings.Contains(string(said), "ledger") {
			t.Errorf("harm %d at %d: exit %d\n%s", i%len(harm), at, code, said)
		}
		s.onceEach(600)
		if t.Failed() {
			t.FailNow()
		}
	}
	t.Logf("exit codes: %v", codes)
	if codes[batch.ExitUsage] == 0 || codes[batch.ExitOK] == 0 {
		t.Error("no damage was noticed, or none was harmless")
	}
}

// The times in the ledger are years ahead, or years behind, because the clock
// was: of runs that ended, and of one that was killed.
func TestLongClockWrong(t *testing.T) {
	t.Parallel()
	for _, years := range []int{-20, 20} {
		t.Run(fmt.Sprint(years), func(t *testing.T) {
			s := newStage(t, sandbox.Config{Latency: 50 * time.Millisecond})
			s.input("people.csv", 200, 2)
			cmd := s.command(context.Background(), append(slices.Clone(alone), "--chunk-size", "5", "--rate", "50")...)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for s.api.Posts() < 10 {
				time.Sleep(5 * time.Millisecond)
			}
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			s.moveTimes(years)
			if code := s.send(alone[1:]...); code != batch.ExitOK {
				t.Errorf("exit %d", code)
			}
			s.moveTimes(-2 * years)
			if code := s.send(alone[1:]...); code != batch.ExitOK {
				t.Errorf("exit %d", code)
			}
			s.onceEach(200)
			s.complete("people.results.csv", 200)
		})
	}
}

func (s *stage) moveTimes(years int) {
	s.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.folder, "ledger.db"))
	if err != nil {
		s.Fatal(err)
	}
	defer db.Close()
	by := int64(years) * 365 * 24 * int64(time.Hour/time.Microsecond)
	for _, update := range []string{
		"update runs set started_at = started_at + ?1, ended_at = ended_at + ?1",
		"update requests set claimed_at = claimed_at + ?1",
		"update answers set at = at + ?1",
	} {
		if _, err := db.Exec(update, by); err != nil {
			s.Fatal(err)
		}
	}
}

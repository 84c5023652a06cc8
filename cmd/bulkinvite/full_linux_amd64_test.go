//go:build long

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client/sandbox"
)

// What the last line of a run must say that could not write to its ledger.
const saysLedger = `^bulkinvite: (broke off: )?.*(` +
	`; ledger \S*ledger\.db: (free some space on its disk|see whether its disk is full or failing)|` +
	`ledger\.db\.last: (no space left on device|input/output error))`

// The disk is full, or fails, from the one write of a run on or from the other:
// nobody is invited without a claim that lasts, what is said of each row is
// true, and when there is room again the same command does the rest.
func TestLongDiskFull(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		files string // part of the paths
		says  string
		step  int // from one write to the next that is tried
		first bool
	}{
		"ledger of a first run": {"ledger.db", saysLedger, 5, true},
		"ledger of a later run": {"ledger.db", saysLedger, 4, false},
		"outputs":               {".people.", "^bulkinvite: broke off: write the outputs: .*(no space left on device|input/output error)", 1, false},
		"spool": {
			"bulkinvite-spool",
			"^bulkinvite: write a temporary copy of the input in .*; free some space there, or set TMPDIR to another folder", 1, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := &night{stage: newStage(t, sandbox.Config{}), first: tc.first}
			says := regexp.MustCompile(tc.says)
			for at := 1; n.fullAt(at, tc.files, says); at += tc.step {
				n.done()
				if t.Failed() {
					t.Fatalf("full at write %d", at)
				}
			}
		})
	}
}

// fullAt lets all writes to these files fail from one on, in the run over the
// next file. It returns false if the run ended before it had come to that.
func (n *night) fullAt(at int, files string, says *regexp.Regexp) bool {
	n.Helper()
	n.next()
	old, posts := n.outputs(), n.api.Posts()
	fails := []syscall.Errno{syscall.ENOSPC, syscall.EIO}[at%2]
	status, calls, said := n.struck(strike{at: at, fails: fails, on: func(path string) bool {
		return strings.Contains(path, files)
	}})
	if calls < at {
		n.Logf("a run has %d writes to %s", calls, files)
		if at == 1 || status.ExitStatus() != batch.ExitFailedRows {
			n.Errorf("with enough room: exit %d\n%s", status.ExitStatus(), said)
		}
		return false
	}
	n.clean(false)
	switch code := status.ExitStatus(); {
	case code == batch.ExitUsage && n.api.Posts() == posts && n.outputs() == old:
		n.saysLast(said, says, "")
	case code == batch.ExitBroken && strings.Contains(said, "could not be written and are not those of this run; the ledger knows who was invited"):
		n.oldOrNew(old)
		n.saysLast(said, says, "; run the same command again to go on")
	case code == batch.ExitBroken:
		n.honest()
		n.saysLast(said, says, "; run the same command again to go on")
	default:
		n.Errorf("%v: exit %d after %d requests\n%s", fails, code, n.api.Posts()-posts, said)
	}
	return true
}

// saysLast checks the last line of what a program said.
func (n *night) saysLast(said string, says *regexp.Regexp, end string) {
	n.Helper()
	lines := strings.Split(strings.TrimSpace(said), "\n")
	last := lines[len(lines)-1]
	if !says.MatchString(last) || !strings.HasSuffix(last, end) {
		n.Errorf("the last words are %q, want %s … %s", last, says, end)
	}
}

// honest checks that the outputs have every row of the newest file, and that
// what they say is true: that somebody is invited, or was not sent.
func (n *night) honest() {
	n.Helper()
	results, failed := n.read("people.results.csv"), n.read("people.failed.csv")
	if len(results)+len(failed) != n.people()+1 {
		n.Errorf("%d rows in the results and %d failed ones, of %d", len(results), len(failed), n.people()+1)
	}
	sessions := n.api.Sessions()
	for _, row := range append(results, failed...) {
		times := sessions[sandbox.Person{InterviewID: row["interview id"], Email: row["email"]}]
		switch {
		case row["error_code"] == "" && times == 1:
		case row["error_code"] == "not_sent" && times == 0:
		case row["error_code"] == "uncertain" || row["error_code"] == "missing_email":
		default:
			n.Errorf("somebody who was invited %d times has the row %v", times, row)
		}
	}
}

// The temporary folder is full when what became of the rows goes there: nobody is
// called not sent who was, and what is wrong is said once.
func TestLongDiskFullOfOutcomes(t *testing.T) {
	const many = 1000 // more than one write has room for
	n := &night{stage: newStage(t, sandbox.Config{})}
	n.input("people.csv", many, 3)
	status, _, said := n.struck(strike{at: 1, fails: syscall.ENOSPC, on: func(path string) bool {
		return strings.Contains(path, "bulkinvite-outcomes")
	}})
	if status.ExitStatus() != batch.ExitBroken {
		t.Errorf("exit %d", status.ExitStatus())
	}
	n.saysLast(said, regexp.MustCompile("^bulkinvite: broke off: write outcomes to a temporary file in [^;]*: no space left on device; "+
		"free some space there, or set TMPDIR to another folder; run the same command again"), "; run the same command again to go on")
	results, failed, sessions := n.read("people.results.csv"), n.read("people.failed.csv"), n.api.Sessions()
	if len(results)+len(failed) != many {
		t.Errorf("%d rows in the results and %d failed ones, of %d", len(results), len(failed), many)
	}
	for _, row := range append(results, failed...) {
		times := sessions[sandbox.Person{InterviewID: row["interview id"], Email: row["email"]}]
		if row["error_code"] == "" && times != 1 || row["error_code"] == "not_sent" && times != 0 {
			t.Errorf("somebody who was invited %d times has the row %v", times, row)
		}
	}
	if code := n.send(nightly[1:]...); code != batch.ExitOK {
		t.Errorf("exit %d", code)
	}
	n.onceEach(many)
	n.complete("people.results.csv", many)
}

// A small disk that grows whenever a run has broken off, until one comes
// through.
func TestLongSmallDisk(t *testing.T) {
	n := &night{stage: newStage(t, sandbox.Config{})}
	n.mount(4)
	n.next()
	codes := map[int]int{}
	for kib := 8; ; kib += 4 {
		code := n.send(nightly[1:]...)
		codes[code]++
		n.clean(false)
		if code == batch.ExitFailedRows {
			break
		}
		if code != batch.ExitUsage && code != batch.ExitBroken || kib > 1000 {
			t.Fatalf("exit %d with %d KiB", code, kib)
		}
		n.remount(syscall.MS_REMOUNT, kib)
	}
	t.Logf("exit codes: %v", codes)
	if codes[batch.ExitUsage] == 0 || codes[batch.ExitBroken] == 0 {
		t.Error("the disk was never full before, or never while it sent")
	}
	n.onceEach(n.people())
	if !n.wholeResults() || !n.wholeFailed() {
		t.Error("the outputs do not have every row")
	}
}

// A disk that the system has made read-only because it found errors on it.
func TestLongReadOnlyDisk(t *testing.T) {
	const kib = 4000
	n := &night{stage: newStage(t, sandbox.Config{Latency: 20 * time.Millisecond})}
	n.mount(kib)
	n.next()
	n.done()
	n.remount(syscall.MS_REMOUNT|syscall.MS_RDONLY, kib)
	posts := n.api.Posts()
	cmd := n.command(context.Background(), nightly...)
	said, _ := cmd.CombinedOutput() // the exit code is looked at below
	if code := cmd.ProcessState.ExitCode(); code != batch.ExitUsage || n.api.Posts() != posts || !strings.Contains(string(said), "read-only file system") {
		t.Errorf("exit %d, %d requests: %s", code, n.api.Posts()-posts, said)
	}
	n.remount(syscall.MS_REMOUNT, kib)
	n.done()
}

// mount puts a disk of this size into the folder.
func (n *night) mount(kib int) {
	n.Helper()
	err := syscall.Mount("tmpfs", n.folder, "tmpfs", 0, size(kib))
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		n.Skipf("nothing can be mounted here: %v", err)
	} else if err != nil {
		n.Fatal(err)
	}
	n.Cleanup(func() {
		if err := syscall.Unmount(n.folder, 0); err != nil {
			n.Error(err)
		}
	})
}

func (n *night) remount(flags uintptr, kib int) {
	n.Helper()
	if err := syscall.Mount("tmpfs", n.folder, "tmpfs", flags, size(kib)); err != nil {
		n.Fatal(err)
	}
}

func size(kib int) string { return fmt.Sprintf("size=%dk", kib) }

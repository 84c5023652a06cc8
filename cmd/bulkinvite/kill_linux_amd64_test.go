//go:build long

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/client/sandbox"
)

// A night is one file after another sent through one ledger to one API, each
// time under a strike first, and then until it is done.
type night struct {
	*stage
	first bool // every file finds an empty folder
	files int
}

// newPeople is how many each file has whom the one before did not have.
const newPeople = 8

// Without the preflight the API's list cannot make up for what the ledger has
// forgotten.
var nightly = []string{"send", "people.csv", "--no-preflight", "--ledger", "ledger.db",
	"--settle-time", "100ms", "--rate", "1000", "--chunk-size", "3"}

// next writes the next file over the one before: those of the one before, new
// ones, and a row that cannot go.
func (n *night) next() {
	n.Helper()
	if n.first {
		n.empty()
	}
	n.files++
	var b strings.Builder
	b.WriteString("name,email,interview id\n,,no-address\n")
	for i := n.files*newPeople - n.people(); i < n.files*newPeople; i++ {
		fmt.Fprintf(&b, "Person %d,p%d@example.com,interview-%d\n", i, i, i%2)
	}
	if err := os.WriteFile(filepath.Join(n.folder, "people.csv"), []byte(b.String()), 0o600); err != nil {
		n.Fatal(err)
	}
}

// people is how many the newest file has.
func (n *night) people() int {
	if n.first {
		return newPeople
	}
	return min(n.files, 2) * newPeople
}

// empty removes all files.
func (n *night) empty() {
	n.Helper()
	entries, err := os.ReadDir(n.folder)
	for _, e := range entries {
		err = errors.Join(err, os.Remove(filepath.Join(n.folder, e.Name())))
	}
	if err != nil {
		n.Fatal(err)
	}
}

// struck sends the newest file under a strike. What the program says comes
// back, too.
func (n *night) struck(s strike) (status syscall.WaitStatus, calls int, said string) {
	n.Helper()
	return n.watched(s, nil, nightly...)
}

// watched is struck with other arguments, and with a disk that learns what the
// program does to its folder.
func (n *night) watched(s strike, d *disk, args ...string) (status syscall.WaitStatus, calls int, said string) {
	n.Helper()
	cmd := n.command(context.Background(), args...)
	cmd.Env = append(cmd.Env, "TMPDIR="+n.folder)
	out, err := os.CreateTemp(n.TempDir(), "said") // no pipe: its reader would have to be waited for
	if err != nil {
		n.Fatal(err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = out, out
	ours := s.on
	s.on = func(path string) bool { return path != out.Name() && (ours == nil || ours(path)) }
	status, calls = struck(n.T, cmd, s, d)
	text, err := os.ReadFile(out.Name())
	if err != nil {
		n.Fatal(err)
	}
	return status, calls, string(text)
}

// done sends the newest file as it should go, and checks that everybody is
// invited once and every row accounted for.
func (n *night) done() {
	n.Helper()
	if code := n.send(nightly[1:]...); code != batch.ExitFailedRows {
		n.Errorf("exit %d", code)
	}
	n.onceEach(n.files * newPeople)
	if !n.wholeResults() || !n.wholeFailed() {
		n.Error("the outputs do not have every row")
	}
}

// wholeResults reports whether the results are those of the newest file: all
// the people in their order, each with their own link.
func (n *night) wholeResults() bool {
	n.Helper()
	rows := n.read("people.results.csv")
	for i, row := range rows {
		id, url := n.api.Link(sandbox.Person{InterviewID: row["interview id"], Email: row["email"]})
		if row["row"] != strconv.Itoa(i+3) || row["candidate_id"] != id || row["invite_url"] != url {
			n.Errorf("a row of the results is %v, want %s", row, url)
			return false
		}
	}
	return len(rows) == n.people() && rows[len(rows)-1]["name"] == fmt.Sprintf("Person %d", n.files*newPeople-1)
}

// wholeFailed reports whether the failed rows are the one that cannot go.
func (n *night) wholeFailed() bool {
	n.Helper()
	rows := n.read("people.failed.csv")
	return len(rows) == 1 && rows[0]["error_code"] == "missing_email" && rows[0]["row"] == "2"
}

// outputs returns both outputs as they are, empty if they do not exist.
func (n *night) outputs() (files [2]string) {
	n.Helper()
	for i, name := range []string{"people.results.csv", "people.failed.csv"} {
		text, err := os.ReadFile(filepath.Join(n.folder, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			n.Fatal(err)
		}
		files[i] = string(text)
	}
	return files
}

// oldOrNew checks that each output is what it was, or that of a whole run:
// never half of one.
func (n *night) oldOrNew(old [2]string) {
	n.Helper()
	now := n.outputs()
	if now[0] != old[0] && !n.wholeResults() {
		n.Errorf("the results are half written:\n%s", now[0])
	}
	if now[1] != old[1] && !n.wholeFailed() {
		n.Errorf("the failed rows are half written:\n%s", now[1])
	}
}

// temporary are the files that a run removes or moves into their place.
var temporary = regexp.MustCompile(`^\.people\.(results|failed)\.csv|^\.ledger\.db\.new-|^bulkinvite-(spool|outcomes)-`)

// clean checks that nothing lies in the folder that a run must not leave there,
// and removes the temporary files that only one that was killed may leave.
func (n *night) clean(killed bool) {
	n.Helper()
	entries, err := os.ReadDir(n.folder)
	if err != nil {
		n.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		info, err := e.Info()
		if err != nil {
			n.Fatal(err)
		}
		switch {
		case strings.HasPrefix(name, "people.") || strings.HasPrefix(name, "ledger.db"):
		case killed && temporary.MatchString(name):
			if err := os.Remove(filepath.Join(n.folder, name)); err != nil {
				n.Fatal(err)
			}
		default:
			n.Errorf("a strange file is left: %s", name)
		}
		if info.Mode().Perm() != 0o600 {
			n.Errorf("%s has mode %v", name, info.Mode())
		}
	}
}

// lanes share the writes of a run: each takes every so manieth.
const lanes = 3

// A process is killed at each write of a run, one after the other: before it
// or behind it, of a run that makes its ledger and outputs or of one that finds
// those of the night before.
func TestLongKilledAtEachWrite(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ after, first bool }{
		"before each of a first run": {first: true},
		"before each of a later run": {},
		"behind each of a later run": {after: true},
	} {
		for lane := range lanes {
			t.Run(fmt.Sprintf("%s, lane %d", name, lane), func(t *testing.T) {
				n := &night{stage: newStage(t, sandbox.Config{}), first: tc.first}
				for at := lane + 1; n.killedAt(at, tc.after); at += lanes {
					n.done()
					if t.Failed() {
						t.Fatalf("killed at write %d", at)
					}
				}
			})
		}
	}
}

// killedAt kills the run over the next file, or returns false if it ended
// before it had come to that write.
func (n *night) killedAt(at int, after bool) bool {
	n.Helper()
	n.next()
	old := n.outputs()
	status, calls, said := n.struck(strike{at: at, after: after})
	n.oldOrNew(old)
	n.clean(status.Signaled())
	if !status.Signaled() {
		n.Logf("a run has %d writes", calls)
		if status.ExitStatus() != batch.ExitFailedRows || calls < 50 {
			n.Errorf("a run ended by itself with %d after %d writes: %s", status.ExitStatus(), calls, said)
		}
	}
	return status.Signaled()
}

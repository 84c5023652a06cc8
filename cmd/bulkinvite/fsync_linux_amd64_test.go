//go:build long

package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/client/sandbox"
)

// withSummary is nightly with one output more.
var withSummary = append(slices.Clone(nightly), "--summary", "people.summary.json")

// everyOutput is nightly with all that a run can put into its place.
var everyOutput = append(slices.Clone(withSummary), "--metrics", "people.prom")

// onDisk runs a program over the next file, under a strike, and returns what the
// disk has against it.
func (n *night) onDisk(s strike, args ...string) (d *disk, status syscall.WaitStatus, calls int, said string) {
	n.Helper()
	n.next()
	d = newDisk(n.T, n.folder, args[slices.Index(args, "--ledger")+1])
	s.syncs = true
	status, calls, said = n.watched(s, d, args...)
	return d, status, calls, said
}

// Whatever a request, a new name or the end of a run relies on was synced
// before.
func TestLongSynced(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ledger string
		nights int
	}{
		"files beside each other": {"ledger.db", 3},
		"ledger in a new folder":  {"new/newer/ledger.db", 1},
	} {
		t.Run(name, func(t *testing.T) {
			n := &night{stage: newStage(t, sandbox.Config{})}
			args := slices.Clone(everyOutput)
			args[slices.Index(args, "--ledger")+1] = tc.ledger
			for range tc.nights {
				d, status, calls, said := n.onDisk(strike{}, args...)
				d.ended()
				t.Logf("%d syncs", calls)
				if status.ExitStatus() != batch.ExitFailedRows || d.sent != newPeople {
					t.Errorf("exit %d after requests with %d people\n%s", status.ExitStatus(), d.sent, said)
				}
				if len(d.faults) > 0 {
					t.Error(strings.Join(d.faults, "\n"))
				}
			}
		})
	}
}

// Without any one of the syncs TestLongSynced fails. These are left out by the
// tracer; left out of the source, each is noticed likewise:
//
//	synchronous(off) and synchronous(normal) in ledger.openForWriting
//	file.SyncFolder in ledger.Store.open and in ledger.makeFolder
//	Sync in ledger.witness.close
//	Sync and file.SyncFolder in csvio.Outputs.commit
//	SyncFolder, and Close for CloseAtomicallyReplace, in file.Replace
func TestLongSyncLeftOut(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		file  string // the expression is that of the path
		wants string // what the disk says
	}{
		"claims":      {`/ledger\.db-wal$`, `the ledger does not know p\d+@example.com, who is in it`},
		"checkpoint":  {`/ledger\.db$`, `what is in ledger\.db does not last`},
		"new ledger":  {`/\.ledger\.db\.new-\d+$`, `\.ledger\.db\.new-\d+ was not synced when ledger\.db got its name`},
		"witness":     {`/ledger\.db\.last$`, `what is in ledger\.db\.last does not last`},
		"results":     {`/\.people\.results\.csv\d+$`, `\.people\.results\.csv\d+ was not synced when people\.results\.csv got its name`},
		"failed rows": {`/\.people\.failed\.csv\d+$`, `\.people\.failed\.csv\d+ was not synced when people\.results\.csv got its name`},
		"summary":     {`/\.people\.summary\.json\d+$`, `\.people\.summary\.json\d+ was not synced when people\.summary\.json got its name`},
		"metrics":     {`/\.people\.prom\d+$`, `\.people\.prom\d+ was not synced when people\.prom got its name`},
	} {
		t.Run(name, func(t *testing.T) {
			n := &night{stage: newStage(t, sandbox.Config{}), first: true}
			d, _, calls, said := n.onDisk(strike{at: 1, skips: true, on: regexp.MustCompile(tc.file).MatchString}, everyOutput...)
			d.ended()
			if calls == 0 || !regexp.MustCompile(tc.wants).MatchString(strings.Join(d.faults, "\n")) {
				t.Errorf("%d syncs are left out, and the disk has this against it: %q\n%s", calls, d.faults, said)
			}
		})
	}
	t.Run("folder", folderLeftOut)
}

// Each time that a folder is synced counts, but for those that SQLite does of
// itself: when it makes a ledger, and for a WAL whose name lasts already.
func folderLeftOut(t *testing.T) {
	n := &night{stage: newStage(t, sandbox.Config{}), first: true}
	var noticed []string
	for at := 1; ; at++ {
		d, _, calls, _ := n.onDisk(strike{at: at, skips: true, once: true, on: func(path string) bool {
			return path == n.folder
		}}, everyOutput...)
		if at > calls {
			break
		}
		d.ended()
		if len(d.faults) > 0 {
			noticed = append(noticed, d.faults[0])
		}
	}
	want := regexp.MustCompile(`^ledger\.db-wal changes before the new name of ledger\.db is synced
.* before the new name of people\.results\.csv is synced
.* before the new name of people\.failed\.csv is synced
.* before the new name of people\.summary\.json is synced
the new name of people\.prom was never synced$`)
	if !want.MatchString(strings.Join(noticed, "\n")) {
		t.Errorf("noticed is\n%s", strings.Join(noticed, "\n"))
	}
}

// A sync that fails, once: what it was to make durable may be lost, though a
// later one succeeds, so the run breaks off. The next one, before or after a
// power cut, does the rest.
func TestLongSyncFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ cut, first bool }{
		"first run":                      {first: true},
		"later run":                      {},
		"first run and then a power cut": {cut: true, first: true},
		"later run and then a power cut": {cut: true},
	} {
		for lane := range lanes {
			t.Run(fmt.Sprintf("%s, lane %d", name, lane), func(t *testing.T) {
				n := &night{stage: newStage(t, sandbox.Config{}), first: tc.first}
				for at := lane + 1; n.syncFailsAt(at, tc.cut); at += lanes {
					n.done()
					if t.Failed() {
						t.Fatalf("failed at sync %d", at)
					}
				}
			})
		}
	}
}

// syncFailsAt lets one sync of the run over the next file fail, and returns
// false if it ended before it had come to that.
func (n *night) syncFailsAt(at int, cut bool) bool {
	n.Helper()
	posts := n.api.Posts()
	d, status, calls, said := n.onDisk(strike{at: at, fails: syscall.EIO, once: true}, withSummary...)
	switch code := status.ExitStatus(); {
	case code == batch.ExitFailedRows && !d.lost:
		d.ended()
	case code == batch.ExitUsage && d.sent == 0 && n.api.Posts() == posts, code == batch.ExitBroken:
		if !strings.Contains(said, "input/output error") && !strings.Contains(said, "disk I/O error") {
			n.Errorf("it does not say why it broke off: %s", said)
		}
	default:
		n.Errorf("exit %d; something is lost: %v\n%s", code, d.lost, said)
	}
	if len(d.faults) > 0 {
		n.Error(strings.Join(d.faults, "\n"))
	}
	n.clean(false)
	if cut {
		n.empty()
		d.restore(n.folder)
		n.clean(true)
	}
	if at > calls && calls < 20 {
		n.Errorf("a run had but %d syncs", calls)
	}
	return at <= calls
}

// What a long run moves from the WAL to its place while it sends, and cannot
// sync, ends it like a claim that cannot be synced.
func TestLongCheckpointFails(t *testing.T) {
	const many = 2000 // one by one: more than the WAL has room for
	n := &night{stage: newStage(t, sandbox.Config{})}
	n.input("people.csv", many, 3)
	status, calls, said := n.watched(strike{at: 1, fails: syscall.EIO, once: true, syncs: true, on: func(path string) bool {
		return path == filepath.Join(n.folder, "ledger.db")
	}}, nil, append(slices.Clone(nightly), "--chunk-size", "1", "--concurrency", "1")...)
	if status.ExitStatus() != batch.ExitBroken || calls == 0 || n.api.Posts() > many*9/10 || !strings.Contains(said, "after a failed commit: disk I/O error") {
		t.Errorf("exit %d after %d requests and %d syncs: %s", status.ExitStatus(), n.api.Posts(), calls, said)
	}
}

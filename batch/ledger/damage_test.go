package ledger_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
)

// filled makes a ledger with so many requests for two people each, all of them
// invited or refused, and returns its files as they are while the run goes on.
func filled(t *testing.T, requests int) (files map[string][]byte, keys []batch.Key) {
	t.Helper()
	folder := t.TempDir()
	r := begin(t, open(t, filepath.Join(folder, "ledger.db")))
	for i := range requests {
		name := fmt.Sprintf("%d-%s-", i, strings.Repeat("long-name", 8))
		if err := inviteAndTell(io.Discard, r, name); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, batch.NewKey(crashInterview, name+"a"))
	}
	files = map[string][]byte{}
	for _, suffix := range []string{"", "-wal", ".last"} {
		data, err := os.ReadFile(filepath.Join(folder, "ledger.db"+suffix))
		if err != nil {
			t.Fatal(err)
		}
		files[suffix] = data
	}
	return files, keys
}

// knownAgain opens a ledger that these files make, and returns how many of the
// keys may be invited again; an error means that nobody is.
func knownAgain(t *testing.T, files map[string][]byte, keys []batch.Key) (forgotten int, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	for suffix, data := range files {
		write(t, path+suffix, string(data))
	}
	s, err := ledger.Open(t.Context(), path, ledger.Options{})
	if err != nil {
		return 0, err
	}
	defer s.Close()
	r, err := s.Begin(t.Context(), ledger.RunInfo{BaseURL: "https://api.example"})
	if err != nil {
		return 0, err
	}
	records, err := r.Lookup(t.Context(), keys)
	for _, rec := range records {
		if rec.State != batch.StateInvited && rec.State != batch.StateSending {
			forgotten++
		}
	}
	return forgotten, err
}

// Whatever bit of a ledger is flipped: it is refused, or it still knows
// everybody.
func TestFlippedBits(t *testing.T) {
	files, keys := filled(t, 60)
	if n, err := knownAgain(t, files, keys); n > 0 || err != nil {
		t.Fatalf("%d people are forgotten of a whole ledger: %v", n, err)
	}
	whole := closed(t, files)
	refused := 0
	for range 60 {
		damaged := map[string][]byte{"": slices.Clone(whole), ".last": files[".last"]}
		at := rand.IntN(len(whole))
		for whole[at] == 0 { // most of these are free
			at = rand.IntN(len(whole))
		}
		damaged[""][at] ^= 1 << rand.IntN(8)
		n, err := knownAgain(t, damaged, keys)
		if err != nil {
			refused++
		} else if n > 0 {
			t.Errorf("a bit of byte %d is flipped, and %d people are forgotten", at, n)
		}
	}
	if refused == 0 {
		t.Error("no flipped bit was noticed")
	}
}

// That somebody is refused who is invited already takes the invitation of nobody
// back.
func TestInvitationIsNotTakenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := open(t, path)
	if err := inviteAndTell(io.Discard, begin(t, s), "x"); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, path, `insert into answers (request_id, run_id, at, status_code, message, states)
		select request_id, run_id, at, status_code, message, 'r-' from answers`)
	key := batch.Key{InterviewID: crashInterview, Email: "xa"}
	if records, err := begin(t, open(t, path)).Lookup(t.Context(), []batch.Key{key}); err == nil {
		t.Errorf("the ledger says %+v of somebody who is invited", records[0])
	}
}

// closed returns the ledger that is left when it is opened and closed.
func closed(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	for suffix, data := range files {
		write(t, path+suffix, string(data))
	}
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// SQLite takes a damaged, cut or missing WAL for one that ends there, and an
// old copy for a ledger: neither must bring people a second invitation.
func TestForgottenRequests(t *testing.T) {
	old, _ := filled(t, 20)
	files, keys := filled(t, 60)
	wal := files["-wal"]
	flipped := slices.Clone(wal)
	flipped[len(wal)/2] ^= 1
	for name, lost := range map[string]map[string][]byte{
		"the WAL is gone":     {"": files[""]},
		"the WAL is cut":      {"": files[""], "-wal": wal[:len(wal)/2]},
		"the WAL is damaged":  {"": files[""], "-wal": flipped},
		"an old copy":         {"": closed(t, old)},
		"the ledger is gone":  {},
		"the ledger is empty": {"": nil},
	} {
		lost[".last"] = files[".last"]
		if n, err := knownAgain(t, lost, keys); err == nil {
			t.Errorf("%s: it is opened, and %d people are forgotten", name, n)
		}
	}
	for name, last := range map[string]string{"behind after a power cut": "3\n", "empty": "", "zeros": "\x00\x00\x00"} {
		files[".last"] = []byte(last)
		if n, err := knownAgain(t, files, keys); n > 0 || err != nil {
			t.Errorf("the last-request file is %s: %d people are forgotten, %v", name, n, err)
		}
	}
}

// A run does not go on with a ledger that somebody has removed or replaced:
// what it wrote there the next run would not know.
func TestLedgerIsTakenAwayWhileInUse(t *testing.T) {
	for name, tc := range map[string]struct {
		take func(path string) error
		says string
	}{
		"removed":            {os.Remove, "was removed while it was in use"},
		"moved":              {func(path string) error { return os.Rename(path, path+".old") }, "was removed while it was in use"},
		"removed with all":   {func(path string) error { return os.RemoveAll(filepath.Dir(path)) }, "was removed while it was in use"},
		"replaced by a copy": {replaceByCopy, "was replaced while it was in use"},
		"behind a file":      {replaceFolder, "cannot be found any more"},
	} {
		path := filepath.Join(t.TempDir(), "state", "ledger.db")
		s, err := ledger.Open(t.Context(), path, ledger.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := begin(t, s)
		if err := inviteAndTell(io.Discard, r, "before"); err != nil {
			t.Fatal(err)
		}
		if err := tc.take(path); err != nil {
			t.Fatal(err)
		}
		if err := inviteAndTell(io.Discard, r, "behind"); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: a claim is told %v", name, err)
		}
		if err := r.End(t.Context(), nil, 0); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: the end is told %v", name, err)
		}
		_ = s.Close() // whatever it can still do
	}
}

func replaceByCopy(path string) error {
	data, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path+".copy", data, 0o600)
	}
	if err == nil {
		err = os.Rename(path+".copy", path)
	}
	return err
}

func replaceFolder(path string) error {
	folder := filepath.Dir(path)
	if err := os.Rename(folder, folder+".old"); err != nil {
		return err
	}
	return os.WriteFile(folder, nil, 0o600)
}

// A ledger that a run has opened is missed when it is gone, although that run
// had nothing to add to it and the file beside it was missing then.
func TestOpenNotesWhatThereIs(t *testing.T) {
	files, keys := filled(t, 3)
	path := filepath.Join(t.TempDir(), "ledger.db")
	write(t, path, string(closed(t, files)))
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if s, err := ledger.Open(t.Context(), path, ledger.Options{}); err == nil {
		s.Close()
		t.Errorf("a new ledger is made, which does not know %d people", len(keys))
	}
}

// What is left of a ledger that has lost something is shown to nobody as if it
// were all.
func TestReaderRefusesWhatHasLostSomething(t *testing.T) {
	files, keys := filled(t, 3)
	delete(files, "-wal")
	path := filepath.Join(t.TempDir(), "ledger.db")
	for suffix, data := range files {
		write(t, path+suffix, string(data))
	}
	r, err := history.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for name, read := range map[string]func() error{
		"Runs":     func() error { _, err := r.Runs(t.Context(), 1); return err },
		"Run":      func() error { _, err := r.Run(t.Context(), 1); return err },
		"Requests": func() error { _, err := r.Requests(t.Context(), 1); return err },
		"People":   func() error { _, _, err := r.People(t.Context()); return err },
		"InDoubt":  func() error { _, err := r.InDoubt(t.Context(), 0); return err },
		"Report":   func() error { _, err := r.Report(t.Context(), 1, 1); return err },
		"Traces":   func() error { _, err := r.Traces(t.Context(), keys[0].Email, ""); return err },
		"Members": func() error {
			return r.Members(t.Context(), "https://api.example", []string{crashInterview}, func(history.Member) {})
		},
		"Look": func() error {
			return r.Look(t.Context(), "https://api.example", func(batch.Lookuper) error { return nil })
		},
	} {
		if err := read(); err == nil || !strings.Contains(err.Error(), "has lost something") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

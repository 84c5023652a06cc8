package ledger_test

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
)

func open(t *testing.T, path string) *ledger.Store {
	t.Helper()
	s, err := ledger.Open(t.Context(), path, ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func begin(t *testing.T, s *ledger.Store) *ledger.Run {
	t.Helper()
	r, err := s.Begin(t.Context(), ledger.RunInfo{BaseURL: "https://api.example", Input: "in.csv", SHA256: "abc", Rows: 3})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func refused(t *testing.T, path, want string) {
	t.Helper()
	s, err := ledger.Open(t.Context(), path, ledger.Options{})
	if err == nil {
		s.Close()
		t.Fatalf("%s was opened", path)
	}
	if !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
		t.Errorf("%v: it should name the ledger, and say %q", err, want)
	}
}

func modes(t *testing.T, folder string) map[string]fs.FileMode {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	modes := map[string]fs.FileMode{}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		modes[e.Name()] = info.Mode().Perm()
	}
	return modes
}

func TestOpenCreates(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b")
	path := filepath.Join(folder, "ledger.db")
	s := open(t, path)
	if !s.New() {
		t.Error("a ledger that was just made is not new")
	}
	begin(t, s)
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info.Mode(), err)
	}
	for _, name := range []string{"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lock", "ledger.db.last"} {
		if mode := modes(t, folder)[name]; mode != 0o600 {
			t.Errorf("%s has mode %o", name, mode)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a WAL is left: %v", err)
	}
	if open(t, path).New() {
		t.Error("a ledger is new for the second time")
	}
}

func TestOpenTightens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + ".lock"} {
		if err := os.Chmod(name, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	open(t, path)
	for name, mode := range modes(t, filepath.Dir(path)) {
		if mode != 0o600 {
			t.Errorf("%s has mode %o", name, mode)
		}
	}
}

func TestOpenPaths(t *testing.T) {
	for _, name := range []string{"a b", "a?mode=memory", "a#b", "a%20b", "a;b&c=d", "ä", "a+b", "file:x", ":memory:"} {
		folder := t.TempDir()
		path := filepath.Join(folder, name)
		begin(t, open(t, path))
		if _, err := os.Stat(path + "-wal"); err != nil {
			t.Errorf("%q: %v; there are %v", name, err, modes(t, folder))
		}
		if r, err := history.OpenReadOnly(t.Context(), path); err != nil {
			t.Errorf("%q: %v", name, err)
		} else {
			r.Close()
		}
	}
}

func TestOpenLocked(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "ledger.db")
	link := filepath.Join(folder, "link")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	refused(t, link, "leads nowhere")
	s := open(t, path)
	for _, name := range []string{path, link} {
		if _, err := ledger.Open(t.Context(), name, ledger.Options{}); !errors.Is(err, ledger.ErrLocked) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ledger.Open(ctx, path, ledger.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, link)
}

// Through a second name a run would find another lock and another WAL.
func TestOpenRefusesASecondName(t *testing.T) {
	folder := t.TempDir()
	path, second := filepath.Join(folder, "ledger.db"), filepath.Join(folder, "second.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, second); err != nil {
		t.Skipf("no hard links here: %v", err)
	}
	refused(t, path, "has a second name")
	refused(t, second, "has a second name")
	if err := os.Remove(second); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestOpenRefuses(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	content := strings.Repeat("name,email\n", 200)
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	refused(t, file, "nor any SQLite database")
	refused(t, filepath.Join(file, "ledger.db"), "not a directory")
	refused(t, folder, "is a folder")
	refused(t, "/dev/null", "is not a regular file")
	refused(t, "/proc/bulkinvite/ledger.db", "cannot be made")
	if got, err := os.ReadFile(file); err != nil || string(got) != content || modes(t, folder)["file"] != 0o644 {
		t.Errorf("a refused file was changed: %v", err)
	}

	foreign := filepath.Join(folder, "foreign.db")
	execute(t, foreign, "create table t (x); pragma user_version = 1")
	refused(t, foreign, "another program")

	newer := filepath.Join(folder, "newer.db")
	if err := open(t, newer).Close(); err != nil {
		t.Fatal(err)
	}
	execute(t, newer, "pragma user_version = 7")
	refused(t, newer, "made by a newer bulkinvite (schema 7, this one knows 1): update bulkinvite")
}

func TestOpenUnwritable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root can write everything")
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "ledger.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	refused(t, path, "cannot be written")
	if err := os.Chmod(folder, 0o500); err != nil {
		t.Fatal(err)
	}
	refused(t, filepath.Join(folder, "other.db"), "permission denied")
}

func execute(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(query); err != nil {
		t.Fatal(err)
	}
}

func TestEnded(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	r := begin(t, s)
	ann := batch.NewKey("i", "ann@example.com")
	req := batch.Request{Kind: batch.KindInvite, InterviewID: "i", People: []batch.Key{ann}}
	c, err := r.Claim(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.End(t.Context(), nil, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Claim(t.Context(), req); err == nil {
		t.Error("a run claims after its end")
	}
	if err := r.Settle(t.Context(), c.ID, batch.Answer{}); err == nil {
		t.Error("a run settles after its end")
	}
	records, err := begin(t, s).Lookup(t.Context(), []batch.Key{ann})
	if err != nil || records[0].State != batch.StateSending || records[0].ThisRun {
		t.Errorf("the next run of the store sees %+v, %v", records, err)
	}
}

// An empty file is what a full disk or a bad copy leaves of a ledger, not one
// that knows nobody: no run makes it.
func TestOpenRefusesAnEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	write(t, path, "")
	refused(t, path, "is empty, and no run leaves it so")
	if names := modes(t, filepath.Dir(path)); len(names) != 2 || names["ledger.db.lock"] == 0 {
		t.Errorf("beside it there are %v", names)
	}
}

// What a killed run wrote last is in the WAL. A database that is made anew
// beside it would throw it away.
func TestOpenKeepsAnOrphanedWAL(t *testing.T) {
	for _, empty := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		if empty {
			write(t, path, "")
		}
		write(t, path+"-wal", "who was invited last")
		refused(t, path, "is missing or empty")
		if kept, err := os.ReadFile(path + "-wal"); err != nil || string(kept) != "who was invited last" {
			t.Errorf("the WAL now holds %q (%v)", kept, err)
		}
	}
	path := filepath.Join(t.TempDir(), "ledger.db")
	write(t, path+"-journal", "of a ledger that was removed") // SQLite would play it back into the new one
	refused(t, path, "is missing or empty")
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

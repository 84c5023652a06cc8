package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
	"bulkinvite/batch/ledger/history"
)

// filledReader reads a ledger that fill has made.
func filledReader(t *testing.T) *history.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ledger.db")
	fill(t, path)
	r, err := history.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// fill makes a ledger with one of everything, by two runs of which the second
// is not ended.
func fill(t *testing.T, path string) *ledger.Store {
	t.Helper()
	now := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	s, err := ledger.Open(t.Context(), path, ledger.Options{Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	key := func(name string) batch.Key { return batch.NewKey("i1", name+"@example.com") }
	r := begin(t, s)
	claim := func(kind batch.Kind, names ...string) int64 {
		req := batch.Request{Kind: kind, InterviewID: "i1"}
		for _, name := range names {
			req.People = append(req.People, key(name))
		}
		c, err := r.Claim(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		return c.ID
	}
	settle := func(id int64, name string, state batch.State, candidate, url string) {
		err := r.Settle(t.Context(), id, batch.Answer{StatusCode: 200, Message: "ok", Outcomes: []batch.Settlement{
			{Key: key(name), State: state, CandidateID: candidate, InviteURL: url},
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	first := claim(batch.KindInvite, "ann", "bob", "cyd", "dee", "o'\"eve")
	settle(first, "ann", batch.StateInvited, "c-ann", "")
	settle(first, "bob", batch.StateRefused, "", "")
	settle(first, "o'\"eve", batch.StateInvited, "c-eve", "https://x/eve?a=1&b=2")
	settle(claim(batch.KindLink, "ann"), "ann", batch.StateInvited, "c-ann", "https://x/ann")
	if err := r.End(t.Context(), map[string]int{"invited": 2}, 3); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Hour)
	r = begin(t, s)
	settle(claim(batch.KindFound, "cyd"), "cyd", batch.StateInvited, "c-cyd", "")
	settle(claim(batch.KindResend, "ann"), "ann", batch.StateInvited, "c-ann", "")
	claim(batch.KindInvite, "fay")
	return s
}

func TestReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	if _, err := history.OpenReadOnly(t.Context(), path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no ledger: %v", err)
	}
	s := fill(t, path)
	before := modes(t, filepath.Dir(path))
	checkReader(t, path, true)
	if after := modes(t, filepath.Dir(path)); !reflect.DeepEqual(before, after) {
		t.Errorf("reading beside a run made of %v: %v", before, after)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before = modes(t, filepath.Dir(path))
	checkReader(t, path, false)
	if after := modes(t, filepath.Dir(path)); !reflect.DeepEqual(before, after) {
		t.Errorf("reading made of %v: %v", before, after)
	}
}

func checkReader(t *testing.T, path string, running bool) {
	t.Helper()
	r, err := history.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := r.Running(); err != nil || got != running {
		t.Errorf("running: %v, %v", got, err)
	}
	start := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	info := history.RunStatus{BaseURL: "https://api.example", Input: "in.csv", SHA256: "abc", Rows: 3, Counts: "{}"}
	first, second := info, info
	first.ID, first.StartedAt, first.EndedAt, first.Counts, first.ExitCode = 1, start, start, `{"invited":2}`, 3
	second.ID, second.StartedAt = 2, start.Add(time.Hour)
	for n, want := range [][]history.RunStatus{nil, {second}, {second, first}, {second, first}} {
		runs, err := r.Runs(t.Context(), n)
		if diff := cmp.Diff(want, runs, cmpopts.EquateEmpty()); diff != "" || err != nil {
			t.Errorf("%v; %d runs: (- want, + got)\n%s", err, n, diff)
		}
	}
	interviews, doubts, err := r.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]history.InterviewStatus{{
		BaseURL: "https://api.example", InterviewID: "i1",
		People: map[batch.State]int{batch.StateInvited: 3, batch.StateRefused: 1, batch.StateSending: 2},
	}}, interviews); diff != "" {
		t.Errorf("interviews: (- want, + got)\n%s", diff)
	}
	doubt := history.OpenRequest{BaseURL: "https://api.example", State: batch.StateSending, Kind: batch.KindInvite}
	dee, fay := doubt, doubt
	dee.Key, fay.Key = batch.NewKey("i1", "dee@example.com"), batch.NewKey("i1", "fay@example.com")
	dee.RequestID, dee.RunID, dee.ClaimedAt = 1, 1, start
	fay.RequestID, fay.RunID, fay.ClaimedAt = 5, 2, start.Add(time.Hour)
	if diff := cmp.Diff([]history.OpenRequest{dee, fay}, doubts); diff != "" {
		t.Errorf("in doubt: (- want, + got)\n%s", diff)
	}
}

// A run that begins while the file is taken for still is seen by the next read.
func TestReaderOvertaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	r, err := history.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	begin(t, open(t, path))
	if runs, err := r.Runs(t.Context(), 9); err != nil || len(runs) != 1 {
		t.Errorf("%v, %v", runs, err)
	}
}

// However a run is ended, whoever looks beside it or later finds the same.
func TestReaderLooks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := fill(t, path)
	dead := filepath.Join(t.TempDir(), "ledger.db")
	if err := copyLedger(path, dead); err != nil {
		t.Fatal(err)
	}
	checkLook(t, path)
	checkLook(t, dead)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before := modes(t, filepath.Dir(path))
	checkLook(t, path)
	if after := modes(t, filepath.Dir(path)); !reflect.DeepEqual(before, after) {
		t.Errorf("looking made of %v: %v", before, after)
	}
}

func checkLook(t *testing.T, path string) {
	t.Helper()
	var keys []batch.Key
	for _, name := range []string{"ann", "bob", "dee", "fay", "gus"} {
		keys = append(keys, batch.NewKey("i1", name+"@example.com"))
	}
	records, err := look(t.Context(), path, "https://api.example", keys)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []batch.State{
		batch.StateInvited, batch.StateRefused, batch.StateSending, batch.StateSending, batch.StateNone,
	} {
		if records[i].State != want {
			t.Errorf("%s is %q, want %q", keys[i].Email, records[i].State, want)
		}
	}
}

// Several may ask at once.
func TestReaderLooksForMany(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	s := open(t, path)
	run := begin(t, s)
	var keys []batch.Key
	for i := range 200 {
		key := batch.NewKey("i1", fmt.Sprintf("p%d@example.com", i))
		if _, err := run.Claim(t.Context(), batch.Request{Kind: batch.KindInvite, InterviewID: "i1", People: []batch.Key{key}}); err != nil {
			t.Fatal(err)
		}
		keys = append(keys, key)
	}
	if err := errors.Join(run.End(t.Context(), nil, 0), s.Close()); err != nil {
		t.Fatal(err)
	}
	r, err := history.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	err = r.Look(t.Context(), "https://api.example", func(l batch.Lookuper) error {
		var g errgroup.Group
		for worker := range 8 {
			g.Go(func() error {
				asked := slices.Concat(keys[worker*10:], keys[:worker*10])
				records, err := l.Lookup(t.Context(), asked)
				for i, rec := range records {
					if rec.State != batch.StateSending {
						return fmt.Errorf("%v is %q", asked[i], rec.State)
					}
				}
				return err
			})
		}
		return g.Wait()
	})
	if err != nil {
		t.Error(err)
	}
}

// A run that came and went while the ledger was taken for still leaves no WAL,
// and yet what was read before may be half of one state and half of another.
func TestReaderOvertakenByAWholeRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	r, err := history.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	key := []batch.Key{batch.NewKey("i1", "ann@example.com")}
	var states []batch.State
	err = r.Look(t.Context(), "https://api.example", func(l batch.Lookuper) error {
		records, err := l.Lookup(t.Context(), key)
		if err != nil {
			return err
		}
		if states = append(states, records[0].State); len(states) == 1 {
			s := open(t, path)
			if _, err := begin(t, s).Claim(t.Context(), batch.Request{Kind: batch.KindInvite, InterviewID: "i1", People: key}); err != nil {
				return err
			}
			return s.Close()
		}
		return nil
	})
	if want := []batch.State{batch.StateNone, batch.StateSending}; err != nil || !reflect.DeepEqual(states, want) {
		t.Errorf("%v, %v; want %v", states, err, want)
	}
}

// A ledger that is gone is not one that never was.
func TestReaderRefusesWhatIsLost(t *testing.T) {
	for _, left := range []string{".last", "-wal"} {
		path := filepath.Join(t.TempDir(), "ledger.db")
		s := fill(t, path)
		gone := filepath.Join(t.TempDir(), "ledger.db")
		data, err := os.ReadFile(path + left)
		if err == nil {
			err = os.WriteFile(gone+left, data, 0o600)
		}
		if err := errors.Join(err, s.Close()); err != nil {
			t.Fatal(err)
		}
		if _, err := history.OpenReadOnly(t.Context(), gone); err == nil || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("with only %s left: %v", left, err)
		}
	}
	path := filepath.Join(t.TempDir(), "ledger.db")
	if err := fill(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".last", []byte("99"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := look(t.Context(), path, "https://api.example", nil); err == nil {
		t.Error("a ledger that has lost requests is believed")
	}
}

func TestViewInShell(t *testing.T) {
	shell, err := exec.LookPath("sqlite3")
	if err != nil {
		t.Skip("no sqlite3 shell")
	}
	path := filepath.Join(t.TempDir(), "ledger.db")
	fill(t, path)
	cmd := exec.Command(shell, "-readonly", "-json", path, "select * from invitations order by email")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	type line struct {
		BaseURL     string `json:"base_url"`
		InterviewID string `json:"interview_id"`
		Email       string `json:"email"`
		CandidateID string `json:"candidate_id"`
		InviteURL   string `json:"invite_url"`
		Kind        string `json:"kind"`
		InvitedAt   string `json:"invited_at"`
		RunID       int    `json:"run_id"`
		RequestID   int    `json:"request_id"`
	}
	var got []line
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	const base = "https://api.example"
	want := []line{
		{base, "i1", "ann@example.com", "c-ann", "https://x/ann", "invite", "2026-03-04T05:06:07.000Z", 1, 1},
		{base, "i1", "cyd@example.com", "c-cyd", "", "found", "2026-03-04T06:06:07.000Z", 2, 3},
		{base, "i1", "o'\"eve@example.com", "c-eve", "https://x/eve?a=1&b=2", "invite", "2026-03-04T05:06:07.000Z", 1, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(- want, + got)\n%s", diff)
	}
}

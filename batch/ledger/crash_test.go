package ledger_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger"
)

// childEnv has the path of the ledger that a child process writes until it is
// killed.
const childEnv = "BULKINVITE_TEST_LEDGER_CHILD"

const crashInterview = "crash"

// child claims and settles from several goroutines, and tells on stdout what
// has returned.
func child(path string) int {
	s, err := ledger.Open(context.Background(), path, ledger.Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	r, err := s.Begin(context.Background(), ledger.RunInfo{BaseURL: "https://api.example"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	var g errgroup.Group
	for w := range 8 {
		g.Go(func() error {
			for i := 0; ; i++ {
				if err := inviteAndTell(os.Stdout, r, fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)); err != nil {
					return err
				}
			}
		})
	}
	fmt.Fprintln(os.Stderr, g.Wait())
	return 1
}

func inviteAndTell(out io.Writer, r *ledger.Run, name string) error {
	people := []batch.Key{{InterviewID: crashInterview, Email: name + "a"}, {InterviewID: crashInterview, Email: name + "b"}}
	c, err := r.Claim(context.Background(), batch.Request{Kind: batch.KindInvite, InterviewID: crashInterview, People: people})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "claimed %s %d\n", name, c.ID)
	err = r.Settle(context.Background(), c.ID, batch.Answer{Outcomes: []batch.Settlement{
		{Key: people[0], State: batch.StateInvited, CandidateID: name}, {Key: people[1], State: batch.StateRefused},
	}})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "settled %s %d\n", name, c.ID)
	return nil
}

// TestKill kills writers at random moments: what had returned must be there.
func TestKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	told := map[string]bool{} // name to whether it was settled
	for round := range 5 {
		killChild(t, path, 1+rand.IntN(200), told)
		s, err := ledger.Open(t.Context(), path, ledger.Options{})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		r, err := s.Begin(t.Context(), ledger.RunInfo{BaseURL: "https://api.example"})
		if err != nil {
			t.Fatal(err)
		}
		for name, settled := range told {
			checkTold(t, r, name, settled)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// killChild lets a child tell so many lines, kills it, and notes all that it
// has told.
func killChild(t *testing.T, path string, lines int, told map[string]bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for scanner := bufio.NewScanner(out); scanner.Scan(); lines-- {
		var verb, name string
		var id int64
		if _, err := fmt.Sscan(scanner.Text(), &verb, &name, &id); err != nil {
			t.Fatalf("%q: %v", scanner.Text(), err)
		}
		told[name] = told[name] || verb == "settled"
		if lines == 1 {
			_ = cmd.Process.Kill()
		}
	}
	if err := cmd.Wait(); err == nil || lines > 0 {
		t.Fatalf("the child ended by itself, %d lines early: %v", lines, err)
	}
}

func checkTold(t *testing.T, r *ledger.Run, name string, settled bool) {
	t.Helper()
	records, err := r.Lookup(t.Context(), []batch.Key{
		{InterviewID: crashInterview, Email: name + "a"}, {InterviewID: crashInterview, Email: name + "b"},
	})
	if err != nil {
		t.Fatal(err)
	}
	a, b := records[0], records[1]
	switch {
	case settled && (a.State != batch.StateInvited || a.CandidateID != name || b.State != batch.StateRefused):
		t.Errorf("%s was settled, and the ledger says %+v and %+v", name, a, b)
	case a.State != batch.StateInvited && a.State != batch.StateSending:
		t.Errorf("%s was claimed, and the ledger says %+v", name, a)
	}
}

// TestCutWAL cuts the log anywhere, as a power cut may: the ledger is then the
// one after some operation, never half of one.
func TestCutWAL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	r := begin(t, open(t, path))
	const chunks = 10
	for i := range chunks {
		if err := inviteAndTell(io.Discard, r, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, cut := range cuts(t, path) {
		checkCut(t, cut, chunks)
	}
}

// cuts returns copies of a ledger that is open, with its log cut anywhere.
func cuts(t *testing.T, path string) (copies []string) {
	t.Helper()
	folder := t.TempDir()
	for i := range 12 {
		cut := filepath.Join(folder, fmt.Sprint(i), "ledger.db")
		if err := copyLedger(path, cut); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(cut + "-wal")
		if err != nil || info.Size() == 0 {
			t.Fatalf("there is no log to cut: %v", err)
		}
		if err := os.Truncate(cut+"-wal", rand.Int64N(info.Size()+1)); err != nil {
			t.Fatal(err)
		}
		copies = append(copies, cut)
	}
	return copies
}

func checkCut(t *testing.T, path string, chunks int) {
	t.Helper()
	r := begin(t, open(t, path))
	before := batch.StateInvited
	for i := range chunks {
		records, err := r.Lookup(t.Context(), []batch.Key{
			{InterviewID: crashInterview, Email: fmt.Sprintf("%da", i)}, {InterviewID: crashInterview, Email: fmt.Sprintf("%db", i)},
		})
		if err != nil {
			t.Fatal(err)
		}
		a, b := records[0].State, records[1].State
		whole := a == b && a != batch.StateInvited || a == batch.StateInvited && b == batch.StateRefused
		if !whole || a != batch.StateNone && before != batch.StateInvited {
			t.Fatalf("chunk %d: %q and %q, after %q", i, a, b, before)
		}
		before = a
	}
}

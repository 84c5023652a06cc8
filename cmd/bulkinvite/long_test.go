//go:build long

package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/client/sandbox"
)

// These tests take real time: processes that are killed, and rates that are
// counted at the server. `make long` runs them.

// send runs to the end and returns the exit code.
func (s *stage) send(args ...string) int {
	s.Helper()
	cmd := s.command(context.Background(), append([]string{"send"}, args...)...)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		s.Fatal(err)
	}
	s.Logf("send %s: exit %d\n%s", strings.Join(args, " "), cmd.ProcessState.ExitCode(), out)
	return cmd.ProcessState.ExitCode()
}

// read returns the rows of a file as maps by header.
func (s *stage) read(name string) []map[string]string {
	s.Helper()
	f, err := os.Open(filepath.Join(s.folder, name))
	if err != nil {
		s.Fatal(err)
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		s.Fatal(err)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, cell := range record {
			row[records[0][i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}

// complete checks that the results have everybody, in the order of the input
// and each with their own link.
func (s *stage) complete(name string, n int) {
	s.Helper()
	rows := s.read(name)
	if len(rows) != n {
		s.Fatalf("%s has %d rows, want %d", name, len(rows), n)
	}
	for i, row := range rows {
		id, url := s.api.Link(sandbox.Person{InterviewID: row["interview id"], Email: row["email"]})
		if row["email"] != fmt.Sprintf("p%d@example.com", i) || row["row"] != strconv.Itoa(i+2) ||
			row["candidate_id"] != id || row["invite_url"] != url {
			s.Fatalf("row %d of %s is %v, want p%d with %s", i, name, row, i, url)
		}
	}
}

func allFaults(p float64) map[sandbox.Fault]float64 {
	faults := map[sandbox.Fault]float64{}
	for _, f := range sandbox.Faults() {
		faults[f.Fault] = p
	}
	return faults
}

// What stands in for the default settle time of 35 s: longer than anything
// takes in these sandboxes, list lag and late acts included.
var quick = []string{"--settle-time", "500ms", "--rate", "2000", "--chunk-size", "20", "--max-attempts", "9"}

func faultyAPI() sandbox.Config {
	return sandbox.Config{
		Faults: allFaults(0.03), Seed: 3, Latency: 10 * time.Millisecond, Jitter: 20 * time.Millisecond,
		LateBy: 80 * time.Millisecond, SlowBy: 80 * time.Millisecond, ListLag: 80 * time.Millisecond,
	}
}

func TestLongEveryFaultAtOnce(t *testing.T) {
	s := newStage(t, faultyAPI())
	s.input("people.csv", 1500, 5)
	if code := s.send(append(quick, "people.csv")...); code != batch.ExitOK {
		t.Errorf("exit %d", code)
	}
	s.onceEach(1500)
	s.complete("people.results.csv", 1500)
}

func TestLongKilledTwentyTimes(t *testing.T) {
	const people = 1500 // so many that each run has some left to send
	s := newStage(t, faultyAPI())
	s.input("people.csv", people, 5)
	chance := rand.New(rand.NewPCG(20, 26))
	hit := 0 // runs that were killed while they sent
	for range 20 {
		posts := s.api.Posts()
		cmd := s.command(context.Background(), append(append([]string{"send", "people.csv"}, quick...), "--rate", "150", "--chunk-size", "5")...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// At a random moment of the sending, or of what comes before it.
		enough := posts + chance.IntN(8)
		for end := time.Now().Add(15 * time.Second); s.api.Posts() < enough && time.Now().Before(end); {
			time.Sleep(5 * time.Millisecond)
		}
		time.Sleep(time.Duration(chance.IntN(150)) * time.Millisecond)
		_ = cmd.Process.Kill() // one that has ended already is as good
		_ = cmd.Wait()
		if s.api.Posts() > posts && cmd.ProcessState.ExitCode() < 0 {
			hit++
		}
	}
	if hit < 10 {
		t.Errorf("only %d runs were killed while they sent", hit)
	}
	if code := s.send(append(quick, "people.csv")...); code != batch.ExitOK {
		t.Errorf("exit %d", code)
	}
	s.onceEach(people)
	s.complete("people.results.csv", people)
}

// A bug that leaves others waiting for ever does not keep the program for ever.
func TestLongBugThatKeepsTheRunFromItsEnd(t *testing.T) {
	s := newStage(t, sandbox.Config{Faults: map[sandbox.Fault]float64{sandbox.Before429: 0.5}, Latency: 50 * time.Millisecond})
	s.input("people.csv", 200, 2)
	const grace = 10 * time.Second // that send gives it, beside --timeout
	ctx, cancel := context.WithTimeout(context.Background(), 5*grace)
	defer cancel()
	cmd := s.command(ctx, "send", "people.csv", "--timeout", "2s", "--no-preflight", "--rate", "100", "--chunk-size", "1")
	program, err := exec.LookPath("buggy-bulkinvite")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path, cmd.Args[0] = program, program
	cmd.Env = append(cmd.Env, "BUG_IN=(*worker).work", "BUG_HANGS=1", "BULKINVITE_LOG_LEVEL=warn")
	begun := time.Now()
	out, _ := cmd.CombinedOutput() // the exit code is looked at below
	if code, took := cmd.ProcessState.ExitCode(), time.Since(begun); code != batch.ExitBroken || took < grace || took > 2*grace {
		t.Errorf("exit %d after %v", code, took)
	}
	if want := "it kept the run from its end and the outputs are not written; run the same command again to go on"; !strings.Contains(string(out), want) {
		t.Errorf("it does not say %q:\n%s", want, out)
	}
}

func TestLongTerminated(t *testing.T) {
	s := newStage(t, sandbox.Config{Latency: 100 * time.Millisecond})
	s.input("people.csv", 1000, 2)
	cmd := s.command(context.Background(), "send", "people.csv", "--rate", "20", "--chunk-size", "5")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for s.api.Posts() < 20 {
		time.Sleep(10 * time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 143 || time.Since(begun) > 10*time.Second {
		t.Errorf("exit %d after %v", code, time.Since(begun))
	}
	results, failed := s.read("people.results.csv"), s.read("people.failed.csv")
	if len(results)+len(failed) != 1000 || len(results) < 50 {
		t.Errorf("%d results and %d failed rows", len(results), len(failed))
	}
	for _, row := range failed {
		if row["error_code"] != "not_sent" {
			t.Fatalf("a failed row: %v", row)
		}
	}
	if code := s.send("people.failed.csv", "--rate", "300"); code != batch.ExitOK {
		t.Errorf("exit %d", code)
	}
	s.onceEach(1000)
	if rest := s.read("people.failed.results.csv"); len(rest) != len(failed) {
		t.Errorf("%d of %d failed rows were invited", len(rest), len(failed))
	}
}

func TestLongThreeAtOnce(t *testing.T) {
	s := newStage(t, sandbox.Config{Latency: 50 * time.Millisecond})
	s.input("people.csv", 1000, 3)
	codes := make([]int, 3)
	var g errgroup.Group
	for i := range codes {
		g.Go(func() error {
			cmd := s.command(context.Background(), "send", "people.csv", "--rate", "20",
				"--results", fmt.Sprintf("r%d.csv", i), "--failed", fmt.Sprintf("f%d.csv", i))
			_ = cmd.Run()
			codes[i] = cmd.ProcessState.ExitCode()
			return nil
		})
	}
	_ = g.Wait()
	slices.Sort(codes)
	if !slices.Equal(codes, []int{batch.ExitOK, batch.ExitLocked, batch.ExitLocked}) {
		t.Errorf("exit codes %v", codes)
	}
	s.onceEach(1000)
	outputs, err := filepath.Glob(filepath.Join(s.folder, "[rf]?.csv"))
	if err != nil || len(outputs) != 2 {
		t.Errorf("outputs %v (%v), want those of one run", outputs, err)
	}
}

func TestLongRateAtTheServer(t *testing.T) {
	s := newStage(t, sandbox.Config{Latency: 50 * time.Millisecond})
	s.input("people.csv", 600, 1)
	if code := s.send("people.csv", "--rate", "20", "--chunk-size", "1"); code != batch.ExitOK {
		t.Errorf("exit %d", code)
	}
	books := s.api.Books()
	t.Logf("mean %.2f/s, busiest second %d", books.MeanRate, books.BusiestSecond)
	if books.MeanRate < 19.6 || books.BusiestSecond > 21 {
		t.Errorf("mean %.2f/s, busiest second %d", books.MeanRate, books.BusiestSecond)
	}
}

func TestLongAPIDown(t *testing.T) {
	s := newStage(t, sandbox.Config{})
	s.input("people.csv", 500, 3)
	s.api.SetDown(true, false)
	if code := s.send("people.csv", "--give-up-after", "8s", "--settle-time", "1s"); code != batch.ExitEndedEarly {
		t.Errorf("exit %d", code)
	}
	if rows := s.read("people.failed.csv"); len(rows) != 500 {
		t.Errorf("%d failed rows", len(rows))
	}
	s.api.SetDown(false, false)
	if code := s.send("people.failed.csv", "--settle-time", "1s", "--rate", "300"); code != batch.ExitOK {
		t.Errorf("exit %d", code)
	}
	s.onceEach(500)
}

func TestLongWrongKey(t *testing.T) {
	s := newStage(t, sandbox.Config{Key: "another"})
	s.input("people.csv", 500, 3)
	if code := s.send("people.csv"); code != batch.ExitEndedEarly {
		t.Errorf("exit %d", code)
	}
	if n := s.api.Posts() + s.api.Lists(); n > 6 {
		t.Errorf("%d requests with a wrong key", n)
	}
	codes := map[string]int{}
	for _, row := range s.read("people.failed.csv") {
		codes[row["error_code"]]++
	}
	if !maps.Equal(codes, map[string]int{"not_sent": 500}) {
		t.Errorf("failed rows %v", codes)
	}
}

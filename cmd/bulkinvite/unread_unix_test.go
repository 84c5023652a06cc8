//go:build unix

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client/sandbox"
)

// Pipes that nobody reads, in processes of their own.

// soon is long for what does not wait, and short for what waits for somebody.
const soon = 10 * time.Second

// fullPipe returns the end of a pipe that takes no more, and the other.
func (s *stage) fullPipe() (r, w *os.File) {
	s.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = errors.Join(r.Close(), w.Close()) })
	fd := int(w.Fd())
	if err := syscall.SetNonblock(fd, true); err != nil {
		s.Fatal(err)
	}
	for _, size := range []int{4096, 1} {
		for err = nil; err == nil; {
			_, err = syscall.Write(fd, make([]byte, size))
		}
		if !errors.Is(err, syscall.EAGAIN) {
			s.Fatal(err)
		}
	}
	if err := syscall.SetNonblock(fd, false); err != nil {
		s.Fatal(err)
	}
	return r, w
}

// start starts the program, which is killed if it does not end.
func (s *stage) start(stdout, stderr *os.File, args ...string) *exec.Cmd {
	s.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*soon)
	s.Cleanup(cancel)
	cmd := s.command(ctx, args...)
	cmd.Env = append(cmd.Env, "BULKINVITE_LOG_LEVEL=debug", "BULKINVITE_RATE=200")
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	return cmd
}

// exits waits for the end of a program, and checks its code and that it does
// not take long.
func (s *stage) exits(cmd *exec.Cmd, want int) {
	s.Helper()
	begin := time.Now()
	_ = cmd.Wait()
	if code, took := cmd.ProcessState.ExitCode(), time.Since(begin); code != want || took > soon {
		s.Errorf("exit %d after %v, want %d soon", code, took, want)
	}
}

// until waits for another process to bring something about.
func (s *stage) until(what string, done func() bool) {
	s.Helper()
	for end := time.Now().Add(soon); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("not soon: %s", what)
		}
	}
}

func (s *stage) posts(n int) func() bool { return func() bool { return s.api.Posts() >= n } }

// written reports whether a run has left a file.
func (s *stage) written(name string) func() bool {
	return func() bool {
		_, err := os.Stat(filepath.Join(s.folder, name))
		return err == nil
	}
}

func (s *stage) signal(cmd *exec.Cmd, sig syscall.Signal) {
	s.Helper()
	if err := cmd.Process.Signal(sig); err != nil {
		s.Fatal(err)
	}
}

// Whoever does not read stderr keeps nobody from being invited, and the program
// from ending for a moment only.
func TestNobodyReadsStderr(t *testing.T) {
	s := newStage(t, sandbox.Config{PostScript: map[int]sandbox.Fault{1: sandbox.AfterDrop}})
	s.input("people.csv", 200, 2)
	_, stderr := s.fullPipe()
	s.exits(s.start(nil, stderr, "send", "people.csv", "--chunk-size", "5", "--settle-time", "100ms"), batch.ExitOK)
	s.onceEach(200)
}

// What was logged meanwhile is there for whoever reads again.
func TestStderrIsReadAgain(t *testing.T) {
	s := newStage(t, sandbox.Config{})
	s.input("people.csv", 200, 2)
	read, stderr := s.fullPipe()
	cmd := s.start(nil, stderr, "send", "people.csv", "--chunk-size", "1")
	s.until("100 requests", s.posts(100))
	if err := stderr.Close(); err != nil { // the program has it
		t.Fatal(err)
	}
	text := make(chan string)
	go func() {
		var b strings.Builder
		for buf := make([]byte, 1<<16); ; {
			n, err := read.Read(buf)
			b.Write(buf[:n])
			if err != nil {
				text <- b.String()
				return
			}
		}
	}()
	s.exits(cmd, batch.ExitOK)
	if got := <-text; !strings.Contains(got, "the ledger is new") {
		t.Errorf("stderr is %q", strings.Trim(got, "\x00"))
	}
}

// Signals are heard although nobody reads: the first one stops.
func TestStoppedWhileNobodyReads(t *testing.T) {
	s := newStage(t, sandbox.Config{Latency: 50 * time.Millisecond})
	s.input("people.csv", 2000, 2)
	_, full := s.fullPipe()
	cmd := s.start(full, full, "send", "people.csv", "--chunk-size", "1")
	s.until("20 requests", s.posts(20))
	s.signal(cmd, syscall.SIGTERM)
	s.exits(cmd, 143)
	if !s.written("people.failed.csv")() {
		t.Error("there are no outputs")
	}
}

// The second one ends the program at once.
func TestEndedWhileNobodyReads(t *testing.T) {
	s := newStage(t, sandbox.Config{Latency: 2 * soon})
	s.input("people.csv", 10, 1)
	_, full := s.fullPipe()
	cmd := s.start(full, full, "send", "people.csv", "--no-preflight")
	s.until("a request", s.posts(1))
	s.signal(cmd, syscall.SIGTERM)
	time.Sleep(100 * time.Millisecond) // two signals that wait have no order
	s.signal(cmd, syscall.SIGINT)
	s.exits(cmd, 130)
}

// The summary waits for whoever reads it slowly, but nothing else waits with
// it, and a signal ends that with the exit code of the run.
func TestNobodyReadsTheSummary(t *testing.T) {
	s := newStage(t, sandbox.Config{})
	s.input("people.csv", 20, 2)
	_, stdout := s.fullPipe()
	cmd := s.start(stdout, nil, "send", "people.csv", "--summary", "summary.json")
	s.until("the summary", s.written("summary.json"))
	if !s.written("people.results.csv")() || !s.written("people.failed.csv")() {
		t.Error("there are no outputs")
	}
	// The ledger is free.
	s.until("a second run", func() bool {
		other := s.start(nil, nil, "send", "people.csv", "--results", "r.csv", "--failed", "f.csv")
		_ = other.Wait()
		return other.ProcessState.ExitCode() == batch.ExitOK
	})
	if err := cmd.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the first run did not wait for its reader: %v", err)
	}
	s.signal(cmd, syscall.SIGTERM)
	s.exits(cmd, batch.ExitOK)
	s.onceEach(20)
}

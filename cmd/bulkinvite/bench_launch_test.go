package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A benchLauncher is a process that starts others and measures them. Linux
// counts the peak memory of a process that starts another as the other's, so
// this must be one that stays small, and is started by one that still is.
type benchLauncher struct {
	jobs     *json.Encoder
	outcomes *json.Decoder
}

type benchJob struct {
	Args, Env []string
	Dir       string
}

type benchOutcome struct {
	Error          string // of a bad end
	Stdout, Stderr string
	Seconds        float64
	CPU            float64 // seconds, user and system
	MiB            float64 // peak
}

func (s *bench) newLauncher() benchLauncher {
	s.Helper()
	cmd := s.program("bench-launch")
	stdin, stdout := s.start(cmd)
	s.Cleanup(func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			s.Error(err)
		}
	})
	return benchLauncher{jobs: json.NewEncoder(stdin), outcomes: json.NewDecoder(stdout)}
}

// launch runs a command to its end.
func (l benchLauncher) launch(b *testing.B, cmd *exec.Cmd) benchOutcome {
	b.Helper()
	var outcome benchOutcome
	err := l.jobs.Encode(benchJob{Args: append([]string{cmd.Path}, cmd.Args[1:]...), Env: cmd.Env, Dir: cmd.Dir})
	if err == nil {
		err = l.outcomes.Decode(&outcome)
	}
	if err != nil {
		b.Fatal(err)
	}
	return outcome
}

// benchLaunch is the launcher's program. It ends with its standard input.
func benchLaunch() {
	jobs, outcomes := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var job benchJob
		err := jobs.Decode(&job)
		if errors.Is(err, io.EOF) {
			return
		}
		benchCheck(err)
		benchCheck(outcomes.Encode(job.run()))
	}
}

func (j benchJob) run() benchOutcome {
	var stdout, stderr strings.Builder
	cmd := exec.Command(j.Args[0], j.Args[1:]...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = j.Env, j.Dir, &stdout, &stderr
	begun := time.Now()
	err := cmd.Run()
	outcome := benchOutcome{Seconds: time.Since(begun).Seconds(), Stdout: stdout.String(), Stderr: stderr.String()}
	if err != nil {
		outcome.Error = err.Error()
		return outcome
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	outcome.CPU, outcome.MiB = cpuSeconds(usage), float64(usage.Maxrss)/1024 // Linux counts in KiB
	return outcome
}

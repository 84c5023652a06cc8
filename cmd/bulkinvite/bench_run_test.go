package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A bench runs processes in a folder and measures them.
type bench struct {
	*testing.B
	folder   string
	launcher benchLauncher
}

// newBench works below bin and not in the folder for temporary files: that may
// be in memory, and what it costs to make a ledger durable is part of the
// figures.
func newBench(b *testing.B) *bench {
	b.Helper()
	bin, err := filepath.Abs("../../bin")
	if err != nil {
		b.Fatal(err)
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		b.Fatal(err)
	}
	folder, err := os.MkdirTemp(bin, "bench-")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = os.RemoveAll(folder) })
	s := &bench{B: b, folder: folder}
	// Not this test binary: it is larger, and samples what is allocated.
	if out, err := exec.Command("go", "build", "-trimpath", "-o", folder, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	s.launcher = s.newLauncher()
	return s
}

func (s *bench) input(name string, f benchFile) {
	s.Helper()
	if err := f.write(filepath.Join(s.folder, name)); err != nil {
		s.Fatal(err)
	}
}

// program is a process in the bench's folder.
func (s *bench) program(name string, args ...string) *exec.Cmd {
	s.Helper()
	path, err := exec.LookPath(name) // TestMain puts names for this test binary there
	if err != nil {
		s.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), "HOME="+s.folder, "MICRO1_API_KEY=bench")
	return cmd
}

func (s *bench) bulkinvite(command string, args ...string) *exec.Cmd {
	return s.program(filepath.Join(s.folder, "bulkinvite"), append([]string{command}, args...)...)
}

// A benchRun is what one process needed.
type benchRun struct {
	rows      int
	seconds   float64
	cpu       float64 // seconds, user and system
	mib       float64 // peak
	serverCPU float64
}

// run runs a command to its end, which must be a good one.
func (s *bench) run(cmd *exec.Cmd, rows int) benchRun {
	s.Helper()
	return s.runJSON(cmd, rows, nil)
}

// runJSON is run for a command that prints JSON.
func (s *bench) runJSON(cmd *exec.Cmd, rows int, told any) benchRun {
	s.Helper()
	syscall.Sync() // nobody waits for what another has left to write
	outcome := s.launcher.launch(s.B, cmd)
	if outcome.Error != "" {
		s.Fatalf("%v: %s: %s%s", cmd.Args, outcome.Error, outcome.Stdout, outcome.Stderr)
	}
	if told != nil {
		if err := json.Unmarshal([]byte(outcome.Stdout), told); err != nil {
			s.Fatalf("%v: %v: %s", cmd.Args, err, outcome.Stdout)
		}
	}
	return benchRun{rows: rows, seconds: outcome.Seconds, cpu: outcome.CPU, mib: outcome.MiB}
}

// tell shows that the benchmark goes on.
func (s *bench) tell(name string, r benchRun) benchRun {
	fmt.Fprintf(os.Stderr, "%-8s %7.2f s  CPU %6.2f s  %4.0f MiB\n", name, r.seconds, r.cpu, r.mib)
	return r
}

// start starts a command that is talked to through pipes.
func (s *bench) start(cmd *exec.Cmd) (stdin io.WriteCloser, stdout io.Reader) {
	s.Helper()
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		s.Fatal(err)
	}
	stdout, err = cmd.StdoutPipe()
	if err != nil {
		s.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	return stdin, stdout
}

// A benchProcess is a server in a process of its own.
type benchProcess struct {
	s     *bench
	url   string
	cmd   *exec.Cmd
	stdin io.Closer
}

// serve starts a server that knows nobody.
func (s *bench) serve(latency string) *benchProcess {
	s.Helper()
	cmd := s.program("bench-server", latency)
	cmd.Env = append(cmd.Env, "GOGC=400") // it should take little from those who are measured
	stdin, stdout := s.start(cmd)
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		s.Fatal(err)
	}
	return &benchProcess{s: s, url: strings.TrimSpace(url), cmd: cmd, stdin: stdin}
}

func (p *benchProcess) books() benchBooks {
	p.s.Helper()
	resp, err := http.Get(p.url + "/books")
	if err != nil {
		p.s.Fatal(err)
	}
	defer resp.Body.Close()
	var b benchBooks
	if err := json.NewDecoder(resp.Body).Decode(&b); err != nil {
		p.s.Fatal(err)
	}
	return b
}

// stop ends the server and returns its books.
func (p *benchProcess) stop() benchBooks {
	p.s.Helper()
	books := p.books()
	_ = p.stdin.Close()
	if err := p.cmd.Wait(); err != nil {
		p.s.Fatal(err)
	}
	return books
}

// invited checks that so many people were invited, nobody twice. The figures
// of a run that did something else are worth nothing.
func (s *bench) invited(b benchBooks, people int) {
	s.Helper()
	if b.People != people || b.Sessions != people {
		s.Fatalf("%d people have %d sessions, want %d with one each", b.People, b.Sessions, people)
	}
}

// complete checks that the results have every person that the server knows,
// with their own link and the status, if there is one.
func (s *bench) complete(name string, b benchBooks, status string) {
	s.Helper()
	f, err := os.Open(filepath.Join(s.folder, name))
	if err != nil {
		s.Fatal(err)
	}
	defer f.Close()
	records := csv.NewReader(f)
	records.ReuseRecord = true
	header, err := records.Read()
	if err != nil {
		s.Fatal(err)
	}
	header = slices.Clone(header)
	column := func(name string) int {
		i := slices.Index(header, name)
		if i < 0 {
			s.Fatalf("no column %s in %q", name, header)
		}
		return i
	}
	interview, email, id, url := column("Interview ID"), column("E-mail"), column("candidate_id"), column("invite_url")
	rows, links, statusColumn := 0, uint64(0), -1
	if status != "" {
		statusColumn = column("status")
	}
	for {
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.Fatal(err)
		}
		if statusColumn >= 0 && record[statusColumn] != status {
			s.Fatalf("%s has %q, want %s", name, record, status)
		}
		rows++
		links += benchLink(record[interview], record[email], record[id], record[url])
	}
	if rows != b.People || links != b.Links {
		s.Fatalf("%s has %d rows for %d people, or other links than the server gave them", name, rows, b.People)
	}
}

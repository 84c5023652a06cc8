package main

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

var benchRows = flag.Int("rows", 1_000_000, "how many rows the benchmarks send")

const benchRounds = 3

// BenchmarkMillion compares bulkinvite with the floor, a bare Go sender, and
// with the Python script that people write instead, and looks at its rate. All
// are processes of their own that talk to a server in another. They take turns,
// so that noise hits all.
func BenchmarkMillion(b *testing.B) {
	s := newBench(b)
	_, noPython := exec.LookPath("python3")
	var floor, python, send, again, shuffled, check, known, knownShuffled benchRuns
	s.input("people.csv", benchFile{rows: *benchRows})
	s.input("shuffled.csv", benchFile{rows: *benchRows, shuffled: true})
	for range benchRounds {
		floor.add(s.floor(*benchRows))
		if noPython == nil {
			python.add(s.python("people.csv"))
		}
		s.sendAgain("people.csv", "shuffled.csv", &send, &again, &shuffled, &known, &knownShuffled)
		check.add(s.tell("check", s.run(s.bulkinvite("check", "people.csv"), *benchRows)))
	}
	r := benchReport{lines: []benchLine{
		{"floor: bare Go sender", floor, true}, {"Python script", python, true}, {"bulkinvite send", send, true},
		{"the same again, nothing to do", again, false}, {"again, shuffled", shuffled, false}, {"bulkinvite check", check, false},
		{"the same, all in the ledger", known, false}, {"the same, shuffled", knownShuffled, false},
	}, floor: floor, python: python}
	if len(python) > 0 {
		r.atLeast("send, times the Python script", send.rate()/python.rate(), 2)
	}
	r.atLeast("send, times the floor", send.rate()/floor.rate(), 0.3)
	r.atMost("send, peak MiB", send.peak(), 100)
	r.atMost("the same again, seconds per million rows", 1e6/again.rate(), 6)
	r.atMost("again, shuffled, times the seconds", shuffled.seconds()/again.seconds(), 1.5)
	r.atMost("again, shuffled, peak MiB", shuffled.peak(), 100)
	r.atLeast("check, rows/s", check.rate(), 1e6)
	r.atMost("check, peak MiB", check.peak(), 60)
	r.atMost("check with all in the ledger, seconds per million rows", 1e6/known.rate(), 10)
	r.atMost("check with all in the ledger, peak MiB", known.peak(), 60)
	r.atMost("the same, shuffled, times the seconds", knownShuffled.seconds()/known.seconds(), 1.5)
	r.atMost("the same, shuffled, peak MiB", knownShuffled.peak(), 70)
	s.rate(&r)
	r.print()
}

// rate sends at 20 requests a second for half a minute to a server that is
// 50 ms away.
func (s *bench) rate(r *benchReport) {
	const seconds, perSecond = 30, 20
	s.input("slow.csv", benchFile{rows: seconds * perSecond})
	server := s.serve("50ms")
	s.run(s.bulkinvite("send", "slow.csv", "--base-url", server.url, "--ledger", "slow.db",
		"--chunk-size", "1", "--rate", strconv.Itoa(perSecond)), seconds*perSecond)
	books := server.stop()
	s.invited(books, seconds*perSecond)
	r.atLeast("--rate 20 through 50 ms, mean per second", books.MeanRate, 0.99*perSecond)
	r.atMost("--rate 20 through 50 ms, most in any second", float64(books.BusiestSecond), perSecond+1)
}

// floor runs the bare sender, which measures itself: making the bodies does
// not count.
func (s *bench) floor(rows int) benchRun {
	server := s.serve("0s")
	cmd := s.program("bench-floor", server.url, strconv.Itoa(rows))
	var told floorReport
	measured := s.runJSON(cmd, rows, &told)
	books := server.stop()
	s.invited(books, rows)
	if told.People != rows {
		s.Fatalf("%d of %d people got a link", told.People, rows)
	}
	measured.seconds, measured.cpu, measured.serverCPU = told.Seconds, told.CPU, books.CPU
	return s.tell("floor", measured)
}

func (s *bench) python(input string) benchRun {
	script, err := filepath.Abs("../../testdata/bench/invite.py")
	if err != nil {
		s.Fatal(err)
	}
	server := s.serve("0s")
	measured := s.run(s.program("python3", script, server.url, input, "python.csv"), *benchRows)
	books := server.stop()
	s.invited(books, *benchRows)
	s.complete("python.csv", books, "")
	measured.serverCPU = books.CPU
	return s.tell("python", measured)
}

// sendAgain sends a file, then the same file again and another one with the same
// people, which must send nothing, and checks both.
func (s *bench) sendAgain(input, shuffledInput string, send, again, shuffled, known, knownShuffled *benchRuns) {
	const ledger = "ledger.db"
	server := s.serve("0s")
	send.add(s.tell("send", s.send(server, input, ledger, *benchRows)))
	books := server.books()
	again.add(s.tell("again", s.run(s.sender(server, input, ledger), *benchRows)))
	shuffled.add(s.tell("shuffled", s.run(s.sender(server, shuffledInput, ledger), *benchRows)))
	for name, runs := range map[string]*benchRuns{input: known, shuffledInput: knownShuffled} {
		runs.add(s.tell("check "+name, s.run(s.bulkinvite("check", name, "--base-url", server.url, "--ledger", ledger), *benchRows)))
	}
	if after := server.stop(); after.Posts != books.Posts {
		s.Fatalf("%d requests were sent again", after.Posts-books.Posts)
	}
	s.complete(resultsOf(input), books, "already_invited")
	s.complete(resultsOf(shuffledInput), books, "already_invited")
	s.remove(ledger + "*")
}

// send sends a file of so many people, none of whom may be invited yet.
func (s *bench) send(server *benchProcess, input, ledger string, rows int, args ...string) benchRun {
	before := server.books()
	measured := s.run(s.sender(server, input, ledger, args...), rows)
	books := server.books().since(before)
	s.invited(books, rows)
	s.complete(resultsOf(input), books, "invited")
	measured.serverCPU = books.CPU
	return measured
}

func resultsOf(input string) string { return strings.TrimSuffix(input, ".csv") + ".results.csv" }

// sender is bulkinvite send with everything on and the rate out of the way.
func (s *bench) sender(server *benchProcess, input, ledger string, args ...string) *exec.Cmd {
	return s.bulkinvite("send", append([]string{input, "--base-url", server.url, "--ledger", ledger,
		"--chunk-size", strconv.Itoa(benchChunk), "--concurrency", strconv.Itoa(benchConns), "--rate", "1000000"}, args...)...)
}

// remove makes room for the next run.
func (s *bench) remove(pattern string) {
	names, err := filepath.Glob(filepath.Join(s.folder, pattern))
	if err != nil {
		s.Fatal(err)
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil {
			s.Fatal(err)
		}
	}
}

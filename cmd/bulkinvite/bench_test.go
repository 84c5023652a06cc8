package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"bulkinvite/client"
)

const million = 1_000_000

// BenchmarkMillion says how long a million rows take, and how much memory.
// The program runs as a process of its own, so that nothing but it is counted.
func BenchmarkMillion(b *testing.B) {
	folder := b.TempDir()
	input := filepath.Join(folder, "million.csv")
	writeRows(b, input, million)
	program := linkProgram(b, folder)
	server := httptest.NewServer(plainAPI())
	defer server.Close()

	b.Run("check", func(b *testing.B) {
		for range b.N {
			measure(b, exec.Command(program, "check", input))
		}
	})
	b.Run("send", func(b *testing.B) {
		for i := range b.N {
			cmd := exec.Command(program, "send", input, "--base-url", server.URL, "--rate", "1000000", "--concurrency", "32",
				"--ledger", filepath.Join(folder, fmt.Sprintf("ledger%d.db", i)))
			cmd.Env = append(os.Environ(), "MICRO1_API_KEY=bench")
			measure(b, cmd)
		}
	})
}

// measure runs a command to its end.
func measure(b *testing.B, cmd *exec.Cmd) {
	b.Helper()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		b.ReportMetric(float64(usage.Maxrss)/1024, "MiB") // Linux counts in KiB
	}
	b.ReportMetric(million*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}

// linkProgram returns a name under which the test binary is the program.
func linkProgram(b *testing.B, folder string) string {
	b.Helper()
	binary, err := os.Executable()
	if err != nil {
		b.Fatal(err)
	}
	program := filepath.Join(folder, "bulkinvite")
	if err := os.Symlink(binary, program); err != nil {
		b.Fatal(err)
	}
	return program
}

func writeRows(b *testing.B, name string, n int) {
	b.Helper()
	f, err := os.Create(name)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "Name,E-mail,Interview ID,Phone,Notes")
	for i := range n {
		fmt.Fprintf(w, "Somebody Number%d,somebody.number%d@example.com,00000000-0000-4000-8000-%012d,+1-202-555-0100,\"a note, with a comma\"\n", i, i, i%50)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

// plainAPI accepts everything and remembers nothing.
func plainAPI() http.Handler {
	var ids atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("POST /interview/invite", func(w http.ResponseWriter, r *http.Request) {
		var req client.InviteRequest
		if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
			http.Error(w, `{"status":false}`, http.StatusBadRequest)
			return
		}
		var answer struct {
			Status bool `json:"status"`
			Data   struct {
				Invitations []client.Invitation `json:"invitations"`
			} `json:"data"`
		}
		answer.Status = true
		for _, c := range req.Candidates {
			id := fmt.Sprintf("00000000-0000-4000-9000-%012d", ids.Add(1))
			answer.Data.Invitations = append(answer.Data.Invitations, client.Invitation{
				CandidateID: id, CandidateEmail: c.Email, InviteURL: "https://interview.example.com/intro/bench?cid=" + id,
			})
		}
		_ = json.NewEncoder(w).Encode(answer)
	})
	mux.HandleFunc("GET /interview/invites", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"status":true,"data":[]}`))
	})
	return mux
}

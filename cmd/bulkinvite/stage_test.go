package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bulkinvite/client/sandbox"
	"bulkinvite/cmd/bulkinvite/app"
)

// A stage is a folder with an input, and an API for the runs over it.
type stage struct {
	*testing.T
	folder string
	url    string
	api    *sandbox.Server
}

func newStage(t *testing.T, cfg sandbox.Config) *stage {
	t.Helper()
	t.Parallel() // they wait most of the time
	api, err := sandbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stop := app.ServeSandbox(listener, api)
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return &stage{T: t, folder: t.TempDir(), url: "http://" + listener.Addr().String(), api: api}
}

// input writes a file of n people over so many interviews.
func (s *stage) input(name string, n, interviews int) {
	s.Helper()
	var b strings.Builder
	b.WriteString("name,email,interview id,note\n")
	for i := range n {
		fmt.Fprintf(&b, "Person %d,p%d@example.com,%08d-0000-4000-8000-000000000000,\"a, b\"\n", i, i, i%interviews)
	}
	if err := os.WriteFile(filepath.Join(s.folder, name), []byte(b.String()), 0o600); err != nil {
		s.Fatal(err)
	}
}

// command is bulkinvite in a process of its own: this test binary, which
// TestMain makes run as the program if its name is that.
func (s *stage) command(ctx context.Context, args ...string) *exec.Cmd {
	s.Helper()
	program, err := exec.LookPath("bulkinvite")
	if err != nil {
		s.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = s.folder
	cmd.Env = append(os.Environ(), "HOME="+s.folder, "XDG_STATE_HOME="+filepath.Join(s.folder, "state"),
		"MICRO1_API_KEY=key-for-tests", "BULKINVITE_BASE_URL="+s.url, "BULKINVITE_LOG_LEVEL=error")
	return cmd
}

// onceEach checks that n people were invited, all of them exactly once.
func (s *stage) onceEach(n int) {
	s.Helper()
	sessions := s.api.Sessions()
	if len(sessions) != n {
		s.Errorf("%d people are invited, want %d", len(sessions), n)
	}
	for person, times := range sessions {
		if times != 1 {
			s.Errorf("%v was invited %d times", person, times)
		}
	}
}

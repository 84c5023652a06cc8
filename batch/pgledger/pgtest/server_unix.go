//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// A Server is a PostgreSQL server of a test's own.
type Server struct {
	bin, folder string
	process     *exec.Cmd
	stdin       io.WriteCloser // the server ends when it is closed
}

// New starts a server that a test may stop and kill.
func New(t testing.TB) *Server {
	t.Helper()
	need(t)
	s, err := start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// binaries returns the folder of initdb and postgres.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", errors.New("this test needs a PostgreSQL server: apt-get install postgresql, or name one in " + otherServer)
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
		return n
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

func start() (*Server, error) {
	s := &Server{}
	var err error
	if s.bin, err = binaries(); err != nil {
		return nil, err
	}
	if err = s.makeFolder(); err != nil {
		return nil, err
	}
	init := s.command(filepath.Join(s.bin, "initdb"), "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale", "C", "-D", s.data())
	if out, err := init.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, out), os.RemoveAll(s.folder))
	}
	if err := s.start(); err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// nobody is whom a server runs as where the tests are root's: it refuses root.
const nobody = 65534

// makeFolder makes the server's folder. Its path is short, since that of a socket
// may have 100 bytes only.
func (s *Server) makeFolder() (err error) {
	parent := "/dev/shm"
	if _, err := os.Stat(parent); err != nil {
		parent = "/tmp"
	}
	if s.folder, err = os.MkdirTemp(parent, "pg"); err == nil && os.Geteuid() == 0 {
		err = os.Chown(s.folder, nobody, nobody)
	}
	return err
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ^C is for the tests
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return cmd
}

// guard ends the server when the tests let go of its input, also if they are
// killed, and removes what is left; or kills it when it is told to, and leaves all.
const guard = `"$@" >log 2>&1 & read -r how; if [ "$how" = kill ]; then kill -QUIT $!; wait; exit; fi; kill -INT $!; wait; rm -rf data log .s.*`

func (s *Server) start() error {
	s.process = s.command("sh", "-c", guard, "sh", filepath.Join(s.bin, "postgres"), "-D", s.data(), "-k", s.folder,
		"-c", "listen_addresses=", "-c", "max_connections=200", "-c", "shared_buffers=64MB", "-c", "jit=off")
	var err error
	if s.stdin, err = s.process.StdinPipe(); err != nil {
		return err
	}
	if err = s.process.Start(); err != nil {
		return err
	}
	return s.await()
}

// await waits until the server answers.
func (s *Server) await() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		c, err := pgx.Connect(ctx, s.URL("postgres"))
		if err == nil {
			return c.Close(ctx)
		}
		if ctx.Err() != nil {
			log, _ := os.ReadFile(filepath.Join(s.folder, "log"))
			return fmt.Errorf("the server does not start: %w: %s", err, log)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// URL returns the address of one of the server's databases.
func (s *Server) URL(database string) string {
	return "postgres://postgres@/" + database + "?host=" + s.folder
}

// withDatabase returns the URL of another database of a server.
func withDatabase(t testing.TB, server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// Database returns the URL of a new database of the server.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	return makeDatabase(t, s.URL("postgres"))
}

// Stop ends the server and removes it.
func (s *Server) Stop() {
	if s.process != nil {
		_ = s.stdin.Close()
		_ = s.process.Wait()
	}
	_ = os.RemoveAll(s.folder)
}

// Kill ends the server as pg_ctl stop -m immediate does: nothing is finished. Start
// starts it again.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	if _, err := io.WriteString(s.stdin, "kill\n"); err != nil {
		t.Fatal(err)
	}
	if err := s.process.Wait(); err != nil {
		t.Log(err) // the server's own
	}
}

// Start starts a server that was killed.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatal(err)
	}
}

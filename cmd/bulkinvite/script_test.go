package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/pflag"

	"bulkinvite/client/sandbox"
	"bulkinvite/cmd/bulkinvite/app"
	command "bulkinvite/cmd/bulkinvite/sandbox"
)

const scripts = "../../testdata/script"

func TestMain(m *testing.M) {
	testscript.Main(leakChecker{m}, map[string]func(){
		"bulkinvite": main, "buggy-bulkinvite": buggy, "bench-launch": benchLaunch, "bench-server": benchServe, "bench-floor": benchFloor,
	})
}

// TestScripts runs the command as users meet it. What the scripts can say
// besides testscript's own verbs:
//
//	sandbox [flags of bulkinvite sandbox]
//		starts a sandbox and puts its address into $URL
//	babbler
//		starts an API that says more than it was asked, and puts its address
//		into $URL
//	buggy-bulkinvite
//		is bulkinvite with a bug in the function that $BUG_IN names
//	exits CODE PROGRAM [argument…]
//		runs a program that must end with this very code
//	invited-once N
//		the sandbox has invited N people, nobody twice
//	posts N, requests N
//		the sandbox has seen so many invitation requests; requests of any kind
//	wait-posts N
//		waits until it has seen at least so many
//	invite-elsewhere INTERVIEW EMAIL
//		invites somebody without bulkinvite, as in the dashboard
//	signal NAME
//		sends SIGTERM, SIGINT, SIGHUP, SIGUSR1 or SIGKILL to the programs in the background
//	receiver [STATUS…]
//		starts a receiver of notifications that answers with these statuses in
//		turn, and then with 200, and puts its address, which has a secret in
//		it, into $HOOK
//	received N [WORD…]
//		the receiver has got N notifications, and the last is, with method, path
//		and body, as all the regular expressions say; with !, as none does
//	rows FILE N
//		FILE is a CSV file without line breaks in cells, and has N rows
func TestScripts(t *testing.T) {
	samples, err := filepath.Abs("../../testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 scripts,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("MICRO1_API_KEY", "key-for-tests")
			env.Setenv("SAMPLES", samples)
			// The defaults are for an API that is far away.
			env.Setenv("BULKINVITE_RATE", "500")
			env.Setenv("BULKINVITE_SETTLE_TIME", "100ms")
			env.Setenv("GORACE", os.Getenv("GORACE"))
			env.Values[holderKey{}] = &holder{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"sandbox":          startSandbox,
			"babbler":          startBabbler,
			"exits":            exits,
			"invited-once":     invitedOnce,
			"posts":            countRequests(func(b sandbox.Books) int { return b.Posts }),
			"requests":         countRequests(func(b sandbox.Books) int { return b.Posts + b.Lists }),
			"wait-posts":       waitPosts,
			"invite-elsewhere": inviteElsewhere,
			"rows":             rows,
			"signal":           sendSignal,
			"receiver":         startReceiver,
			"received":         received,
		},
	})
}

// A holder has the sandbox and the receiver of one script.
type holder struct {
	server   *sandbox.Server
	receiver *receiver
}

// holderKey is under what a script's environment keeps its holder.
type holderKey struct{}

func startSandbox(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("unsupported: ! sandbox")
	}
	var opts command.Options
	set := pflag.NewFlagSet("sandbox", pflag.ContinueOnError)
	opts.Add(set)
	ts.Check(set.Parse(args))
	server, err := opts.Server()
	ts.Check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	stop := app.ServeSandbox(listener, server)
	ts.Defer(func() { _ = stop() })
	ts.Setenv("URL", "http://"+listener.Addr().String())
	ts.Value(holderKey{}).(*holder).server = server
}

// startBabbler serves answers that know of nobody, each with another behind it
// that nobody asked for and that has somebody's address in it.
func startBabbler(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: babbler")
	}
	const body = `{"status":true,"data":[]}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprintf(buffered, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		fmt.Fprint(buffered, "HTTP/1.1 200 OK\r\n\r\nzoe@example.com")
		buffered.Flush()
	}))
	ts.Defer(server.Close)
	ts.Setenv("URL", server.URL)
}

func theSandbox(ts *testscript.TestScript) *sandbox.Server {
	server := ts.Value(holderKey{}).(*holder).server
	if server == nil {
		ts.Fatalf("there is no sandbox yet")
	}
	return server
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [argument…]")
	}
	want := number(ts, args[0])
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		code = exit.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func invitedOnce(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: invited-once N")
	}
	sessions := theSandbox(ts).Sessions()
	for person, n := range sessions {
		if n != 1 {
			ts.Fatalf("%v has %d sessions", person, n)
		}
	}
	if want := number(ts, args[0]); len(sessions) != want {
		ts.Fatalf("%d people are invited, want %d", len(sessions), want)
	}
}

func countRequests(count func(sandbox.Books) int) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) != 1 {
			ts.Fatalf("usage: posts N, or requests N")
		}
		if got, want := count(theSandbox(ts).Books()), number(ts, args[0]); got != want {
			ts.Fatalf("the sandbox has seen %d, want %d", got, want)
		}
	}
}

// waitPosts really waits: the run that it waits for is another process.
func waitPosts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: wait-posts N")
	}
	server, want := theSandbox(ts), number(ts, args[0])
	for end := time.Now().Add(20 * time.Second); server.Posts() < want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("the sandbox has seen %d, want %d", server.Posts(), want)
		}
	}
}

func inviteElsewhere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: invite-elsewhere INTERVIEW EMAIL")
	}
	theSandbox(ts).Invite(sandbox.Person{InterviewID: args[0], Email: args[1]})
}

func sendSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP, "USR1": syscall.SIGUSR1, "KILL": syscall.SIGKILL}
	if neg || len(args) != 1 || signals[args[0]] == 0 {
		ts.Fatalf("usage: signal TERM, INT, HUP, USR1 or KILL")
	}
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(signals[args[0]]))
	}
}

func rows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: rows FILE N")
	}
	if got, want := strings.Count(ts.ReadFile(args[0]), "\n")-1, number(ts, args[1]); got != want {
		ts.Fatalf("%s has %d rows, want %d", args[0], got, want)
	}
}

func number(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}

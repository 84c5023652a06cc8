//go:build long

package client

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Two network namespaces, one for the API and one for the sender, joined by
// a link that is taken down: what is sent here leaves neither. The addresses are
// of a range that is for documentation.
const (
	apiAddress    = "192.0.2.1"
	senderAddress = "192.0.2.2"
	apiPort       = ":8080"
	linkTimeout   = 2 * time.Second
)

// linkRole is set in the environment of the two programs, which are this test.
const linkRole = "BULKINVITE_TEST_LINK"

// A request whose sender has given up, was killed or stands still is not
// delivered when the link is back.
func TestLongNothingArrivesLate(t *testing.T) {
	t.Parallel()
	switch os.Getenv(linkRole) {
	case "api":
		serveBehindLink(t)
		return
	case "sender":
		sendOverLink(t)
		return
	}
	for name, end := range map[string]func(*testing.T, *peer){
		"timeout": func(t *testing.T, sender *peer) { sender.waitFor(t, "second: no answer from the API: timed out") },
		"kill":    func(_ *testing.T, sender *peer) { sender.signal(syscall.SIGKILL) },
		"stop":    func(_ *testing.T, sender *peer) { sender.signal(syscall.SIGSTOP) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLink(t, name)
			api := l.start(t, l.api, "api")
			api.waitFor(t, "listening")
			sender := l.start(t, l.sender, "sender")
			sender.waitFor(t, "first: <nil>")
			api.waitFor(t, "request")
			l.set(t, "down")
			fmt.Fprintln(sender.stdin)
			time.Sleep(linkTimeout / 2) // it is written, and tried again
			end(t, sender)
			time.Sleep(2 * linkTimeout)
			l.set(t, "up")
			// A kernel that still has it tries again within as long as it has
			// tried in vain.
			if line, late := api.line(8 * linkTimeout); late {
				t.Errorf("after the link was back there came: %s", line)
			}
			l.start(t, l.sender, "sender").waitFor(t, "first: <nil>") // it is back
		})
	}
}

// A link joins two namespaces.
type link struct{ api, sender string }

func newLink(t *testing.T, name string) *link {
	if os.Geteuid() != 0 {
		t.Skip("only root may make network namespaces")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("there is no ip, of the package iproute2: ", err)
	}
	prefix := fmt.Sprintf("bulkinvite-%d-%s-", os.Getpid(), name)
	l := &link{prefix + "api", prefix + "sender"}
	for _, ns := range []string{l.api, l.sender} {
		if out, err := exec.Command("ip", "netns", "add", ns).CombinedOutput(); err != nil {
			t.Skipf("no network namespace can be made here: %v: %s", err, out)
		}
		t.Cleanup(func() { ip(t, "netns", "del", ns) })
	}
	ip(t, "-n", l.api, "link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", l.sender)
	ip(t, "-n", l.api, "addr", "add", apiAddress+"/30", "dev", "wire")
	ip(t, "-n", l.sender, "addr", "add", senderAddress+"/30", "dev", "wire")
	ip(t, "-n", l.sender, "link", "set", "wire", "up")
	l.set(t, "up")
	return l
}

// set takes the API's end of the link up or down: the sender's route stays, as
// where a cable is pulled further away.
func (l *link) set(t *testing.T, state string) { ip(t, "-n", l.api, "link", "set", "wire", state) }

func ip(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, out)
	}
}

// A peer is a program in a namespace.
type peer struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string
}

func (l *link) start(t *testing.T, namespace, role string) *peer {
	t.Helper()
	p := &peer{
		cmd:   exec.Command("ip", "netns", "exec", namespace, os.Args[0], "-test.run", "^TestLongNothingArrivesLate$"),
		lines: make(chan string, 100),
	}
	p.cmd.Env = append(os.Environ(), linkRole+"="+role)
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			p.lines <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		p.signal(syscall.SIGKILL)
		<-read
		_ = p.cmd.Wait() // killed
	})
	return p
}

// signal reaches the program itself: ip has become it.
func (p *peer) signal(sig os.Signal) { _ = p.cmd.Process.Signal(sig) }

// line returns what the program says next, if it says anything in time.
func (p *peer) line(within time.Duration) (string, bool) {
	select {
	case line := <-p.lines:
		return line, true
	case <-time.After(within):
		return "", false
	}
}

func (p *peer) waitFor(t *testing.T, start string) {
	t.Helper()
	if line, said := p.line(10 * time.Second); !said || !strings.HasPrefix(line, start) {
		t.Fatalf("%q; want %q", line, start)
	}
}

// serveBehindLink is the API: it tells of every request that arrives.
func serveBehindLink(t *testing.T) {
	listener, err := net.Listen("tcp", apiAddress+apiPort)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("listening")
	t.Fatal(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Printf("request of %d bytes: %v\n", len(body), err)
		io.WriteString(w, oneInvited)
	})))
}

// sendOverLink is the sender: it sends one request, and the next when it is told
// to.
func sendOverLink(t *testing.T) {
	c := newClient(t, "http://127.0.0.1", func(o *Options) {
		o.Timeout = linkTimeout
		o.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, apiAddress+apiPort)
		}
	})
	fmt.Println("first:", calls["Invite"](t.Context(), c))
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return
	}
	fmt.Println("second:", calls["Invite"](t.Context(), c))
	_, _ = io.Copy(io.Discard, os.Stdin) // until it is killed
}

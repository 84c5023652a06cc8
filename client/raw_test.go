package client

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// A rawServer answers each request as its script says, on bare connections,
// and counts the requests of which it saw anything.
type rawServer struct {
	URL  string
	mu   sync.Mutex
	seen []string // the first line of each request
}

// count returns how many requests the server saw.
func (s *rawServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// An exchange deals with request n, counted from 0 over all connections, and
// reports whether the connection stays open for another. It closes it itself
// if it is to be reset.
type exchange func(conn *net.TCPConn, r *bufio.Reader, n int) (stay bool)

func newRawServer(t testing.TB, do exchange) *rawServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &rawServer{URL: "http://" + listener.Addr().String()}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				break // closed
			}
			wg.Go(func() { s.serve(conn.(*net.TCPConn), do) })
		}
	})
	t.Cleanup(func() { listener.Close(); wg.Wait() })
	return s
}

func (s *rawServer) serve(conn *net.TCPConn, do exchange) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if line == "" && err != nil {
			return
		}
		s.mu.Lock()
		n := len(s.seen)
		s.seen = append(s.seen, line)
		s.mu.Unlock()
		if !do(conn, r, n) {
			return
		}
	}
}

// readRest reads what follows the first line of a request.
func readRest(r *bufio.Reader) {
	length := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil || line == "\r\n" {
			break
		}
		if digits, found := strings.CutPrefix(line, "Content-Length: "); found {
			length, _ = strconv.Atoi(strings.TrimSpace(digits))
		}
	}
	io.CopyN(io.Discard, r, int64(length))
}

// reset breaks the connection with a TCP reset.
func reset(conn *net.TCPConn) {
	conn.SetLinger(0)
	conn.Close()
}

// say is an exchange that reads the request, writes some bytes and hangs up.
func say(bytes string) exchange {
	return func(conn *net.TCPConn, r *bufio.Reader, n int) bool {
		readRest(r)
		io.WriteString(conn, bytes)
		return false
	}
}

package client

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// newClient returns a client of a server, with changes to its options.
func newClient(t testing.TB, base string, change ...func(*Options)) *Client {
	t.Helper()
	opts := Options{BaseURL: base, Key: testKey(t)}
	for _, f := range change {
		f(&opts)
	}
	c, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// calls are the two methods of a client, for tests of what both must keep.
var calls = map[string]func(context.Context, *Client) error{
	"Invite": func(ctx context.Context, c *Client) error {
		_, err := c.Invite(ctx, InviteRequest{InterviewID: "i1", Candidates: []Candidate{{"Ann", "ann@example.com"}}})
		return err
	},
	"Invites": func(ctx context.Context, c *Client) error {
		_, err := c.Invites(ctx, ListRequest{InterviewID: "i1", Page: 1})
		return err
	},
}

// assertFate checks an error of a call, and that nothing in it shows the key.
func assertFate(t *testing.T, err error, fate Fate, cause Cause) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v (%T); want an *Error", err, err)
	}
	if e.Fate != fate || e.Cause != cause {
		t.Fatalf("fate %d, cause %d (%v); want %d, %d", e.Fate, e.Cause, e, fate, cause)
	}
	if n := len(e.Error()); n == 0 || n > 2*maxMessage {
		t.Errorf("the error says %d bytes", n)
	}
	for under := err; under != nil; under = errors.Unwrap(under) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%q", "%x"} {
			assertNoSecret(t, verb, fmt.Sprintf(verb, under))
		}
	}
	return e
}

func TestRequestsOnTheWire(t *testing.T) {
	type sent struct{ Method, URL, Body, Key, Type, Accept, Agent string }
	var got []sent
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := r.Header
		got = append(got, sent{r.Method, r.URL.String(), string(body), h.Get("x-api-key"), h.Get("Content-Type"), h.Get("Accept"), h.Get("User-Agent")})
		if len(h["Idempotency-Key"])+len(h["X-Idempotency-Key"])+len(r.TransferEncoding) > 0 {
			t.Errorf("header %v, transfer encoding %v", h, r.TransferEncoding)
		}
		if r.Method == http.MethodGet {
			io.WriteString(w, oneListed)
		} else {
			io.WriteString(w, oneInvited)
		}
	}))
	defer server.Close()
	c := newClient(t, server.URL+"/v1/", func(o *Options) { o.UserAgent = "bulkinvite/1.2" })

	for _, req := range []InviteRequest{
		{InterviewID: "i1", Candidates: []Candidate{{"Ann <b> & \"c\"", "ann@example.com"}, {"Zoë", "z@example.com"}}, DisableEmailNotification: true},
		{InterviewID: "i1", JobApplicationID: "j1"},
		{InterviewID: "i1", CandidateID: "c1"},
	} {
		invitations, err := c.Invite(t.Context(), req)
		if err != nil || len(invitations) != 1 || invitations[0].CandidateID != "c1" {
			t.Errorf("Invite: %v, %v", invitations, err)
		}
	}
	for _, req := range []ListRequest{{InterviewID: "a&b=c d", Page: 0, Limit: 100}, {InterviewID: "i1", Page: 2}} {
		entries, err := c.Invites(t.Context(), req)
		if err != nil || len(entries) != 1 || entries[0].CandidateEmail != "ann@example.com" {
			t.Errorf("Invites: %v, %v", entries, err)
		}
	}
	post := sent{"POST", "/v1/interview/invite", "", testSecret, "application/json", "application/json", "bulkinvite/1.2"}
	get := sent{"GET", "", "", testSecret, "", "application/json", "bulkinvite/1.2"}
	want := []sent{post, post, post, get, get}
	want[0].Body = `{"interview_id":"i1","candidates":[{"name":"Ann \u003cb\u003e \u0026 \"c\"","email":"ann@example.com"},` +
		`{"name":"Zoë","email":"z@example.com"}],"disable_email_notification":true}`
	want[1].Body = `{"interview_id":"i1","job_application_id":"j1"}`
	want[2].Body = `{"interview_id":"i1","candidate_id":"c1"}`
	want[3].URL = "/v1/interview/invites?interview_id=a%26b%3Dc+d&limit=100&page=0"
	want[4].URL = "/v1/interview/invites?interview_id=i1&page=2"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNewRefusesOptions(t *testing.T) {
	key := testKey(t)
	for says, opts := range map[string]Options{
		"no API key":   {},
		"in the clear": {Key: key, BaseURL: "http://example.com"},
		"time-out":     {Key: key, Timeout: -1},
		"connections":  {Key: key, MaxConns: -1},
	} {
		if _, err := New(opts); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("New(%v): %v; want an error that says %q", opts, err, says)
		}
	}
}

// What goes wrong once there is a connection is Unknown, and whatever it is,
// the server sees one request of one call.
func TestBrokenExchanges(t *testing.T) {
	long := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
	for name, do := range map[string]exchange{
		"reset before the body was read": func(conn *net.TCPConn, r *bufio.Reader, n int) bool { reset(conn); return false },
		"reset after":                    func(conn *net.TCPConn, r *bufio.Reader, n int) bool { readRest(r); reset(conn); return false },
		"EOF":                            say(""),
		"EOF in the status line":         say("HTTP/1.1 20"),
		"EOF in the header":              say("HTTP/1.1 200 OK\r\nContent-"),
		"cut off by Content-Length":      say(fmt.Sprintf(long, 4096, oneInvited)),
		"cut off in the JSON":            say(fmt.Sprintf(long, len(oneInvited), oneInvited[:40])),
		"cut off in a chunk":             say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n800\r\n" + oneInvited),
		"cut off after a chunk":          say(fmt.Sprintf("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", len(oneInvited), oneInvited)),
		"cut off at an unknown length":   say("HTTP/1.0 200 OK\r\n\r\n" + oneInvited[:len(oneInvited)-1]),
		"cut off refusal":                say("HTTP/1.1 400 Bad Request\r\nContent-Length: 999\r\n\r\n{\"status\":false,\"message\":\"no\"}"),
		"502 in HTML":                    say(fmt.Sprintf("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", len(htmlPage), htmlPage)),
		"no HTTP":                        say("SSH-2.0-OpenSSH_9.2\r\n"),
		"a long line":                    say(strings.Repeat("\x00long\r", 10_000) + "\r\n\r\n"),
		"no gzip":                        say("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + oneInvited),
		"another protocol":               say("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
		"continue and nothing":           say("HTTP/1.1 100 Continue\r\n\r\n"),
		"the key as a status line":       say(testSecret + "\r\n\r\n"),
		"the key as a status":            say("HTTP/1.1 " + testSecret + " OK\r\n\r\n"),
		"the key as a header":            say("HTTP/1.1 200 OK\r\n" + testSecret + "\r\n\r\n"),
		"the key as a length":            say("HTTP/1.1 200 OK\r\nContent-Length: " + testSecret + "\r\n\r\n"),
		"the key as an encoding":         say("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + testSecret + "\r\n\r\n"),
		"the key in a message":           say("HTTP/1.1 500 No\r\nConnection: close\r\n\r\n" + `{"message":"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(testSecret) + `"}`),
	} {
		for call, do1 := range calls {
			t.Run(name+"/"+call, func(t *testing.T) {
				server := newRawServer(t, do)
				c := newClient(t, server.URL)
				assertFate(t, do1(t.Context(), c), Unknown, OtherCause)
				if server.count() != 1 {
					t.Errorf("the server saw %d requests: %q", server.count(), server.seen)
				}
			})
		}
	}
}

// A connection that was used before and breaks is where net/http sends a
// request again by itself.
func TestReusedConnectionBreaks(t *testing.T) {
	answers := map[string]string{"Invite": oneInvited, "Invites": oneListed}
	for name, breaks := range map[string]exchange{
		"EOF after the request":    say(""),
		"reset after the request":  func(conn *net.TCPConn, r *bufio.Reader, n int) bool { readRest(r); reset(conn); return false },
		"reset within the request": func(conn *net.TCPConn, r *bufio.Reader, n int) bool { reset(conn); return false },
	} {
		for call, do := range calls {
			t.Run(name+"/"+call, func(t *testing.T) {
				server := newRawServer(t, func(conn *net.TCPConn, r *bufio.Reader, n int) bool {
					if n > 0 {
						return breaks(conn, r, n)
					}
					readRest(r)
					fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(answers[call]), answers[call])
					return true
				})
				dials := 0
				c := newClient(t, server.URL, countDials(&dials))
				if err := do(t.Context(), c); err != nil {
					t.Fatal(err)
				}
				assertFate(t, do(t.Context(), c), Unknown, OtherCause)
				if server.count() != 2 || dials != 1 {
					t.Errorf("the server saw %d requests on %d connections: %q", server.count(), dials, server.seen)
				}
			})
		}
	}
}

// A connection may die while nobody uses it. Then a call either finds out in
// time and takes another, or its fate is unknown; never are there two requests.
func TestIdleConnectionDies(t *testing.T) {
	for call, do := range calls {
		t.Run(call, func(t *testing.T) {
			answer := map[string]string{"Invite": oneInvited, "Invites": oneListed}[call]
			server := newRawServer(t, func(conn *net.TCPConn, r *bufio.Reader, n int) bool {
				readRest(r)
				fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(answer), answer)
				return false // without having said so
			})
			c := newClient(t, server.URL)
			for i := range 50 {
				before := server.count()
				err := do(t.Context(), c)
				seen := server.count() - before
				if err != nil {
					assertFate(t, err, Unknown, OtherCause)
				}
				if seen > 1 || err == nil && seen != 1 {
					t.Fatalf("call %d (%v): the server saw %d requests", i, err, seen)
				}
			}
		})
	}
}

func countDials(n *int) func(*Options) {
	return func(o *Options) {
		o.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			*n++
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
	}
}

func TestRedirectsAreNotFollowed(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for call, do := range calls {
			t.Run(fmt.Sprint(status, call), func(t *testing.T) {
				elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					t.Errorf("%s %s was sent on", r.Method, r.URL)
				}))
				defer elsewhere.Close()
				requests := 0
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					requests++
					http.Redirect(w, r, elsewhere.URL+r.URL.String(), status)
				}))
				defer server.Close()
				e := assertFate(t, do(t.Context(), newClient(t, server.URL)), Unknown, OtherCause)
				if e.StatusCode != status || requests != 1 {
					t.Errorf("status %d after %d requests", e.StatusCode, requests)
				}
			})
		}
	}
}

func TestUnreachable(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener.Close() // nobody listens there any more
	selfSigned := httptest.NewUnstartedServer(http.NotFoundHandler())
	selfSigned.Config.ErrorLog = log.New(io.Discard, "", 0)
	selfSigned.StartTLS()
	defer selfSigned.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	for name, c := range map[string]*Client{
		"connection refused": newClient(t, "http://"+listener.Addr().String()),
		"unknown authority":  newClient(t, selfSigned.URL),
		"no TLS":             newClient(t, "https"+strings.TrimPrefix(plain.URL, "http")),
		"no such host": newClient(t, "https://api.invalid", func(o *Options) {
			o.DialContext = func(context.Context, string, string) (net.Conn, error) {
				return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "api.invalid", IsNotFound: true}}
			}
		}),
		"unreachable network": newClient(t, "https://api.invalid", func(o *Options) {
			o.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, syscall.ENETUNREACH }
		}),
	} {
		for call, do := range calls {
			t.Run(name+"/"+call, func(t *testing.T) {
				e := assertFate(t, do(t.Context(), c), NotSent, Unreachable)
				if e.StatusCode != 0 {
					t.Errorf("status %d", e.StatusCode)
				}
			})
		}
	}
}

func TestProxyIsUsedForHTTPS(t *testing.T) {
	var dialled string
	c := newClient(t, DefaultBaseURL, func(o *Options) {
		o.DialContext = func(_ context.Context, _, addr string) (net.Conn, error) {
			dialled = addr
			return nil, errors.New("no network here")
		}
	})
	assertFate(t, calls["Invite"](t.Context(), c), NotSent, Unreachable)
	if dialled != testProxy {
		t.Errorf("dialled %s; want the proxy %s", dialled, testProxy)
	}
}

func TestEndlessBodies(t *testing.T) {
	for status, want := range map[int]Fate{200: Unknown, 400: Unknown, 401: Unknown, 502: Unknown} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, `{"status":true,"data":{"invitations":[]},"message":"`)
			for spaces := []byte(strings.Repeat("x", 1<<16)); ; {
				if _, err := w.Write(spaces); err != nil {
					return
				}
			}
		}))
		err := calls["Invite"](t.Context(), newClient(t, server.URL))
		var e *Error
		if !errors.As(err, &e) || e.Fate != want || e.StatusCode != status {
			t.Errorf("%d: %+v", status, err)
		}
		server.Close()
	}
}

func TestLargeAnswerIsRead(t *testing.T) {
	body := `{"status":true,"data":{"invitations":[{"candidate_id":"c0"}` + strings.Repeat(`,{"candidate_id":"c1"}`, 200_000) + `]}}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, body) }))
	defer server.Close()
	got, err := newClient(t, server.URL).Invite(t.Context(), InviteRequest{InterviewID: "i1"})
	if err != nil || len(got) != 200_001 {
		t.Errorf("%d invitations, %v", len(got), err)
	}
}

func TestRetryAfterAndMessageComeThrough(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "3")
		w.WriteHeader(429)
		fmt.Fprintf(w, `{"message":"Too Many\nRequests from %s"}`, strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(r.Header.Get("x-api-key")))
	}))
	defer server.Close()
	e := assertFate(t, calls["Invite"](t.Context(), newClient(t, server.URL)), NotSent, Throttled)
	if e.RetryAfter.Seconds() != 3 || e.Message != "Too Many Requests from [redacted]" {
		t.Errorf("%+v", *e)
	}
}

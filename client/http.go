package client

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds of an answer's body, in bytes, unpacked. A good answer to 1,000
// candidates has some 300 kB.
const (
	maxGoodBody  = 16 << 20
	maxOtherBody = 1 << 20
	readAhead    = 1 << 16 // memory that a promised length alone gets
)

// Options are what New needs to know. Fields that are zero mean the default,
// but for Key.
type Options struct {
	BaseURL   string        // in any form that ParseBaseURL takes; DefaultBaseURL
	Key       Key           // required
	Timeout   time.Duration // of one call, from its start to the end of the answer; 40 s
	MaxConns  int           // connections at once, which more calls wait for; 64
	UserAgent string        // "bulkinvite"

	// DialContext makes the connections; nil: those of package net. TLS comes
	// on top of it.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
}

// A Client makes requests to the API. It may be used by several goroutines.
type Client struct {
	base      string
	key       Key
	timeout   time.Duration
	userAgent string
	transport *http.Transport
}

// New returns a client, or what is wrong with the options. It sends nothing.
func New(opts Options) (*Client, error) {
	base, err := ParseBaseURL(cmp.Or(opts.BaseURL, DefaultBaseURL))
	if err != nil {
		return nil, err
	}
	opts.Timeout, opts.MaxConns = cmp.Or(opts.Timeout, 40*time.Second), cmp.Or(opts.MaxConns, 64)
	switch {
	case opts.Key.IsZero():
		return nil, errors.New("there is no API key")
	case opts.Timeout < 0:
		return nil, fmt.Errorf("time-out %v: must be above 0", opts.Timeout)
	case opts.MaxConns < 0:
		return nil, fmt.Errorf("%d connections: must be at least 1", opts.MaxConns)
	}
	return &Client{
		base:      base,
		key:       opts.Key,
		timeout:   opts.Timeout,
		userAgent: cmp.Or(opts.UserAgent, "bulkinvite"),
		transport: newTransport(opts),
	}, nil
}

// newTransport speaks HTTP/1.1 alone: with HTTP/2 all requests under way share
// the fate of one connection, and net/http has more reasons to repeat one.
//
// Proxies are taken from the environment, and never for loopback, which
// http.ProxyFromEnvironment leaves out by itself.
func newTransport(opts Options) *http.Transport {
	var dial dialer = opts.DialContext
	if dial == nil {
		dial = (&net.Dialer{Timeout: 10 * time.Second}).DialContext
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         endingWithRequests(dial, opts.Timeout),
		TLSHandshakeTimeout: 10 * time.Second,
		Protocols:           protocols,
		MaxConnsPerHost:     opts.MaxConns,
		MaxIdleConnsPerHost: opts.MaxConns,
		// A request on a connection that the server is just closing has an
		// unknown fate, which costs more than a minute. Servers close idle
		// ones after 5 s (Node, Apache) to minutes (gateways).
		IdleConnTimeout:        4 * time.Second,
		MaxResponseHeaderBytes: 1 << 18,
		// A chunk of 50 and its answer then take one write and one read.
		WriteBufferSize: 16 << 10,
		ReadBufferSize:  16 << 10,
	}
}

// Close closes the connections that are idle.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Invite sends POST /interview/invite once and returns the invitations that
// the answer has, in its order: not all who were named, and none, need be
// among them. Every error is an *Error.
func (c *Client) Invite(ctx context.Context, req InviteRequest) ([]Invitation, error) {
	data, err := json.Marshal(req)
	if err != nil {
		return nil, &Error{Fate: NotSent, Err: err}
	}
	return call(ctx, c, http.MethodPost, "/interview/invite", &body{data: data, mayLeave: req.MayLeave}, answer.invitations)
}

// Invites sends GET /interview/invites once and returns the page's entries,
// which may be none. Every error is an *Error.
func (c *Client) Invites(ctx context.Context, req ListRequest) ([]Entry, error) {
	query := url.Values{"interview_id": {req.InterviewID}}
	if req.Page != AnyPage {
		query.Set("page", strconv.Itoa(req.Page))
	}
	if req.Limit > 0 {
		query.Set("limit", strconv.Itoa(req.Limit))
	}
	return call(ctx, c, http.MethodGet, "/interview/invites?"+query.Encode(), &body{}, answer.entries)
}

// call sends one request and reads its answer. The texts of its errors are fit
// to be shown: net/http quotes what a server sends, the API may too, and a
// server may send back the key.
func call[T any](ctx context.Context, c *Client, method, path string, body *body, read func(answer) ([]T, *Error)) ([]T, error) {
	buf := bodies.Get().(*bytes.Buffer)
	defer giveBack(buf)
	a, failure := c.do(ctx, method, path, body, buf)
	if failure == nil {
		var list []T
		if list, failure = read(a); failure == nil {
			return list, nil
		}
	}
	failure.Message = oneLine(failure.Message, c.key)
	failure.Err = presentable(failure.Err, c.key)
	return nil, failure
}

// bodies are buffers for the bodies of answers: a third of what a call would
// otherwise leave to the garbage collector. Nothing that is read from an
// answer may point into its body.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// giveBack keeps no buffer that a huge answer has made huge.
func giveBack(buf *bytes.Buffer) {
	if buf.Cap() <= 2*readAhead {
		buf.Reset()
		bodies.Put(buf)
	}
}

// do sends one request, at most once, and returns its answer whatever it is.
// The answer's body is in buf.
func (c *Client) do(ctx context.Context, method, path string, body *body, buf *bytes.Buffer) (answer, *Error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.timeout,
		fmt.Errorf("timed out after %v: %w", c.timeout, context.DeadlineExceeded))
	defer cancel()
	var connected atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
	})
	body.ctx = ctx
	req, err := c.newRequest(ctx, method, path, body)
	if err != nil {
		return answer{}, &Error{Fate: NotSent, Err: err}
	}
	// The transport itself and no http.Client around it, which follows
	// redirects, with the body again.
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		return answer{}, noAnswer(ctx, err, connected.Load(), body.keptBack())
	}
	defer resp.Body.Close()
	a := answer{status: resp.StatusCode, header: resp.Header, now: time.Now()}
	a.body, err = readBody(resp, buf)
	if err != nil {
		a.broken = fmt.Errorf("the answer cannot be read to its end: %w", because(ctx, err))
	}
	return a, nil
}

func (c *Client) newRequest(ctx context.Context, method, path string, body *body) (*http.Request, error) {
	// In NopCloser, net/http does not know the reader. It then sets no GetBody,
	// which it would use to send a body again, and does not see that the body of a
	// GET is empty: it repeats a GET without one when a connection breaks.
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, io.NopCloser(body))
	if err != nil {
		return nil, err
	}
	if n := len(body.data); n > 0 {
		req.ContentLength = int64(n)
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.userAgent)
	req.Header.Set("x-api-key", c.key.reveal())
	// Never Idempotency-Key: the API does not know it, and net/http takes it
	// for the leave to send a POST again.
	return req, nil
}

// noAnswer is the error of a request that no answer came for. Only without a
// connection, or without its last byte, is it certain that nothing was sent.
func noAnswer(ctx context.Context, err error, connected, keptBack bool) *Error {
	if connected && keptBack {
		return &Error{Fate: NotSent, Err: fmt.Errorf("not sent: %w", because(ctx, err))}
	}
	if connected {
		return &Error{Err: fmt.Errorf("no answer from the API: %w", because(ctx, err))}
	}
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return &Error{Fate: NotSent, Err: fmt.Errorf("not sent: %w", context.Cause(ctx))}
	}
	return &Error{Fate: NotSent, Cause: Unreachable, Err: fmt.Errorf("cannot reach the API: %w", because(ctx, err))}
}

// because returns what ended ctx, if anything did: net/http reports it in many
// ways.
func because(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

func readBody(resp *http.Response, buf *bytes.Buffer) ([]byte, error) {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return nil, errors.New("the server switches to another protocol") // its body ends with no time-out
	}
	bound := int64(maxOtherBody)
	if resp.StatusCode == http.StatusOK {
		bound = maxGoodBody
	}
	// MinRead is what the buffer wants to have left where the body ends.
	buf.Grow(int(min(max(resp.ContentLength, 0), readAhead)) + bytes.MinRead)
	n, err := buf.ReadFrom(io.LimitReader(resp.Body, bound+1))
	if err == nil && n > bound {
		err = fmt.Errorf("it is larger than %d bytes", bound)
	}
	return buf.Bytes(), err
}

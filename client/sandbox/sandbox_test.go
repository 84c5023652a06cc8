package sandbox_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

const (
	interview = "3f2b8a64-0c1d-4e5f-8a9b-1c2d3e4f5a6b"
	otherOne  = "h0gqkAcaDJ"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// An api is a client of a sandbox that is served over a pipe. It works inside
// and outside of a synctest bubble.
type api struct {
	*sandbox.Server
	http *http.Client
}

// serve fails the test if Close leaves anything running: goleak and synctest
// look after the cleanup.
func serve(t testing.TB, cfg sandbox.Config) api {
	t.Helper()
	box, err := sandbox.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	pipe := sandbox.NewPipe()
	server := &http.Server{Handler: box}
	served := make(chan error, 1)
	go func() { served <- server.Serve(pipe) }()
	transport := &http.Transport{DialContext: pipe.DialContext}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			t.Errorf("serve: %v", err)
		}
		box.Close()
	})
	return api{box, &http.Client{Transport: transport}}
}

// A reply is an answer as the wire shows it. err is what the client saw of a
// broken connection; status is 0 if it broke before the answer began.
type reply struct {
	status int
	header http.Header
	body   string
	err    error
}

func (a api) do(ctx context.Context, method, target, body string) reply {
	req, err := http.NewRequestWithContext(ctx, method, "http://sandbox"+target, strings.NewReader(body))
	if err != nil {
		return reply{err: err}
	}
	req.Header.Set("x-api-key", "a key")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return reply{err: err}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(text), err}
}

func (a api) post(t testing.TB, req client.InviteRequest) reply {
	t.Helper()
	body, err := json.Marshal(req)
	if err != nil {
		t.Fatal(err)
	}
	return a.do(t.Context(), http.MethodPost, "/interview/invite", string(body))
}

func (a api) list(t testing.TB, query string) reply {
	t.Helper()
	return a.do(t.Context(), http.MethodGet, "/interview/invites?"+query, "")
}

// invite is a request for people of one interview.
func invite(emails ...string) client.InviteRequest {
	req := client.InviteRequest{InterviewID: interview}
	for _, email := range emails {
		req.Candidates = append(req.Candidates, client.Candidate{Name: "Ann", Email: email})
	}
	return req
}

func people(n int) []string {
	emails := make([]string, n)
	for i := range emails {
		emails[i] = fmt.Sprintf("person%d@example.com", i)
	}
	return emails
}

func (r reply) invitations(t testing.TB) []client.Invitation {
	t.Helper()
	var a struct {
		Status bool
		Data   *struct{ Invitations []client.Invitation }
	}
	if err := json.Unmarshal([]byte(r.body), &a); err != nil || r.status != 200 || !a.Status || a.Data == nil {
		t.Fatalf("no invitations in %d %q (%v, %v)", r.status, r.body, r.err, err)
	}
	return a.Data.Invitations
}

func (r reply) entries(t testing.TB) []client.Entry {
	t.Helper()
	var a struct {
		Status bool
		Data   []client.Entry
	}
	if err := json.Unmarshal([]byte(r.body), &a); err != nil || r.status != 200 || !a.Status || a.Data == nil {
		t.Fatalf("no entries in %d %q (%v, %v)", r.status, r.body, r.err, err)
	}
	return a.Data
}

// wantEverySession fails unless exactly these people are invited, each this
// often.
func (a api) wantEverySession(t testing.TB, times int, emails ...string) {
	t.Helper()
	sessions := a.Sessions()
	for _, email := range emails {
		p := sandbox.Person{InterviewID: interview, Email: strings.ToLower(email)}
		if got := sessions[p]; got != times {
			t.Errorf("%s has %d sessions, want %d", email, got, times)
		}
		delete(sessions, p)
	}
	if times > 0 && len(sessions) > 0 {
		t.Errorf("invited as well: %v", sessions)
	}
}

func ofInterview(rest string) string { return "interview_id=" + url.QueryEscape(interview) + rest }

func TestConfigThatCannotBeKept(t *testing.T) {
	bad := map[string]sandbox.Config{
		"first page":         {FirstPage: 2},
		"page zero":          {PageZero: "sometimes"},
		"negative time":      {Latency: -1},
		"negative limit":     {Quota: -1},
		"unknown fault":      {Faults: map[sandbox.Fault]float64{"flood": 0.1}},
		"probability":        {Faults: map[sandbox.Fault]float64{sandbox.Slow: 1.5}},
		"sum above 1":        {Faults: map[sandbox.Fault]float64{sandbox.Slow: 0.6, sandbox.After500: 0.6}},
		"unknown script":     {PostScript: map[int]sandbox.Fault{1: "flood"}},
		"list fault in post": {PostScript: map[int]sandbox.Fault{1: sandbox.ListCut}},
		"request 0":          {PostScript: map[int]sandbox.Fault{0: sandbox.Slow}},
	}
	for name, cfg := range bad {
		if _, err := sandbox.New(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestPathsAndKeys(t *testing.T) {
	box, err := sandbox.New(sandbox.Config{Key: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	const noSuchPath, badKey = "Missing Authentication Token", "Forbidden"
	for _, c := range []struct{ method, path, key, want string }{
		{"GET", "/", "secret", noSuchPath},
		{"GET", "/interview/invite", "secret", noSuchPath},
		{"POST", "/interview/invites", "secret", noSuchPath},
		{"POST", "/v1/interview/invite", "", noSuchPath},
		{"POST", "/interview/invite", "", badKey},
		{"POST", "/interview/invite", "other", badKey},
		{"GET", "/interview/invites", "Secret", badKey},
	} {
		w := record(box, c.method, c.path, c.key, "")
		if w.Code != 403 || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s with key %q: %d %s, want 403 %s", c.method, c.path, c.key, w.Code, w.Body, c.want)
		}
	}
	if w := record(box, "GET", "/interview/invites?interview_id="+interview, "secret", ""); w.Code != 200 {
		t.Errorf("with the right key: %d %s", w.Code, w.Body)
	}
}

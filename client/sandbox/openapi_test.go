package sandbox_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// A contract holds requests and answers against client/openapi.yaml.
type contract struct{ router routers.Router }

func loadContract(t *testing.T) contract {
	t.Helper()
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.PlainBodyDecoder)
	doc, err := openapi3.NewLoader().LoadFromFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return contract{router}
}

var anyKey = &openapi3filter.Options{
	AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
	IncludeResponseStatus: true, // a status that is not described is an error
}

// exchange has h answer r, and returns what is wrong with the request and with
// the answer.
func (c contract) exchange(h http.Handler, r *http.Request) (w *httptest.ResponseRecorder, request, answer error) {
	r.URL.Scheme, r.URL.Host = "https", "public.api.micro1.ai" // the server of the description
	w = httptest.NewRecorder()
	route, params, err := c.router.FindRoute(r)
	if err != nil {
		return w, err, nil
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: anyKey}
	request = openapi3filter.ValidateRequest(r.Context(), in) // puts the body back
	h.ServeHTTP(w, r)
	answer = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in,
		Status:                 w.Code,
		Header:                 w.Header(),
		Body:                   io.NopCloser(bytes.NewReader(w.Body.Bytes())),
		Options:                anyKey,
	})
	return w, request, answer
}

func newRequest(t *testing.T, method, target, body string) *http.Request {
	r := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	r.Header.Set("x-api-key", "a key")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

func TestAnswersKeepTheContract(t *testing.T) {
	c := loadContract(t)
	post := func(rest string) [3]string {
		return [3]string{"POST", "/interview/invite", `{"interview_id":"` + interview + `"` + rest + `}`}
	}
	list := func(rest string) [3]string { return [3]string{"GET", "/interview/invites?" + rest, ""} }
	const ann = `,"candidates":[{"name":"Ann","email":"ann@example.com"}]`
	ok, fault := sandbox.Config{}, func(f sandbox.Fault) sandbox.Config {
		return sandbox.Config{Faults: map[sandbox.Fault]float64{f: 1}, RetryAfter: 1, SlowBy: 1}
	}
	for name, e := range map[string]struct {
		cfg    sandbox.Config
		sent   [3]string
		status int
	}{
		"invited":        {ok, post(ann), 200},
		"no e-mail":      {ok, post(ann + `,"disable_email_notification":true`), 200},
		"application":    {ok, post(`,"job_application_id":"j"`), 200},
		"left out":       {ok, post(`,"candidates":[{"name":"Ann","email":"silent@example.com"}]`), 200},
		"poison":         {ok, post(`,"candidates":[{"name":"Ann","email":"poison@example.com"}]`), 400},
		"no candidate":   {ok, post(`,"candidate_id":"nobody"`), 404},
		"too many":       {sandbox.Config{MaxPeople: 1}, post(`,"candidates":[{"name":"A","email":"a@b.co"},{"name":"B","email":"b@b.co"}]`), 413},
		"bad key":        {sandbox.Config{Key: "other"}, post(ann), 403},
		"bad key, list":  {sandbox.Config{Key: "other"}, list(ofInterview("")), 403},
		"page":           {ok, list(ofInterview("&page=0&limit=100")), 200},
		"empty page":     {ok, list(ofInterview("&page=7")), 200},
		"no page 0":      {sandbox.Config{FirstPage: 1}, list(ofInterview("&page=0")), 400},
		"no interview":   {sandbox.Config{Interviews: []string{}}, list(ofInterview("")), 404},
		"throttled":      {fault(sandbox.Before429), post(ann), 429},
		"500":            {fault(sandbox.After500), post(ann), 500},
		"502":            {fault(sandbox.After502), post(ann), 502},
		"503":            {fault(sandbox.After503), post(ann), 503},
		"504":            {fault(sandbox.After504), post(ann), 504},
		"null":           {fault(sandbox.AfterNull), post(ann), 200},
		"partial":        {fault(sandbox.AfterPartial), post(ann), 200},
		"list 500":       {fault(sandbox.List500), list(ofInterview("")), 500},
		"list throttled": {fault(sandbox.List429), list(ofInterview("")), 429},
	} {
		box, err := sandbox.New(e.cfg)
		if err != nil {
			t.Fatal(err)
		}
		box.Invite(sandbox.Person{InterviewID: interview, Email: "bob@example.com"})
		w, request, answer := c.exchange(box, newRequest(t, e.sent[0], e.sent[1], e.sent[2]))
		if w.Code != e.status || request != nil || answer != nil {
			t.Errorf("%s: %d, want %d; request: %v; answer: %v", name, w.Code, e.status, request, answer)
		}
		box.Close()
	}
}

// What the contract forbids to send, the sandbox refuses, so that a client
// that sends it is found out by any test.
func TestRequestsAgainstTheContractAreRefused(t *testing.T) {
	c := loadContract(t)
	for _, sent := range [][3]string{
		{"POST", "/interview/invite", ``},
		{"POST", "/interview/invite", `{}`},
		{"POST", "/interview/invite", `{"interview_id":7}`},
		{"POST", "/interview/invite", `{"interview_id":"i","candidates":[]}`},
		{"POST", "/interview/invite", `{"interview_id":"i","candidates":[{"name":"Ann","email":""}]}`},
		{"POST", "/interview/invite", `{"interview_id":"i","candidates":[{"email":"ann@example.com"}]}`},
		{"GET", "/interview/invites", ""},
		{"GET", "/interview/invites?interview_id=", ""},
		{"GET", "/interview/invites?interview_id=i&page=-1", ""},
		{"GET", "/interview/invites?interview_id=i&limit=0", ""},
		{"GET", "/interview/invites?interview_id=i&limit=many", ""},
	} {
		box, err := sandbox.New(sandbox.Config{})
		if err != nil {
			t.Fatal(err)
		}
		w, request, answer := c.exchange(box, newRequest(t, sent[0], sent[1], sent[2]))
		if request == nil || answer != nil || w.Code != 400 {
			t.Errorf("%v: %d, want 400; request: %v, want an error; answer: %v", sent, w.Code, request, answer)
		}
		box.Close()
	}
}

// The contract can tell a good answer from a bad one: without this the tests
// above could pass because nothing is looked at.
func TestContractNoticesBadAnswers(t *testing.T) {
	c := loadContract(t)
	for _, answer := range []string{
		`{"status":200,"data":[]}`,
		`{"status":true,"data":null}`,
		`{"status":true,"data":{"invitations":[]}}`,
		`{"status":true,"data":[{"candidate_id":"c","interview_id":"i","candidate_email":"misspelt"}]}`,
	} {
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, answer)
		})
		if _, _, err := c.exchange(h, newRequest(t, "GET", "/interview/invites?"+ofInterview(""), "")); err == nil {
			t.Errorf("%s: no error", answer)
		}
	}
}

func TestClientKeepsTheContract(t *testing.T) {
	c := loadContract(t)
	box, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorded, request, answer := c.exchange(box, r)
		if request != nil || answer != nil {
			t.Errorf("%s %s: request: %v; answer: %v", r.Method, r.URL, request, answer)
		}
		w.WriteHeader(recorded.Code)
		_, _ = recorded.Body.WriteTo(w)
	}))
	defer server.Close()
	key, err := client.NewKey("a-key")
	if err != nil {
		t.Fatal(err)
	}
	api, err := client.New(client.Options{BaseURL: server.URL, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	ann, err := api.Invite(t.Context(), invite("ann@example.com"))
	if err != nil {
		t.Fatal(err)
	}
	for _, req := range []client.InviteRequest{
		{InterviewID: interview, CandidateID: ann[0].CandidateID, DisableEmailNotification: true},
		{InterviewID: interview, JobApplicationID: "j"},
		{InterviewID: interview, JobApplicationID: "k", Candidates: invite("bob@example.com").Candidates},
	} {
		if got, err := api.Invite(t.Context(), req); err != nil || len(got) != 1 {
			t.Errorf("%+v: %+v, %v", req, got, err)
		}
	}
	for _, req := range []client.ListRequest{
		{InterviewID: interview},
		{InterviewID: interview, Page: 0, Limit: 100, CandidateID: ann[0].CandidateID},
	} {
		if got, err := api.Invites(t.Context(), req); err != nil || len(got) == 0 {
			t.Errorf("%+v: %+v, %v", req, got, err)
		}
	}
}

package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// loadDescription returns the router of openapi.yaml, for any server.
func loadDescription(t *testing.T) routers.Router {
	t.Helper()
	openapi3filter.RegisterBodyDecoder("text/html", openapi3filter.PlainBodyDecoder)
	doc, err := openapi3.NewLoader().LoadFromFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = nil
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return router
}

// describedServer answers every request with the same words, and checks both
// sides of the exchange against the description.
func describedServer(t *testing.T, status int, contentType, body string) *httptest.Server {
	router := loadDescription(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
			return
		}
		input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route, Options: &openapi3filter.Options{
			MultiError:         true,
			AuthenticationFunc: checkTestKey,
		}}
		if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
			t.Errorf("request: %v", err)
		}
		w.Header().Set("Content-Type", contentType)
		err = openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
			RequestValidationInput: input,
			Status:                 status,
			Header:                 w.Header(),
			Body:                   io.NopCloser(bytes.NewReader([]byte(body))),
			Options:                &openapi3filter.Options{IncludeResponseStatus: true},
		})
		if err != nil {
			t.Errorf("answer: %v", err)
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return server
}

func checkTestKey(_ context.Context, in *openapi3filter.AuthenticationInput) error {
	if in.RequestValidationInput.Request.Header.Get(in.SecurityScheme.Name) != testSecret {
		return errors.New("no key in " + in.SecurityScheme.Name)
	}
	return nil
}

func TestRequestsAreAsDescribed(t *testing.T) {
	ann, bob := Candidate{"Ann", "ann@example.com"}, Candidate{"", "bob@example.com"}
	c := newClient(t, describedServer(t, 200, "application/json", oneInvited).URL)
	for _, req := range []InviteRequest{
		{InterviewID: "i1", Candidates: []Candidate{ann, bob}},
		{InterviewID: "i1", Candidates: []Candidate{ann}, DisableEmailNotification: true},
		{InterviewID: "i1", Candidates: []Candidate{ann}, JobApplicationID: "j1"},
		{InterviewID: "i1", JobApplicationID: "j1"},
		{InterviewID: "i1", CandidateID: "c1", DisableEmailNotification: true},
	} {
		if _, err := c.Invite(t.Context(), req); err != nil {
			t.Errorf("%+v: %v", req, err)
		}
	}
	c = newClient(t, describedServer(t, 200, "application/json", oneListed).URL)
	for _, req := range []ListRequest{
		{InterviewID: "i1", Page: 0, Limit: 100},
		{InterviewID: "i 1&x", Page: 3},
	} {
		if _, err := c.Invites(t.Context(), req); err != nil {
			t.Errorf("%+v: %v", req, err)
		}
	}
}

// Every kind of answer that the description has is understood.
func TestDescribedAnswersAreUnderstood(t *testing.T) {
	const good Fate = -1
	for _, answer := range []struct {
		call   string
		status int
		body   string
		fate   Fate
	}{
		{"Invite", 200, oneInvited, good},
		{"Invite", 200, `{"status":"true","data":{"invitations":[]}}`, good},
		{"Invite", 200, `{"status":true,"message":"ok","data":null}`, Unknown},
		{"Invite", 200, `{"status":true}`, Unknown},
		{"Invite", 200, `{"status":false,"message":"closed"}`, Refused},
		{"Invites", 200, oneListed, good},
		{"Invites", 200, `{"status":true,"data":[]}`, good},
		{"Invites", 200, `{"status":"false","data":[]}`, Refused},
		{"", 400, `{"status":false,"message":"Invalid request"}`, Refused},
		{"", 404, `{"status":false}`, Refused},
		{"", 422, `{"status":false,"message":"email"}`, Refused},
		{"", 401, `{"message":"Unauthorized"}`, NotSent},
		{"", 401, `{"status":false,"message":"Unauthorized"}`, Refused},
		{"", 403, `{"message":"Forbidden"}`, NotSent},
		{"", 403, `{"status":false,"message":"not this interview"}`, Refused},
		{"", 403, `{"message":"Missing Authentication Token"}`, Denied},
		{"Invite", 413, `{"message":"Request Too Long"}`, NotSent},
		{"", 429, `{"message":"Too Many Requests"}`, NotSent},
		{"", 429, `{"status":false,"message":"Too Many Requests"}`, Unknown},
		{"", 429, `{"message":"Limit Exceeded"}`, Denied},
		{"", 500, `{"status":false}`, Unknown},
		{"", 502, htmlPage, Unknown},
		{"", 503, `{"message":"Service Unavailable"}`, Unknown},
		{"", 504, `{"message":"Endpoint request timed out"}`, Unknown},
	} {
		for call, do := range calls {
			if answer.call != "" && answer.call != call {
				continue
			}
			t.Run(fmt.Sprint(call, answer.status, answer.body), func(t *testing.T) {
				contentType := "application/json"
				if answer.body == htmlPage {
					contentType = "text/html"
				}
				server := describedServer(t, answer.status, contentType, answer.body)
				err := do(t.Context(), newClient(t, server.URL))
				fate := good
				if e := (*Error)(nil); errors.As(err, &e) {
					fate = e.Fate
				}
				if fate != answer.fate {
					t.Errorf("fate %d (%v); want %d", fate, err, answer.fate)
				}
			})
		}
	}
}

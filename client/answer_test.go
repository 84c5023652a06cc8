package client

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	oneInvited = `{"status":true,"message":"Invitations sent successfully","data":{"invitations":[` +
		`{"candidate_id":"c1","candidate_email":"ann@example.com","invite_url":"https://i.example/?cid=c1"}]}}`
	oneListed = `{"status":true,"message":"ok","data":[{"candidate_id":"c1","interview_id":"i1",` +
		`"interview_name":"Go","candidate_name":"Ann","candidate_email_id":"ann@example.com",` +
		`"date_created":"2026-03-01 09:30:00","date_modified":"2026-03-01 09:30:00","status":"invited"}]}`
	htmlPage = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>nginx</body></html>"
)

// An answerCase is an answer to POST /interview/invite and what it means.
type answerCase struct {
	name       string
	status     int
	retryAfter string
	body       string
	broken     bool // the body ended too early

	good int // invitations, if want is nil
	want *wantError
}

// A wantError is an Error without what is underneath.
type wantError struct {
	fate    Fate
	cause   Cause
	message string
	after   time.Duration
	own     bool // the API's own envelope
}

var (
	unknown = &wantError{}
	refused = &wantError{fate: Refused, own: true}
	badKey  = &wantError{fate: NotSent, cause: BadKey}
)

func unknownSays(message string) *wantError { return &wantError{message: message} }
func refusedSays(message string) *wantError {
	return &wantError{fate: Refused, message: message, own: true}
}
func throttledSays(message string) *wantError {
	return &wantError{fate: NotSent, cause: Throttled, message: message}
}
func badKeySays(message string) *wantError {
	return &wantError{fate: NotSent, cause: BadKey, message: message}
}

// ownWords is the wantError of an answer in the API's own envelope.
func (w wantError) ownWords() *wantError {
	w.own = true
	return &w
}

// becauseOf is the wantError with a cause.
func (w wantError) becauseOf(cause Cause) *wantError {
	w.cause = cause
	return &w
}

// wait is the wantError of an answer that says how long to wait.
func (w wantError) wait(d time.Duration) *wantError {
	w.after = d
	return &w
}

// answerCases is the specification of what answers mean, all of the known ways
// in which the API and the gateway before it fail among them.
var answerCases = []answerCase{
	{name: "contract", status: 200, body: oneInvited, good: 1},
	{name: "status is a text", status: 200, body: strings.Replace(oneInvited, "true", `"true"`, 1), good: 1},
	{name: "nobody invited", status: 200, body: `{"status":true,"data":{"invitations":[]}}`, good: 0},
	{name: "no message", status: 200, body: `{"status":true,"data":{"invitations":[{"candidate_email":"a@b.co"}]}}`, good: 1},
	{name: "numbers and nulls", status: 200, body: `{"status":true,"message":null,"data":{"invitations":[{"candidate_id":17,"candidate_email":"a@b.co","invite_url":null}]}}`, good: 1},
	{name: "more than the contract", status: 200, body: `{"status":true,"data":{"invitations":[{"candidate_id":"c","x":{}}],"x":1},"x":[]}` + "\n", good: 1},

	// Refused: 400, 404, 422 with the API's envelope; 200 with status false.
	{name: "200 false", status: 200, body: `{"status":false,"message":"interview is closed"}`, want: refusedSays("interview is closed")},
	{name: "200 false as a text", status: 200, body: `{"status":"false","message":"no","data":null}`, want: refusedSays("no")},
	{name: "200 false without words", status: 200, body: `{"status":false,"data":{"invitations":[]}}`, want: refused},
	{name: "400", status: 400, body: `{"status":false,"message":"Invalid request"}`, want: refusedSays("Invalid request")},
	{name: "400 without words", status: 400, body: `{"status":false}`, want: refused},
	{name: "400 of the gateway", status: 400, body: `{"message":"Invalid request body"}`, want: &wantError{fate: Refused, message: "Invalid request body"}},
	{name: "400 of a framework", status: 400, body: `{"statusCode":400,"message":["name is empty","email is empty"],"error":"Bad Request"}`, want: &wantError{fate: Refused, message: "name is empty; email is empty"}},
	{name: "400 with the code as status", status: 400, body: `{"status":400,"message":"bad id"}`, want: &wantError{fate: Refused, message: "bad id"}},
	{name: "404", status: 404, body: `{"status":false,"message":"Interview not found"}`, want: refusedSays("Interview not found")},
	{name: "422", status: 422, body: `{"status":false,"message":"email must be an email"}`, want: refusedSays("email must be an email")},

	// 401 and 403 with the API's own envelope: of what was asked, not of us.
	{name: "401 of the API", status: 401, body: `{"status":false,"message":"Invalid API key"}`, want: refusedSays("Invalid API key")},
	{name: "403 of the API", status: 403, body: `{"status":false,"message":"no access to this interview"}`, want: refusedSays("no access to this interview")},
	{name: "403 of the API, status is a text", status: 403, body: `{"status":"false"}`, want: refused},
	{name: "403 of the API in the gateway's words", status: 403, body: `{"status":false,"message":"Missing Authentication Token"}`, want: refusedSays("Missing Authentication Token")},

	// Refused before acting.
	{name: "throttled", status: 429, body: `{"message":"Too Many Requests"}`, want: throttledSays("Too Many Requests")},
	{name: "throttled, wait", status: 429, retryAfter: "7", body: `{"message":"Too Many Requests"}`, want: throttledSays("Too Many Requests").wait(7 * time.Second)},
	{name: "throttled until", status: 429, retryAfter: "Sun, 01 Mar 2026 12:01:30 GMT", body: "", want: throttledSays("").wait(90 * time.Second)},
	{name: "throttled in HTML", status: 429, body: htmlPage, want: throttledSays("")},
	{name: "throttled by a framework", status: 429, body: `{"statusCode":429,"message":"slow down"}`, want: throttledSays("slow down")},
	{name: "throttled by words like the quota's", status: 429, body: `{"message":"Rate Limit Exceeded"}`, want: throttledSays("Rate Limit Exceeded")},
	{name: "too large", status: 413, body: `{"message":"Request Too Long"}`, want: &wantError{fate: NotSent, cause: TooLarge, message: "Request Too Long"}},
	{name: "too large in HTML", status: 413, body: htmlPage, want: &wantError{fate: NotSent, cause: TooLarge}},

	{name: "401 in HTML", status: 401, body: htmlPage, want: badKey},
	{name: "401 with nothing", status: 401, want: badKey},
	{name: "401 with the code as status", status: 401, body: `{"status":401,"message":"Unauthorized"}`, want: badKeySays("Unauthorized")},
	{name: "403", status: 403, body: `{"message":"Forbidden"}`, want: badKeySays("Forbidden")},
	{name: "403 in a policy's words", status: 403, body: `{"Message":"User is not authorized"}`, want: badKeySays("User is not authorized")},
	{name: "the key in the message", status: 401, body: `{"message":"key sk-live_51H8x\"q\\Zz+/= is expired"}`, want: badKeySays("key [redacted] is expired")},

	// We are refused.
	{name: "quota", status: 429, body: `{"message":"Limit Exceeded"}`, want: &wantError{fate: Denied, cause: Quota, message: "Limit Exceeded"}},
	{name: "no such path", status: 403, body: `{"message":"Missing Authentication Token"}`, want: &wantError{fate: Denied, cause: NoSuchPath, message: "Missing Authentication Token"}},

	// Unknown: a throttle, or a 401 and 403, that may not be the gateway's.
	{name: "throttled by the API", status: 429, retryAfter: "7", body: `{"status":false,"message":"Too Many Requests"}`, want: unknownSays("Too Many Requests").becauseOf(Throttled).ownWords().wait(7 * time.Second)},
	{name: "throttled by the API that says it is good", status: 429, body: oneInvited, want: unknownSays("Invitations sent successfully").becauseOf(Throttled).ownWords()},
	{name: "throttled with the code as status", status: 429, body: `{"status":429,"message":"slow down"}`, want: unknownSays("slow down").becauseOf(Throttled)},
	{name: "throttled with a null status", status: 429, body: `{"status":null,"message":"slow down"}`, want: throttledSays("slow down")},
	{name: "throttled by the API in the quota's words", status: 429, body: `{"status":false,"message":"Limit Exceeded"}`, want: unknownSays("Limit Exceeded").becauseOf(Throttled).ownWords()},
	{name: "throttled, cut off", status: 429, body: `{"message":"Limit Exceeded"}`, broken: true, want: unknown.becauseOf(Throttled)},
	{name: "401 cut off", status: 401, body: htmlPage, broken: true, want: unknown.becauseOf(BadKey)},
	{name: "403 cut off", status: 403, broken: true, want: unknown.becauseOf(BadKey)},
	{name: "403 that says true", status: 403, body: `{"status":true,"message":"ok"}`, want: unknownSays("ok").ownWords()},
	{name: "403 that invited", status: 403, body: strings.Replace(oneInvited, "true", "false", 1), want: unknownSays("Invitations sent successfully").ownWords()},

	// Unknown: server errors.
	{name: "408", status: 408, body: `{"status":false,"message":"timeout"}`, want: unknownSays("timeout").ownWords()},
	{name: "500", status: 500, body: `{"status":false}`, want: unknown.ownWords()},
	{name: "500 with words", status: 500, body: `{"status":false,"message":"Internal server error"}`, want: unknownSays("Internal server error").ownWords()},
	{name: "502 in HTML", status: 502, body: htmlPage, want: unknown},
	{name: "502 of the gateway", status: 502, body: `{"message": "Internal server error"}`, want: unknownSays("Internal server error")},
	{name: "503, wait", status: 503, retryAfter: "120", body: htmlPage, want: unknown.becauseOf(Busy).wait(2 * time.Minute)},
	{name: "503 of the gateway", status: 503, body: `{"message":"Service Unavailable"}`, want: unknownSays("Service Unavailable").becauseOf(Busy)},
	{name: "503 of the API", status: 503, body: `{"status":false,"message":"busy"}`, want: unknownSays("busy").becauseOf(Busy).ownWords()},
	{name: "503 cut off", status: 503, broken: true, want: unknown.becauseOf(Busy)},
	{name: "504", status: 504, body: `{"message":"Endpoint request timed out"}`, want: unknownSays("Endpoint request timed out")},
	{name: "500 that says it is good", status: 500, body: oneInvited, want: unknownSays("Invitations sent successfully").ownWords()},

	// Unknown: a 200 that is no good answer.
	{name: "200 with nothing", status: 200, want: unknown},
	{name: "200 in HTML", status: 200, body: htmlPage, want: unknown},
	{name: "200 cut off in JSON", status: 200, body: oneInvited[:len(oneInvited)-2], want: unknown},
	{name: "200 cut off by the count", status: 200, body: oneInvited, broken: true, want: unknown},
	{name: "200 false cut off", status: 200, body: `{"status":false,"message":"no"}`, broken: true, want: unknown},
	{name: "200 with two values", status: 200, body: oneInvited + oneInvited, want: unknown},
	{name: "200 null", status: 200, body: `null`, want: unknown},
	{name: "200 array", status: 200, body: `[` + oneInvited + `]`, want: unknown},
	{name: "200 string", status: 200, body: `"true"`, want: unknown},
	{name: "200 without status", status: 200, body: `{"data":{"invitations":[{"candidate_id":"c"}]}}`, want: unknown},
	{name: "200 null status", status: 200, body: `{"status":null,"data":{"invitations":[{"candidate_id":"c"}]}}`, want: unknown},
	{name: "200 status 1", status: 200, body: `{"status":1,"data":{"invitations":[{"candidate_id":"c"}]}}`, want: unknown},
	{name: "200 status ok", status: 200, body: `{"status":"ok","message":"queued","data":{"invitations":[]}}`, want: unknownSays("queued")},
	{name: "200 status in capitals", status: 200, body: `{"STATUS":true,"data":{"invitations":[{"candidate_id":"c"}]}}`, want: unknown},
	{name: "200 message alone", status: 200, body: `{"message":"Forbidden"}`, want: unknownSays("Forbidden")},
	{name: "200 without data", status: 200, body: `{"status":true,"message":"ok"}`, want: unknown},
	{name: "200 null data", status: 200, body: `{"status":true,"message":"ok","data":null}`, want: unknown},
	{name: "200 data is an array", status: 200, body: `{"status":true,"data":[]}`, want: unknown},
	{name: "200 data without invitations", status: 200, body: `{"status":true,"data":{}}`, want: unknown},
	{name: "200 null invitations", status: 200, body: `{"status":true,"data":{"invitations":null}}`, want: unknown},
	{name: "200 invitations is an object", status: 200, body: `{"status":true,"data":{"invitations":{}}}`, want: unknown},
	{name: "200 invitation is a string", status: 200, body: `{"status":true,"data":{"invitations":["c1"]}}`, want: unknown},
	{name: "200 invitation is null", status: 200, body: `{"status":true,"data":{"invitations":[null]}}`, want: unknown},
	{name: "200 invitation is empty", status: 200, body: `{"status":true,"data":{"invitations":[{"candidate_id":""}]}}`, want: unknown},
	{name: "200 id is an object", status: 200, body: `{"status":true,"data":{"invitations":[{"candidate_id":{},"candidate_email":"a@b.co"}]}}`, want: unknown},
	{name: "200 false that invited", status: 200, body: strings.Replace(oneInvited, "true", "false", 1), want: unknownSays("Invitations sent successfully").ownWords()},

	// Unknown: a 4xx that nobody knows who sent, or that contradicts itself.
	{name: "400 in HTML", status: 400, body: htmlPage, want: unknown},
	{name: "400 with nothing", status: 400, want: unknown},
	{name: "400 cut off", status: 400, body: `{"status":false,"message":"no"}`, broken: true, want: unknown},
	{name: "400 other JSON", status: 400, body: `{"error":"bad"}`, want: unknown},
	{name: "400 that says true", status: 400, body: `{"status":true,"message":"ok"}`, want: unknownSays("ok").ownWords()},
	{name: "400 that invited", status: 400, body: strings.Replace(oneInvited, "true", "false", 1), want: unknownSays("Invitations sent successfully").ownWords()},
	{name: "404 in HTML", status: 404, body: htmlPage, want: unknown},
	{name: "422 in HTML", status: 422, body: htmlPage, want: unknown},
	{name: "405", status: 405, body: `{"message":"Method Not Allowed"}`, want: unknownSays("Method Not Allowed")},
	{name: "409", status: 409, body: `{"status":false,"message":"already invited"}`, want: unknownSays("already invited").ownWords()},

	// Unknown: anything nobody thought of.
	{name: "101", status: 101, broken: true, want: unknown},
	{name: "201", status: 201, body: oneInvited, want: unknownSays("Invitations sent successfully").ownWords()},
	{name: "202", status: 202, body: `{"status":true,"message":"queued"}`, want: unknownSays("queued").ownWords()},
	{name: "204", status: 204, want: unknown},
	{name: "301", status: 301, body: htmlPage, want: unknown},
	{name: "307", status: 307, body: `{"message":"moved"}`, want: unknown},
	{name: "308", status: 308, want: unknown},
	{name: "520", status: 520, body: htmlPage, want: unknown},
	{name: "999", status: 999, body: oneInvited, want: unknownSays("Invitations sent successfully").ownWords()},
}

func (c answerCase) answer() answer {
	a := answer{status: c.status, header: http.Header{}, body: []byte(c.body), now: testNow}
	if c.retryAfter != "" {
		a.header.Set("Retry-After", c.retryAfter)
	}
	if c.broken {
		a.body, a.broken = a.body[:len(a.body)/2], io.ErrUnexpectedEOF
	}
	return a
}

func TestAnswers(t *testing.T) {
	key := testKey(t)
	for _, c := range answerCases {
		t.Run(c.name, func(t *testing.T) {
			invitations, err := c.answer().invitations()
			switch {
			case c.want == nil && err != nil:
				t.Fatalf("error %+v; want %d invitations", err, c.good)
			case c.want == nil:
				if invitations == nil || len(invitations) != c.good {
					t.Fatalf("invitations %v; want %d", invitations, c.good)
				}
				return
			case err == nil:
				t.Fatalf("invitations %v; want an error", invitations)
			}
			got := wantError{err.Fate, err.Cause, oneLine(err.Message, key), err.RetryAfter, err.Envelope}
			if got != *c.want {
				t.Errorf("got %+v; want %+v", got, *c.want)
			}
			if err.StatusCode != c.status {
				t.Errorf("status %d", err.StatusCode)
			}
			if err.Message == "" && err.Fate == Unknown && err.Err == nil && c.status != 500 {
				t.Error("nothing says what is wrong")
			}
		})
	}
}

func TestInvitationsAreDecoded(t *testing.T) {
	a := answer{status: 200, body: []byte(`{"status":"true","data":{"invitations":[
		{"candidate_id":"c1","candidate_email":"Ann@Example.com","invite_url":"https://i.example/?cid=c1&x=\u00fc"},
		{"candidate_id":1234567890123456789,"candidate_email":"bob@example.com","invite_url":null}]}}`)}
	got, err := a.invitations()
	if err != nil {
		t.Fatal(err)
	}
	want := []Invitation{
		{CandidateID: "c1", CandidateEmail: "Ann@Example.com", InviteURL: "https://i.example/?cid=c1&x=ü"},
		{CandidateID: "1234567890123456789", CandidateEmail: "bob@example.com"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLists(t *testing.T) {
	ann := Entry{CandidateID: "c1", InterviewID: "i1", CandidateEmail: "ann@example.com", DateCreated: "2026-03-01 09:30:00", Status: "invited"}
	for _, c := range []struct {
		name   string
		status int
		body   string
		want   []Entry
		fate   Fate // of the error, if want is nil
	}{
		{"one", 200, oneListed, []Entry{ann}, 0},
		{"status is a text", 200, strings.Replace(oneListed, "true", `"true"`, 1), []Entry{ann}, 0},
		{"empty", 200, `{"status":true,"data":[]}`, []Entry{}, 0},
		{"one entry lacks its address", 200, `{"status":true,"data":[{"candidate_id":7,"interview_id":"i1","candidate_email_id":null,"date_created":null},` +
			`{"candidate_id":"c1","interview_id":"i1","candidate_email_id":"ann@example.com","date_created":"2026-03-01 09:30:00","status":"invited"}]}`,
			[]Entry{{CandidateID: "7", InterviewID: "i1"}, ann}, 0},

		// What is no list must not be taken for one that shows nobody.
		{"null data", 200, `{"status":true,"data":null}`, nil, Unknown},
		{"no data", 200, `{"status":true,"message":"ok"}`, nil, Unknown},
		{"data of the other endpoint", 200, oneInvited, nil, Unknown},
		{"addresses under another name", 200, strings.ReplaceAll(oneListed, "candidate_email_id", "email"), nil, Unknown},
		{"interviews under another name", 200, strings.ReplaceAll(oneListed, "interview_id", "interviewId"), nil, Unknown},
		{"an entry is null", 200, `{"status":true,"data":[null]}`, nil, Unknown},
		{"an address is an object", 200, `{"status":true,"data":[{"interview_id":"i1","candidate_email_id":{"email":"a@b.co"}}]}`, nil, Unknown},
		{"cut off", 200, oneListed[:len(oneListed)-1], nil, Unknown},
		{"HTML", 200, htmlPage, nil, Unknown},
		{"says no", 200, `{"status":false,"message":"no such interview"}`, nil, Refused},
		{"says no with entries", 200, strings.Replace(oneListed, "true", "false", 1), nil, Refused},
		{"no such interview", 404, `{"status":false,"message":"no such interview"}`, nil, Refused},
		{"no such path", 403, `{"message":"Missing Authentication Token"}`, nil, Denied},
		{"bad key", 403, `{"message":"Forbidden"}`, nil, NotSent},
		{"not this interview", 403, `{"status":false,"message":"no access"}`, nil, Refused},
		{"throttled", 429, `{"message":"Too Many Requests"}`, nil, NotSent},
		{"down", 502, htmlPage, nil, Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := answer{status: c.status, body: []byte(c.body), now: testNow}.entries()
			if c.want == nil {
				if err == nil || err.Fate != c.fate {
					t.Fatalf("entries %v, error %+v; want fate %v", got, err, c.fate)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "1": time.Second, " 30 ": 30 * time.Second, "007": 7 * time.Second,
		"86400": 24 * time.Hour, "86401": 24 * time.Hour, "4294967296": 24 * time.Hour, "99999999999999999999": 24 * time.Hour,
		"-1": 0, "+1": 0, "1.5": 0, "1e3": 0, "soon": 0, "١": 0, "5, 6": 0,
		"Sun, 01 Mar 2026 12:00:10 GMT":  10 * time.Second,
		"Sunday, 01-Mar-26 12:00:10 GMT": 10 * time.Second,
		"Sun, 01 Mar 2026 11:59:59 GMT":  0,
		"Thu, 01 Jan 1970 00:00:00 GMT":  0,
		"Fri, 31 Dec 9999 23:59:59 GMT":  24 * time.Hour,
	} {
		if got := retryAfter(value, testNow); got != want {
			t.Errorf("retryAfter(%q) = %v; want %v", value, got, want)
		}
	}
}

func TestOneLine(t *testing.T) {
	key := testKey(t)
	for s, want := range map[string]string{
		"":                                       "",
		" a\r\n\tb\u00a0c\u2028d\x00e\x1b[31mf ": "a b c d e [31mf",
		"\u202etxt.exe":                          "txt.exe",
		"bad \xff byte":                          "bad \ufffd byte",
		"key " + testSecret + ".":                "key [redacted].",
		strings.Repeat("x", 295) + testSecret:    strings.Repeat("x", 295) + "[reda",
		strings.Repeat("é", 151):                 strings.Repeat("é", 150),
		"x" + strings.Repeat("é", 151):           "x" + strings.Repeat("é", 149),
	} {
		if got := oneLine(s, key); got != want {
			t.Errorf("oneLine(%q) = %q; want %q", s, got, want)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	for _, c := range answerCases {
		f.Add(c.status, c.retryAfter, []byte(c.body), c.broken)
	}
	f.Add(200, "", []byte(oneListed), false)
	for _, body := range oddAnswers {
		f.Add(200, "", []byte(body), false)
		f.Add(400, "", []byte(body), false)
	}
	f.Fuzz(func(t *testing.T, status int, retryAfter string, body []byte, broken bool) {
		a := answerCase{status: status, retryAfter: retryAfter, body: string(body), broken: broken}.answer()
		assertAsReference(t, a)
		_, err := a.invitations()
		checkFailure(t, a, err)
		_, err = a.entries()
		checkFailure(t, a, err)
	})
}

// checkFailure checks what holds for every error, whatever the answer was.
func checkFailure(t *testing.T, a answer, err *Error) {
	t.Helper()
	if err == nil {
		return
	}
	statuses := map[Fate][]int{
		NotSent: {401, 403, 413, 429},
		Denied:  {403, 429},
		Refused: {200, 400, 401, 403, 404, 422},
		Unknown: {a.status},
	}
	if !slices.Contains(statuses[err.Fate], a.status) || a.broken != nil && err.Fate != Unknown && err.Cause != TooLarge {
		t.Errorf("fate %v for %d %q", err.Fate, a.status, a.body)
	}
	if err.RetryAfter < 0 || err.RetryAfter > maxRetryAfter {
		t.Errorf("Retry-After %v", err.RetryAfter)
	}
	message := oneLine(err.Message, testKey(t))
	if len(message) > maxMessage || !utf8.ValidString(message) || strings.Contains(message, testSecret) ||
		strings.ContainsFunc(message, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("message %q", message)
	}
}

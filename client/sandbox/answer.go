package sandbox

import (
	"encoding/json"
	"net"
	"net/http"
	"strconv"
	"time"

	"bulkinvite/client"
)

// An answer is what goes over the wire. With status 0 nothing goes: the
// connection is reset.
type answer struct {
	status      int
	contentType string
	body        []byte
	throttles   bool          // with the configured Retry-After header
	retryAfter  time.Duration // with this one
	cut         bool          // the connection breaks in the middle of the body
}

var (
	dropped            = answer{}
	internalError      = answer{status: 500, contentType: "application/json", body: []byte(`{"status":false}`)}
	throttled          = answer{status: 429, contentType: "application/json", body: []byte(`{"message":"Too Many Requests"}`), throttles: true}
	busy               = answer{status: 503, contentType: "text/html", body: []byte("<html><h1>503 Service Temporarily Unavailable</h1></html>"), throttles: true}
	badGateway         = htmlAnswer(502, "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>")
	htmlInstead        = htmlAnswer(200, "<!doctype html><html><body>We will be back soon.</body></html>")
	nullData           = jsonAnswer(200, accepted{true, invitationsSent, nil})
	serviceUnavailable = gatewayAnswer(503, "Service Unavailable")
	gatewayTimeout     = gatewayAnswer(504, "Endpoint request timed out")
	forbidden          = gatewayAnswer(403, "Forbidden")
	noSuchPath         = gatewayAnswer(403, "Missing Authentication Token")
	quotaUsedUp        = gatewayAnswer(429, "Limit Exceeded")
	tooLong            = gatewayAnswer(413, "Request Too Long")
)

func htmlAnswer(status int, page string) answer {
	return answer{status: status, contentType: "text/html", body: []byte(page)}
}

// gatewayAnswer is what the gateway before the API says.
func gatewayAnswer(status int, message string) answer {
	return jsonAnswer(status, map[string]string{"message": message})
}

// refusal is the API's own no.
func refusal(status int, message string) *answer {
	a := jsonAnswer(status, struct {
		Status  bool   `json:"status"`
		Message string `json:"message"`
	}{false, message})
	return &a
}

func jsonAnswer(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // all that is marshalled here are structs of strings and numbers
	}
	return answer{status: status, contentType: "application/json", body: body}
}

type accepted struct {
	Status  any    `json:"status"`
	Message string `json:"message"`
	Data    any    `json:"data"`
}

const invitationsSent = "Invitations sent successfully"

func invitationsAnswer(invitations []client.Invitation) answer {
	type data struct {
		Invitations []client.Invitation `json:"invitations"`
	}
	return jsonAnswer(http.StatusOK, accepted{true, invitationsSent, data{invitations}})
}

// send puts an answer on the wire and into the books.
func (s *Server) send(w http.ResponseWriter, a answer) {
	s.books.answered(a)
	if a.status == 0 {
		reset(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	if wait := s.wait(a); wait > 0 {
		h.Set("Retry-After", s.retryAfter(wait))
	}
	w.WriteHeader(a.status)
	if a.cut {
		_, _ = w.Write(a.body[:len(a.body)/2])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler) // closes the connection; a reset could overtake what was flushed
	}
	_, _ = w.Write(a.body) // whoever asked may have left: the books are right all the same
}

// wait returns the Retry-After of an answer, or 0.
func (s *Server) wait(a answer) time.Duration {
	fault := a.status == http.StatusTooManyRequests || a.status >= http.StatusInternalServerError
	if a.retryAfter == 0 && (a.throttles || s.cfg.RetryAfterOnFaults && fault) {
		return s.cfg.RetryAfter
	}
	return a.retryAfter
}

// retryAfter returns a Retry-After header, in whole seconds, rounded up.
func (s *Server) retryAfter(wait time.Duration) string {
	wait = (wait + time.Second - 1).Truncate(time.Second)
	if s.cfg.RetryAfterDate {
		return time.Now().Add(wait).UTC().Format(http.TimeFormat)
	}
	return strconv.Itoa(int(wait / time.Second))
}

// reset ends the connection without an answer. Over TCP the client sees a
// reset, over anything else the end of the stream.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 and recorders have no connection of their own
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

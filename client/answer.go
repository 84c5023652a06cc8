package client

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	maxMessage    = 300 // bytes
	maxRetryAfter = 24 * time.Hour
)

// An answer is what came back for a request. Its meaning depends on nothing
// else.
type answer struct {
	status int
	header http.Header
	body   []byte // whole, if broken is nil
	broken error  // why the body could not be read to its end
	now    time.Time
}

// invitations returns what POST /interview/invite brought.
func (a answer) invitations() ([]Invitation, *Error) {
	return read(a, envelope.usableInvitations)
}

// entries returns what GET /interview/invites brought.
func (a answer) entries() ([]Entry, *Error) { return read(a, envelope.usableEntries) }

func read[T any](a answer, usable func(envelope) ([]T, error)) ([]T, *Error) {
	env, err := a.envelope()
	if a.status != http.StatusOK || env.verdict != yes {
		return nil, a.failure(env, err)
	}
	list, err := usable(env)
	if err != nil {
		// The message is left out: it says that all is well.
		return nil, a.failure(envelope{}, err)
	}
	return list, nil
}

// envelope returns an empty envelope and why, if there is none to be read.
func (a answer) envelope() (envelope, error) {
	switch {
	case a.broken != nil:
		return envelope{}, a.broken
	case a.status >= 300 && a.status < 400:
		return envelope{}, errors.New("a redirect, which is not followed: check the base URL")
	}
	return parseEnvelope(a.body)
}

// failure says what is known of a request whose answer is no good one.
func (a answer) failure(env envelope, err error) *Error {
	e := &Error{
		Envelope:   env.isOwn(),
		StatusCode: a.status,
		Message:    env.message,
		RetryAfter: retryAfter(a.header.Get("Retry-After"), a.now),
		Err:        err,
	}
	e.Fate, e.Cause = a.fate(env)
	return e
}

// fate says what became of the request of a failure. The cases are those of
// the provider's page on POST /interview/invite (the envelope, 400, 500) and of
// AWS API Gateway, which stands in front of the API (bare messages, 401, 403,
// 413, 429, 5xx). What is not named here is Unknown.
func (a answer) fate(env envelope) (Fate, Cause) {
	switch a.status {
	case http.StatusOK:
		if env.saysNo() {
			return Refused, OtherCause
		}
	case http.StatusBadRequest, http.StatusNotFound, http.StatusUnprocessableEntity:
		if env.refuses() {
			return Refused, OtherCause
		}
	case http.StatusUnauthorized, http.StatusForbidden:
		return a.forbidden(env)
	case http.StatusRequestEntityTooLarge:
		return NotSent, TooLarge
	case http.StatusTooManyRequests:
		return a.throttled(env)
	case http.StatusServiceUnavailable:
		return Unknown, Busy
	}
	return Unknown, OtherCause
}

// forbidden is the fate of a 401 or 403. A bare one is the gateway's, which
// has let nothing through. One in the API's own envelope is its no to what was
// asked, since a key may lack one interview alone.
func (a answer) forbidden(env envelope) (Fate, Cause) {
	switch {
	case a.broken != nil: // whose it is was in what is missing
		return Unknown, BadKey
	case env.saysNo():
		return Refused, OtherCause
	case env.isOwn():
		return Unknown, OtherCause
	case a.status == http.StatusForbidden && env.says("Missing Authentication Token"):
		return Denied, NoSuchPath
	}
	return NotSent, BadKey
}

// throttled is the fate of a 429. A bare one is the gateway's, which has let
// nothing through. Whatever has a status was made behind it, where some of the
// work may have been done before.
func (a answer) throttled(env envelope) (Fate, Cause) {
	switch {
	case a.broken != nil, env.verdict != silent:
		return Unknown, Throttled
	case env.says("Limit Exceeded"):
		return Denied, Quota
	}
	return NotSent, Throttled
}

// isOwn reports whether the envelope is the API's own, and not one of what
// stands before it, or of a framework that answers in its place.
func (env envelope) isOwn() bool { return env.verdict == yes || env.verdict == no }

// saysNo reports whether the API refuses in its own envelope.
func (env envelope) saysNo() bool { return env.verdict == no && !env.invitesSomebody() }

// refuses reports whether the envelope of a 4xx is a refusal: it says no, or
// it has the message alone that gateways and frameworks send when they turn a
// request away. Without either, as in the HTML of something in between, nobody
// knows who answered, and what the API did before.
func (env envelope) refuses() bool {
	return env.saysNo() || !env.isOwn() && env.message != "" && !env.invitesSomebody()
}

// invitesSomebody reports whether the envelope has invitations, even such as
// cannot be read. In one that says no they contradict it.
func (env envelope) invitesSomebody() bool { return len(env.invitations.elements) > 0 }

// says compares the whole message: "Rate Limit Exceeded" is no used-up quota.
func (env envelope) says(message string) bool {
	return strings.EqualFold(strings.TrimSpace(env.message), message)
}

// retryAfter reads the header of that name: seconds or an HTTP date. What
// cannot be read or has passed is 0, what is too far away is maxRetryAfter.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if isDigits(value) {
		seconds, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return maxRetryAfter // more than fits
		}
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// oneLine returns s as one printable line without the key, of at most
// maxMessage bytes. It is cut last, or a part of the key could be left at the
// end.
func oneLine(s string, key Key) string {
	printable := strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, s)
	line := key.redact(strings.Join(strings.Fields(printable), " "))
	if len(line) <= maxMessage {
		return line
	}
	end := maxMessage
	for !utf8.RuneStart(line[end]) {
		end--
	}
	return strings.TrimSpace(line[:end])
}

// presentable returns err, or, if its text is not as oneLine wants it, an
// error with that text and nothing underneath, which would show the other.
func presentable(err error, key Key) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if line := oneLine(text, key); line != text {
		return errors.New(line)
	}
	return err
}

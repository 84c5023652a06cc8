// Package client speaks HTTP and JSON with the micro1 public API: one call is
// one HTTP request, and every error says what is known of its fate. It knows the
// API's contract, and how gateways and proxies answer in its place. It must not
// know rows, files or the ledger.
//
// The API has no way to repeat a request safely: inviting somebody twice makes
// a second interview session and a second e-mail. So no invitation is sent again
// here, and no redirect is followed; an Error whose Fate is NotSent says that
// the caller may send the same again.
package client

import (
	"context"
	"fmt"
	"time"
)

// An InviteRequest is the body of POST /interview/invite. Only InterviewID is
// required by the contract; one candidate may be named by CandidateID (a
// re-send) or JobApplicationID instead of Candidates.
type InviteRequest struct {
	InterviewID              string      `json:"interview_id"`
	Candidates               []Candidate `json:"candidates,omitempty"`
	JobApplicationID         string      `json:"job_application_id,omitempty"`
	CandidateID              string      `json:"candidate_id,omitempty"`
	DisableEmailNotification bool        `json:"disable_email_notification,omitempty"`

	// MayLeave, if it is set, is asked when all of the request but its last byte
	// is on its way. An error keeps that byte back: the request is NotSent.
	MayLeave func(context.Context) error `json:"-"`
}

// A Candidate is one person in an InviteRequest.
type Candidate struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// An Invitation is one element of data.invitations. The API promises no order
// and may leave people out: match them by address.
type Invitation struct {
	CandidateID    string `json:"candidate_id"`
	CandidateEmail string `json:"candidate_email"`
	InviteURL      string `json:"invite_url"`
}

// A ListRequest asks for one page of GET /interview/invites.
type ListRequest struct {
	InterviewID string
	CandidateID string // empty: everyone
	Page        int    // the number of the first page is not documented; AnyPage: left to the API
	Limit       int    // page size; the API may return fewer or more; 0: left to the API
}

// AnyPage as ListRequest.Page sends no page number. What comes then is not
// documented; the first page is what is usual.
const AnyPage = -1

// An Entry is one invitation in the API's list. The list has no links.
type Entry struct {
	CandidateID    string `json:"candidate_id"`
	InterviewID    string `json:"interview_id"`
	CandidateEmail string `json:"candidate_email_id"`
	DateCreated    string `json:"date_created"` // as the API writes it; it names no time zone
	Status         string `json:"status"`
}

// A Fate says what is known about a request that brought no usable answer.
type Fate int

// The fates. The zero value is the careful one.
const (
	Unknown Fate = iota // the API may have acted on it: find out before sending again
	NotSent             // the API has not acted on it: sending it again is safe
	Refused             // the API answered no: sending it again unchanged is pointless
	Denied              // the API refuses us, whatever we send: quota or path
)

// A Cause names a case that the caller handles apart, beyond what the Fate says.
type Cause int

// The causes.
const (
	OtherCause  Cause = iota
	Throttled         // 429, slow down: with NotSent the gateway's, with Unknown the API's own
	Busy              // 503, with Unknown: slow down, some throttles answer so
	Quota             // 429 "Limit Exceeded", with Denied: nothing more goes through
	TooLarge          // 413, with NotSent: make the request smaller
	BadKey            // bare 401 or 403, mostly with NotSent: the key is refused, or lacks what was asked for
	NoSuchPath        // 403 "Missing Authentication Token", with Denied: the base URL is wrong
	Unreachable       // DNS, connect or TLS, with NotSent
)

// An Error is every error of Client.Invite and Client.Invites. Its text never
// has the API key in it.
type Error struct {
	Fate       Fate
	Cause      Cause
	Envelope   bool          // a failure in the API's own envelope, {status, message}; bare ones are of what stands before it
	StatusCode int           // HTTP status; 0 if there was no answer
	Message    string        // the API's message in one printable line of at most 300 bytes, or ""
	RetryAfter time.Duration // from the Retry-After header; 0 if none
	Err        error         // what happened underneath; may be nil
}

func (e *Error) Error() string {
	switch {
	case e.Message != "":
		return fmt.Sprintf("the API answered %d: %s", e.StatusCode, e.Message)
	case e.Err != nil && e.StatusCode != 0:
		return fmt.Sprintf("the API answered %d: %v", e.StatusCode, e.Err)
	case e.Err != nil:
		return e.Err.Error()
	default:
		return fmt.Sprintf("the API answered %d", e.StatusCode)
	}
}

func (e *Error) Unwrap() error { return e.Err }

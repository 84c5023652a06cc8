// Package batch owns the words of bulkinvite: a Candidate in a Row of a Source,
// its Key, what a Ledger keeps of it and what is done Next, and its Outcome. It
// knows what these promise, and what package client knows of the fate of a
// request. It must not know CSV, SQL or HTTP, nor how people are sent: packages
// csvio, batch/ledger and client have a Source, a Ledger and an API, and
// batch/plan, batch/outlet and batch/engine do the work.
package batch

import (
	"context"
	"time"

	"bulkinvite/client"
)

// A Candidate is one person to invite to one interview, as a row of the input
// names them. All texts are trimmed and otherwise as typed.
type Candidate struct {
	Name             string
	Email            string
	InterviewID      string
	JobApplicationID string // invites through this application, in a request of its own
	CandidateID      string // set only if the row is to be re-sent
	DisableEmail     bool   // the API shall not e-mail the candidate
}

// A Problem is why a row is never sent.
type Problem struct {
	Code    Code
	Message string // what is wrong, and what to do

	// For messages that are not beside the row itself.
	Name  string // whom the row names; may be empty
	Value string // of the cell that is wrong; "" if it is empty, or none is
	Brief string // Message where Value says which cell is meant; "" for Message
}

// A Row is one record of the input: a Candidate or a Problem.
type Row struct {
	Index     int   // counted from 0 in input order, over valid and invalid rows
	Number    int   // of the row of its file, as a spreadsheet counts: the header and blank lines are rows, line breaks in cells are none
	Line      int   // the line of its file at which the record starts, from 1; Number, if it has no lines
	File      int   // which of the input's files it is in, from 0
	Offset    int64 // where Source.At finds it again
	Candidate Candidate
	Problem   *Problem // nil if the row can be sent
}

// A Source is the input. It never changes: every Scan shows the same rows.
type Source interface {
	// Scan calls f for every row in input order, one call at a time. The Row
	// is f's until it returns; its texts stay. Scan ends with the first error
	// of f, of ctx, or of the input itself.
	Scan(ctx context.Context, f func(*Row) error) error
	// At returns the row that Scan showed with this Offset, but for its Index,
	// Number, Line and File, which it leaves 0. It may be called while a Scan runs, and
	// from several goroutines.
	At(offset int64) (Row, error)
}

// A Status says how a row came into the results.
type Status string

// The statuses of results.csv.
const (
	StatusInvited        Status = "invited"         // this run invited them
	StatusConfirmed      Status = "confirmed"       // the answer was lost, the API's list shows them
	StatusAlreadyInvited Status = "already_invited" // by an earlier run, or elsewhere
	StatusResent         Status = "resent"          // an existing invitation was sent again
	StatusRehearsed      Status = "rehearsed"       // nobody was invited: the run was a rehearsal
	StatusDuplicate      Status = "duplicate"       // an earlier row is the same person and interview
)

// A Code says why a row is among the failed ones.
type Code string

// The codes of failed.csv, in the order in which they are named if a row has
// several faults.
const (
	CodeTooManyFields      Code = "too_many_fields"
	CodeMissingInterviewID Code = "missing_interview_id"
	CodeInvalidInterviewID Code = "invalid_interview_id"
	CodeMissingEmail       Code = "missing_email"
	CodeInvalidEmail       Code = "invalid_email"
	CodeMissingName        Code = "missing_name"
	CodeInvalidValue       Code = "invalid_value"
	CodeRefused            Code = "refused"           // the API refused this candidate
	CodeInterviewRefused   Code = "interview_refused" // the API refuses everyone for this interview
	CodeNoInvitation       Code = "no_invitation"     // the API accepted the request and left the candidate out
	CodeAPIError           Code = "api_error"         // known not sent, attempts used up
	CodeUncertain          Code = "uncertain"         // may have been invited; the next run asks the API first
	CodeNotSent            Code = "not_sent"          // the run ended first
)

// An Outcome is what became of one row: either Status is set, or Code.
type Outcome struct {
	Status      Status
	CandidateID string
	InviteURL   string // empty if the API did not tell it

	Code     Code
	Error    string // for people: what is wrong, and what to do
	Attempts int    // requests of this run that may have reached the API
}

// A Kind says what a request in the ledger asked for.
type Kind string

// The kinds of requests.
const (
	KindInvite Kind = "invite" // a first invitation
	KindResend Kind = "resend" // an existing invitation, sent again
	KindLink   Kind = "link"   // the link of an existing invitation, without an e-mail
	KindFound  Kind = "found"  // nothing was sent: the API's list shows people invited elsewhere
)

// A State is what the ledger says of a person in a request.
type State string

// The states. A person whose state is StateNone is known not to be invited by
// the request.
const (
	StateNone    State = ""        // nothing known, or known not sent
	StateSending State = "sending" // claimed; the answer is not known
	StateInvited State = "invited"
	StateRefused State = "refused" // the API said no to this person
	StateFailed  State = "failed"  // known not sent, attempts used up

	// StateNoInvitation: the API accepted the request and left this person out.
	StateNoInvitation State = "no_invitation"
)

// MarkOtherAddress is the Settlement.Mark of a person in StateSending if the
// answer named addresses that nobody asked for: that a list does not show the
// person never counts.
const MarkOtherAddress = "other_address"

// A Request is what a claim writes into the ledger before anything leaves.
type Request struct {
	Kind             Kind
	InterviewID      string
	JobApplicationID string
	CandidateID      string // KindResend and KindLink
	DisableEmail     bool
	People           []Key

	// ResendAfter is for KindResend: a person whose newest re-send was or may
	// have been sent less than this ago is not claimed.
	ResendAfter time.Duration
}

// A Record is what the ledger knows of a key.
type Record struct {
	// State: StateInvited if any request of any kind is known to have invited
	// (or found, or re-sent to) the person; else StateSending if an invitation
	// is out or in doubt; else the state in the newest KindInvite request.
	// KindLink and unsettled KindResend requests do not count.
	State State
	// RequestID is the request that State comes from; 0 with StateNone if
	// nothing is known. Settling it is what ends a doubt.
	RequestID int64
	// Kind is the kind of that request.
	Kind Kind
	// Mark is what was settled with State in that request, see Settlement.Mark.
	Mark string
	// JobApplicationID is what that request named; the person may have been
	// invited under another address than the key's.
	JobApplicationID string
	// CandidateID and InviteURL are those of the request, of those in which the
	// person is StateInvited, that told a link last; without any link, CandidateID
	// is the newest. What such a request did not tell is from any other.
	CandidateID string
	InviteURL   string
	// Forgotten is set if the person was invited, and all else of them was
	// removed from the ledger on demand. Nothing of them is to come back.
	Forgotten bool
	// ThisRun is set if the state was written by the run that asks.
	ThisRun bool
	// Holder is the run that has the request in which the person is StateSending, if
	// another than the one that asks has it and may still send it. Only a Shared
	// ledger knows such runs.
	Holder *Holder
	// OverAt is set with StateSending if another run had the request while the one
	// that asks went on: nothing of it is under way from then on.
	OverAt time.Time
	// ResentAt is when the newest re-send was claimed that was or may have
	// been sent (its person is StateInvited or StateSending); zero if none.
	ResentAt time.Time
	// ResentState is that re-send's: StateInvited, or StateSending if nobody
	// knows whether it was sent.
	ResentState State
}

// A Claim is the answer to Ledger.Claim.
type Claim struct {
	ID int64 // the request's number in the ledger; 0 if nobody was claimed
	// Held has one element for each of Request.People: nil if that person is
	// claimed, else what the ledger knows that keeps them from being sent.
	Held []*Record
}

// A Settlement is the outcome of a request for one person of it.
type Settlement struct {
	Key         Key
	State       State // StateNone: known not sent; StateSending: still not known
	CandidateID string
	InviteURL   string
	// Mark belongs to State and is remembered with it: MarkOtherAddress, or
	// with StateNoInvitation a digest of the row. It is mostly empty. Settling
	// the same state again without a mark keeps the earlier mark.
	Mark string
}

// An Answer is what came back for a request, or what was found out later.
type Answer struct {
	StatusCode int    // HTTP status; 0 if there was no answer
	Message    string // the API's, or what happened instead; never a secret
	Outcomes   []Settlement
}

// A Member is somebody whom the ledger knows to be invited to an interview.
type Member struct {
	Key         Key       // not always that of an address, see Key.HasAddress
	CandidateID string    // as in Record; may be empty
	Since       time.Time // when the answer was written that told of the invitation first
	RequestID   int64     // the request that this answer is to
}

// A Lookuper tells what is known of people. It is the part of a Ledger that
// changes nothing, and may be called from several goroutines.
type Lookuper interface {
	// Lookup returns what is known of each key, in the order of keys.
	Lookup(ctx context.Context, keys []Key) ([]Record, error)

	// Owners returns for each candidate id the keys of those who were ever
	// StateInvited under it, in any interview, each key once. Some may be
	// Member.Keys without an address. Nobody who is Forgotten is among them.
	Owners(ctx context.Context, candidateIDs []string) ([][]Key, error)

	// Recall returns what Ledger.Remember wrote last under the name, or "". Like
	// everything else, it is apart for each base URL.
	Recall(ctx context.Context, name string) (string, error)
}

// A Ledger is the durable memory of one run: what was sent, and to whom. All
// methods may be called from several goroutines.
type Ledger interface {
	Lookuper

	// Claim writes StateSending for those of req.People who may be sent, in
	// one request, and says who is held and why. Everything that Claim writes
	// is durable when it returns: only then may the request leave.
	//
	// KindInvite holds those who are StateInvited or StateSending, those whom
	// this run has settled as StateRefused, StateNoInvitation or StateFailed,
	// and a key that is named twice. KindResend holds those re-sent within ResendAfter.
	// KindFound holds those who are StateInvited. KindLink holds nobody. All
	// kinds hold those who are Forgotten, since a claim writes who they are.
	Claim(ctx context.Context, req Request) (Claim, error)

	// Settle writes the answer to a request, or a later finding, for the
	// people that it names; the others keep their state. It is durable when it
	// returns. Somebody who is StateInvited in the request stays that: any
	// other state for them is an error and nothing is written, and so is a
	// person who is not in the request, and any state but StateInvited for
	// one who is no longer StateSending in it. Only StateNoInvitation may also
	// become StateNone: a person who looked it up has said so.
	Settle(ctx context.Context, id int64, a Answer) error

	// Members calls f once for everybody who is StateInvited for the interview,
	// whichever run invited them, but not for those who are Forgotten and those
	// whose only invitation went through a job application: re-sending it does
	// not make it another one. The order is that of Member.RequestID. f's error
	// ends it and is returned.
	Members(ctx context.Context, interviewID string, f func(Member) error) error

	// InDoubt returns everybody whose Record.State is StateSending for the
	// interview, whichever run left them so, each once.
	InDoubt(ctx context.Context, interviewID string) ([]Key, error)

	// Remember notes something about the API that later runs have to know. It
	// is durable when it returns.
	Remember(ctx context.Context, name, value string) error
}

// API is what the engine asks of the micro1 API. One call is one HTTP request;
// errors are *client.Error and say what is known of the request's fate.
type API interface {
	Invite(ctx context.Context, req client.InviteRequest) ([]client.Invitation, error)
	Invites(ctx context.Context, req client.ListRequest) ([]client.Entry, error)
}

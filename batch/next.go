package batch

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// A Next is what a run does with a row. It follows from what the ledger knows of
// the row's key, and from nothing else.
type Next int

// What a run does with a row.
const (
	Invite Next = iota
	Resend
	Ask  // they may be invited: the API's list is asked first
	Wait // another run has them and may still send: the ledger is asked again

	SkipForgotten   // they were invited, and nothing else may be known of them
	SkipInvited     // they are invited
	SkipTried       // this run has sent them and knows that they are not invited: once is enough
	SkipLeftOut     // the API has left them out, and name and address have not changed since
	SkipResent      // their invitation was sent again less than resendAfter ago
	SkipMaybeResent // the same, but the answer was lost and the API's list cannot tell
)

// Next says what a run does with the row of c at a moment. It is the only place
// that knows: check, send, the ledger's claims and explain put its answer in
// words of their own. A row with a CandidateID asks for an invitation to be
// sent again, which is done once per resendAfter.
func (r Record) Next(c Candidate, now time.Time, resendAfter time.Duration) Next {
	switch {
	case r.Forgotten:
		return SkipForgotten
	case c.CandidateID != "":
		return r.nextResend(now, resendAfter)
	}
	switch r.State {
	case StateInvited:
		return SkipInvited
	case StateSending:
		if r.Holder != nil {
			return Wait
		}
		return Ask
	case StateRefused, StateFailed, StateNoInvitation:
		if r.ThisRun {
			return SkipTried
		}
	}
	if r.State == StateNoInvitation && r.Mark == c.Digest() {
		return SkipLeftOut
	}
	return Invite
}

func (r Record) nextResend(now time.Time, resendAfter time.Duration) Next {
	switch {
	case r.ResentAt.IsZero() || !now.Before(r.ResentAt.Add(resendAfter)):
		return Resend
	case r.ResentState == StateSending && r.Holder != nil:
		return Wait
	case r.ResentState == StateSending:
		return SkipMaybeResent
	default:
		return SkipResent
	}
}

// Digest is a digest of what a row says of a person whom the API left out. As long
// as it stays the same, so does the API's answer.
func (c *Candidate) Digest() string {
	sum := sha256.Sum256([]byte(c.Name + "\x00" + c.Email))
	return hex.EncodeToString(sum[:8])
}

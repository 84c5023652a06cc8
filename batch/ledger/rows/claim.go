package rows

import (
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"bulkinvite/batch"
)

// ValidateRequest refuses requests that no key can be found again for: of an
// unknown kind, with people of another interview, or with texts that are not UTF-8
// or look like forgotten marks.
func ValidateRequest(req *batch.Request) error {
	if !KnownKind(req.Kind) {
		return fmt.Errorf("unknown kind %q", req.Kind)
	}
	interview := batch.NewKey(req.InterviewID, "").InterviewID
	for _, k := range req.People {
		if k.InterviewID != interview {
			return fmt.Errorf("somebody of interview %q in a request for %q", k.InterviewID, req.InterviewID)
		}
		if !utf8.ValidString(k.InterviewID) || !utf8.ValidString(k.Email) {
			return errors.New("a key that is not UTF-8")
		}
		if IsForgottenMark(k.Email) {
			return errors.New("a key that looks like somebody who was forgotten")
		}
	}
	return nil
}

// Holds reports whether what is known of a person keeps them from being sent.
func Holds(req *batch.Request, rec *batch.Record, now time.Time) bool {
	switch req.Kind {
	case batch.KindInvite:
		return rec.Next(batch.Candidate{}, now, 0) != batch.Invite
	case batch.KindResend:
		return rec.Next(batch.Candidate{CandidateID: anyID}, now, req.ResendAfter) != batch.Resend
	case batch.KindFound:
		return rec.Forgotten || rec.State == batch.StateInvited
	default:
		return rec.Forgotten
	}
}

// anyID is the id of a row that is re-sent: what is held does not depend on it.
const anyID = "any"

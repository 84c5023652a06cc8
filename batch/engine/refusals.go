package engine

import (
	"errors"
	"fmt"
	"net/http"

	"bulkinvite/batch"
	"bulkinvite/batch/judge"
	"bulkinvite/batch/outlet"
	"bulkinvite/batch/plan"
	"bulkinvite/batch/queue"
	"bulkinvite/client"
)

// refusals are what speaks against the key, or against whole interviews.
//
// While nobody was accepted in a run, a bare 401 or 403 may be of the key, of
// what it may do, or of one interview or person alone: sources disagree which
// is which. Then people go one at a time, of different interviews where there
// are any, until one is accepted or so many are denied.
type refusals struct {
	run *run
	key keyDoubt
}

// A keyDoubt is what speaks against the key.
type keyDoubt struct {
	tried    bool            // an invitation was answered, or could not go
	accepted bool            // somebody was accepted in this run
	works    bool            // that, or the API itself has said no to an invitation: the key is fine
	suspect  bool            // somebody, or a list, was denied
	denied   []*queue.Person // alone; they wait until the key is known to work
	lacks    int             // interviews of which somebody was
}

// suspected reports whether people go one at a time, of all interviews.
func (k *keyDoubt) suspected() bool { return k.suspect && !k.works }

// deniedPeople is how many people are denied alone, and nobody accepted, before
// it is the key that is refused. They are of different interviews, but of no more
// than deniedInterviews if it takes reading a list to send somebody of another.
const (
	deniedPeople     = 3
	deniedInterviews = 2
)

// refusedInterview is how many people are refused alone, with one message and
// nobody accepted, before the interview counts as refused; refusedAnyhow is the
// same for messages of any kind.
const (
	refusedInterview = 10
	refusedAnyhow    = 30
)

// refused records that the API refused one person alone, and gives the interview
// up if it is the interview that is refused.
func (r *refusals) refused(iv *interview, p *queue.Person, message string) error {
	err := r.run.record(p, batch.Outcome{Code: batch.CodeRefused, Error: "the API refused this candidate: " + message})
	if p.CandidateID != "" || iv.accepted || iv.State == queue.Refusing {
		return err // or what is refused is the invitation to send again
	}
	if iv.refusals == nil {
		iv.refusals = map[string]int{}
	}
	same := judge.SameRefusal(message, p.Candidate)
	iv.refusals[same]++
	iv.refusedAlone++
	if iv.refusals[same] < refusedInterview && iv.refusedAlone < refusedAnyhow {
		return err
	}
	return errors.Join(err, r.giveUp(iv, message))
}

// giveUp refuses everybody who waits for an interview.
func (r *refusals) giveUp(iv *interview, message string) error {
	iv.refused = fmt.Sprintf("the API refuses this interview (%d people alone, nobody accepted): %s; "+
		"check the interview, then send this row again", iv.refusedAlone, message)
	r.run.step(iv, queue.Refusal)
	r.run.warn(fmt.Sprintf("interview %s is refused: %s", iv.AsSent, batch.MaskText(message)))
	return r.run.recordAll(r.run.admission.remove(iv), batch.Outcome{Code: batch.CodeInterviewRefused, Error: iv.refused})
}

// denied deals with somebody whom the gateway denied alone. Where the key is
// known to work, it is them whom it refuses.
func (r *refusals) denied(iv *interview, p *queue.Person, apiErr error) error {
	if r.key.works {
		return r.refused(iv, p, client.MessageOf(apiErr))
	}
	r.run.setClaimed([]*queue.Person{p}, false)
	r.key.suspect = true
	if iv.denied++; iv.denied == 1 {
		r.key.lacks++
	}
	r.key.denied = append(r.key.denied, p)
	if len(r.key.denied) >= deniedPeople {
		r.run.endRun(batch.KeyRefused, outlet.KeyRefusal(apiErr.Error()))
	}
	return nil
}

// accepted notes that somebody of an interview was accepted, or re-sent to.
func (r *refusals) accepted(iv *interview, l plan.Lane) error {
	if l != plan.Resend && !iv.accepted {
		iv.accepted = true
		unlistedSoFar := iv.State == queue.Unlisted
		r.run.step(iv, queue.Acceptance)
		if unlistedSoFar {
			// It does exist: its list is asked once more before the next chunk.
			r.run.preflightNext(iv)
		}
	}
	r.key.accepted = true
	return r.trustKey()
}

// refusedInWords notes that the API itself has said no to an invitation, which it
// does to those whose key it takes.
func (r *refusals) refusedInWords(err error) error {
	var apiErr *client.Error
	if !errors.As(err, &apiErr) || apiErr.Fate != client.Refused || !apiErr.Envelope ||
		apiErr.StatusCode == http.StatusUnauthorized || apiErr.StatusCode == http.StatusForbidden {
		return nil
	}
	return r.trustKey()
}

// trustKey notes that the key works, and lets those go again who were denied before.
func (r *refusals) trustKey() error {
	r.key.works = true
	denied := r.key.denied
	r.key.denied = nil
	return r.run.admission.again(denied)
}

// neverWorked returns why the run ends as one whose key is refused, if everybody
// who was left to send was denied, be it fewer than deniedPeople.
func (k *keyDoubt) neverWorked() (reason string, refused bool) {
	if len(k.denied) == 0 || k.works {
		return "", false
	}
	return outlet.KeyRefusal(k.denied[0].Reason), true
}

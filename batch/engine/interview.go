package engine

import (
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/lists"
	"bulkinvite/batch/queue"
)

// An interview is what the run knows of one interview.
type interview struct {
	lists.Interview
	*queue.Line

	listError string // why the list cannot be read, when shut
	refused   string // why the interview is refused for this run, when it is

	accepted     bool           // somebody was accepted in this run
	denied       int            // people denied alone by a bare 401 or 403
	refusals     map[string]int // people refused alone, by what they were told
	refusedAlone int            // people, with whatever message

	doubts doubts
	memory lists.Memory // of its list

	timed        []int64   // requests of this run that were answered with invitations
	lastAccepted time.Time // when the last of them was
	listRequests int       // how many requests the last whole read of the list took
	writtenOff   bool      // its list is believed though it lacks somebody
}

// turnedAway returns the outcome of somebody whom the interview turns away.
func (iv *interview) turnedAway(p *queue.Person) (o batch.Outcome, turned bool) {
	switch {
	case !iv.TurnsAway(p):
		return o, false
	case iv.State == queue.Refusing:
		return batch.Outcome{Code: batch.CodeInterviewRefused, Error: iv.refused}, true
	default:
		return batch.Outcome{Code: batch.CodeNotSent, Error: iv.listError}, true
	}
}

// newReading returns a read of the interview's list.
func (iv *interview) newReading() *lists.Reading {
	return lists.NewReading(iv.Interview, iv.memory, iv.timed)
}

package queue

import (
	"time"

	"bulkinvite/batch"
)

// A Person is a row that is to be sent, or is in doubt.
type Person struct {
	batch.Candidate
	Key      batch.Key
	Row      int
	Claimed  bool      // in this run, once or more often: keeps their place under the limit
	Attempts int       // requests that may have reached the API
	Lost     int       // of them: those that turned out not to have acted
	Reason   string    // what happened to the last of them
	Outages  int       // requests for them that came into an outage
	Away     int       // requests for them alone that the API was too busy for while it accepted others
	Busy     time.Time // when the API was first too busy for their request
	Party    *Party    // with whom they went when their request was sent again in parts; nil: it was not
}

// Listable reports whether the API's list can show the person at all.
func (p *Person) Listable() bool { return p.CandidateID == "" && p.Key.HasAddress() }

// A Party is the people of a request that was sent again in parts.
type Party struct{ accepted bool }

// GoThrough notes that somebody of the party was invited.
func (p *Party) GoThrough() {
	if p != nil {
		p.accepted = true
	}
}

// WentThrough reports whether somebody of the party was invited. What keeps the
// others back is then their own.
func (p *Party) WentThrough() bool { return p != nil && p.accepted }

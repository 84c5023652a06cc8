package rows

import (
	"time"

	"bulkinvite/batch"
)

// Invited reports whether a request invited somebody, who was not forgotten.
func Invited(r *Request, p *Person) bool {
	return p.State == batch.StateInvited && !p.Forgotten && Counts(r.Kind, p.State)
}

// A Membership gathers what the requests say of a member, added in the order of
// their numbers.
type Membership struct {
	Member  batch.Member
	applied bool // an application invited them first
	link    Link
}

// Add takes in what one request says of the person.
func (m *Membership) Add(r *Request, p *Person) {
	if p.State == batch.StateInvited {
		m.link.Add(p)
		m.Member.CandidateID = m.link.CandidateID
	}
	since := time.UnixMicro(p.Since).UTC()
	switch {
	case !Invited(r, p):
	case r.Application != "":
		m.applied = true
	case r.Kind == batch.KindResend && m.applied:
	case m.Member.RequestID == 0 || since.Before(m.Member.Since):
		m.Member.RequestID, m.Member.Since = r.ID, since
	}
}

package ledger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"bulkinvite/batch"
)

// A request is a row of requests with what its answers say.
type request struct {
	id          int64
	runID       int64
	baseURL     string
	interviewID string
	application string // the job application that it named
	candidateID string // that it named
	kind        batch.Kind
	claimedAt   time.Time
	emails      []string
	people      []person // parallel to emails
	forgotten   bool     // some of emails are stand-ins

	// Of a request that was just read, and not of one that the book keeps.
	emailDisabled bool
	answers       []*answer
	text          string // the people, until they are read
}

// A person is somebody in a request.
type person struct {
	state       batch.State
	by          int64 // the run that brought them into the state
	since       int64 // when it wrote that, in microseconds; 0 for the claim
	mark        string
	forgotten   bool // the address is a stand-in
	owned       bool // the texts are nothing else's
	candidateID string
	inviteURL   string
	idFrom      int64 // the answer that candidateID is from
	urlFrom     int64 // the answer that inviteURL is from
}

// kinds are all kinds that a request may have.
var kinds = []batch.Kind{batch.KindInvite, batch.KindResend, batch.KindLink, batch.KindFound}

func knownKind(k batch.Kind) bool { return slices.Contains(kinds, k) }

// reserve makes room for so many people.
func (r *request) reserve(people int) {
	r.emails, r.people = make([]string, 0, people), make([]person, 0, people)
}

// join adds somebody who is being claimed, and returns the position.
func (r *request) join(email string) int {
	r.emails = append(r.emails, email)
	r.people = append(r.people, person{state: batch.StateSending, by: r.runID})
	return len(r.people) - 1
}

// key returns what the person at a position is compared by.
func (r *request) key(at int) batch.Key {
	return batch.Key{InterviewID: r.interviewID, Email: r.emails[at]}
}

// clone returns a copy that later answers to r do not change.
func (r *request) clone() *request {
	c := *r
	c.people = slices.Clone(r.people)
	return &c
}

// find returns the position of a person, or -1. People are mostly asked for in
// the order in which they are named, so it begins with the one at hint. Those
// who were forgotten are found, too.
func (r *request) find(email string, hint int) int {
	for i := range r.emails {
		if at := (hint + i) % len(r.emails); r.emails[at] == email {
			return at
		}
	}
	if !r.forgotten {
		return -1
	}
	for at := range r.emails {
		if s, ok := parseStandIn(r.emails[at]); ok && s.isOf(r.baseURL, batch.Key{InterviewID: r.interviewID, Email: email}) {
			return at
		}
	}
	return -1
}

// An answer is a row of answers.
type answer struct {
	id         int64
	run        int64 // that wrote it
	at         int64 // when, in microseconds
	statusCode int
	message    string
	outcomes   []outcome
	columns    columns // until they are read
}

// apply adds an answer. Writing the state that somebody is in does not make it
// the later run's doing, and an answer that does not tell an id, a link or the
// mark of the same state does not take back an earlier one.
func (r *request) apply(a *answer) error {
	for _, o := range a.outcomes {
		p := &r.people[o.Person]
		// Settle let nothing else through. Damage to the state of somebody must not
		// take back an invitation.
		if err := mayBecome(p.state, o.State); err != nil {
			return fmt.Errorf("%w: in answer %d to request %d, %w", errDamaged, a.id, r.id, err)
		}
		if p.state != o.State {
			p.state, p.by, p.since, p.mark = o.State, a.run, a.at, ""
		}
		if o.Mark != "" {
			p.mark = o.Mark
		}
		if o.CandidateID != "" {
			p.candidateID, p.idFrom = o.CandidateID, a.id
		}
		if o.InviteURL != "" {
			p.inviteURL, p.urlFrom = o.InviteURL, a.id
		}
	}
	return nil
}

// keep returns one of the person's texts to keep. They are mostly parts of the
// text of a whole answer, and of a look-up each may be of another one.
func (p *person) keep(text string) string {
	if p.owned {
		return text
	}
	return strings.Clone(text)
}

// A fold gathers what the requests say of one key. Re-sends are added in the order
// of their numbers.
type fold struct {
	rec     batch.Record
	idFrom  int64
	urlFrom int64
}

func (f *fold) add(run int64, r *request, p *person) {
	if p.state == batch.StateInvited {
		if p.idFrom > f.idFrom {
			f.rec.CandidateID, f.idFrom = p.keep(p.candidateID), p.idFrom
		}
		if p.urlFrom > f.urlFrom {
			f.rec.InviteURL, f.urlFrom = p.keep(p.inviteURL), p.urlFrom
		}
		f.rec.Forgotten = f.rec.Forgotten || p.forgotten
	}
	sentOrDoubt := p.state == batch.StateInvited || p.state == batch.StateSending
	if r.kind == batch.KindResend && sentOrDoubt && !r.claimedAt.Before(f.rec.ResentAt) {
		f.rec.ResentAt, f.rec.ResentState = r.claimedAt, p.state
	}
	over := rank(p.state) - rank(f.rec.State)
	if counts(r.kind, p.state) && (over > 0 || over == 0 && r.id >= f.rec.RequestID) {
		f.rec.State, f.rec.Kind, f.rec.RequestID = p.state, r.kind, r.id
		f.rec.JobApplicationID, f.rec.Mark = r.application, p.keep(p.mark)
		f.rec.ThisRun = p.by == run
	}
}

// counts reports whether a person's state in a request of the kind says
// something of the person's state. A request that found somebody counts while
// it is unsettled: what it was about to say is that they are invited, and not
// to ask the API again would be careless.
func counts(kind batch.Kind, state batch.State) bool {
	switch kind {
	case batch.KindInvite:
		return true
	case batch.KindFound:
		return state == batch.StateInvited || state == batch.StateSending
	case batch.KindResend:
		return state == batch.StateInvited
	default:
		return false
	}
}

// rank orders states: a higher one in any request outweighs lower ones in
// newer requests.
func rank(s batch.State) int {
	switch s {
	case batch.StateInvited:
		return 2
	case batch.StateSending:
		return 1
	default:
		return 0
	}
}

// mayBecome refuses what must not happen to somebody in a request.
func mayBecome(old, state batch.State) error {
	switch state {
	case batch.StateInvited:
		return nil
	case batch.StateNone, batch.StateSending, batch.StateRefused, batch.StateFailed, batch.StateNoInvitation:
		if old == batch.StateSending || old == batch.StateNoInvitation && state == batch.StateNone {
			return nil
		}
		return fmt.Errorf("somebody who is %s in it cannot become %s", name(old), name(state))
	}
	return fmt.Errorf("unknown state %q", state)
}

func name(s batch.State) batch.State {
	if s == batch.StateNone {
		return "not sent"
	}
	return s
}

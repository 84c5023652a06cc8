package rows

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"bulkinvite/batch"
)

// A Request is a row of requests with what its answers say.
type Request struct {
	ID          int64
	RunID       int64
	BaseURL     string
	InterviewID string
	Application string // the job application that it named
	CandidateID string // that it named
	Kind        batch.Kind
	ClaimedAt   time.Time
	Emails      []string
	People      []Person // parallel to emails
	forgotten   bool     // some of emails are forgotten marks

	// Of a request that was just read, and not of one that the cache keeps.
	EmailDisabled bool
	Answers       []*Answer
	text          string // the people, until they are read
}

// A Person is somebody in a request.
type Person struct {
	State       batch.State
	By          int64 // the run that brought them into the state
	Since       int64 // when it wrote that, in microseconds; 0 for the claim
	Mark        string
	Forgotten   bool // the address is a forgotten mark
	owned       bool // the texts are nothing else's
	CandidateID string
	InviteURL   string
	IDFrom      int64 // the answer that CandidateID is from
	URLFrom     int64 // the answer that InviteURL is from
}

// Kinds are all kinds that a request may have.
var Kinds = []batch.Kind{batch.KindInvite, batch.KindResend, batch.KindLink, batch.KindFound}

// KnownKind reports whether a request may have the kind.
func KnownKind(k batch.Kind) bool { return slices.Contains(Kinds, k) }

// Reserve makes room for so many people.
func (r *Request) Reserve(people int) {
	r.Emails, r.People = make([]string, 0, people), make([]Person, 0, people)
}

// Join adds somebody who is being claimed, and returns the position.
func (r *Request) Join(email string) int {
	r.Emails = append(r.Emails, email)
	r.People = append(r.People, Person{State: batch.StateSending, By: r.RunID})
	return len(r.People) - 1
}

// Key returns what the person at a position is compared by.
func (r *Request) Key(at int) batch.Key {
	return batch.Key{InterviewID: r.InterviewID, Email: r.Emails[at]}
}

// clone returns a copy that later answers to r do not change.
func (r *Request) clone() *Request {
	c := *r
	c.People = slices.Clone(r.People)
	return &c
}

// Find returns the position of a person, or -1. People are mostly asked for in
// their order in the request, so it begins with the one at hint. It finds those
// who were forgotten, too.
func (r *Request) Find(email string, hint int) int {
	for i := range r.Emails {
		if at := (hint + i) % len(r.Emails); r.Emails[at] == email {
			return at
		}
	}
	if !r.forgotten {
		return -1
	}
	for at := range r.Emails {
		if s, ok := parseForgottenMark(r.Emails[at]); ok && s.isOf(r.BaseURL, batch.Key{InterviewID: r.InterviewID, Email: email}) {
			return at
		}
	}
	return -1
}

// An Answer is a row of answers.
type Answer struct {
	ID         int64
	Run        int64 // that wrote it
	At         int64 // when, in microseconds
	StatusCode int
	Message    string
	Outcomes   []Outcome
	columns    Columns // until they are read
}

// Apply adds an answer. Writing the state that somebody is in does not make it
// the later run's doing, and an answer that does not tell an id, a link or the
// mark of the same state does not take back an earlier one.
func (r *Request) Apply(a *Answer) error {
	for _, o := range a.Outcomes {
		p := &r.People[o.Person]
		// Settle let nothing else through. Damage to the state of somebody must not
		// take back an invitation.
		if err := MayBecome(p.State, o.State); err != nil {
			return fmt.Errorf("%w: in answer %d to request %d, %w", ErrDamaged, a.ID, r.ID, err)
		}
		if p.State != o.State {
			p.State, p.By, p.Since, p.Mark = o.State, a.Run, a.At, ""
		}
		if o.Mark != "" {
			p.Mark = o.Mark
		}
		if o.CandidateID != "" {
			p.CandidateID, p.IDFrom = o.CandidateID, a.ID
		}
		if o.InviteURL != "" {
			p.InviteURL, p.URLFrom = o.InviteURL, a.ID
		}
	}
	return nil
}

// Keep returns one of the person's texts to keep. They are mostly parts of the
// text of a whole answer, and of a look-up each may be of another one.
func (p *Person) Keep(text string) string {
	if p.owned {
		return text
	}
	return strings.Clone(text)
}

// A Fold gathers what the requests say of one key. Re-sends are added in the order
// of their numbers.
type Fold struct {
	Rec  batch.Record
	link Link
}

// Add takes in what a request says of the person, for a run that asks.
func (f *Fold) Add(run int64, r *Request, p *Person) {
	if p.State == batch.StateInvited {
		f.link.Add(p)
		f.Rec.CandidateID, f.Rec.InviteURL = f.link.CandidateID, f.link.InviteURL
		f.Rec.Forgotten = f.Rec.Forgotten || p.Forgotten
	}
	sentOrDoubt := p.State == batch.StateInvited || p.State == batch.StateSending
	if r.Kind == batch.KindResend && sentOrDoubt && !r.ClaimedAt.Before(f.Rec.ResentAt) {
		f.Rec.ResentAt, f.Rec.ResentState = r.ClaimedAt, p.State
	}
	over := Rank(p.State) - Rank(f.Rec.State)
	if Counts(r.Kind, p.State) && (over > 0 || over == 0 && r.ID >= f.Rec.RequestID) {
		f.Rec.State, f.Rec.Kind, f.Rec.RequestID = p.State, r.Kind, r.ID
		f.Rec.JobApplicationID, f.Rec.Mark = r.Application, p.Keep(p.Mark)
		f.Rec.ThisRun = p.By == run
	}
}

// A Link is a person's id and link, gathered from what requests say of them. The
// newest id is not put beside the link of another one: the API may have made a
// second session.
type Link struct {
	CandidateID string
	InviteURL   string

	newestID string
	idFrom   int64  // the answer that newestID is from
	linkID   string // what came with InviteURL
	urlFrom  int64  // the answer that InviteURL is from
}

// Add takes in what one request says of the person.
func (l *Link) Add(p *Person) {
	if p.IDFrom > l.idFrom {
		l.newestID, l.idFrom = p.Keep(p.CandidateID), p.IDFrom
	}
	if p.URLFrom > l.urlFrom {
		l.InviteURL, l.linkID, l.urlFrom = p.Keep(p.InviteURL), p.Keep(p.CandidateID), p.URLFrom
	}
	l.CandidateID = cmp.Or(l.linkID, l.newestID)
}

// Counts reports whether a person's state in a request of the kind says
// something of the person's state. A request that found somebody counts while
// it is unsettled: what it was about to say is that they are invited, and not
// to ask the API again would be careless.
func Counts(kind batch.Kind, state batch.State) bool {
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

// Rank orders states: a higher one in any request outweighs lower ones in
// newer requests.
func Rank(s batch.State) int {
	switch s {
	case batch.StateInvited:
		return 2
	case batch.StateSending:
		return 1
	default:
		return 0
	}
}

// MayBecome refuses what must not happen to somebody in a request.
func MayBecome(old, state batch.State) error {
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

package queue

import "bulkinvite/batch/plan"

// A Line is the people of one interview who wait, and says who of them may go.
type Line struct {
	State State // changed by step
	Sent  int   // chunks that were handed out
	Out   int   // of them: those that are not done

	groups  map[*Group]struct{}
	testing int // refused requests that are being confirmed
	alone   int // people who went alone
}

// A State says who of an interview may go.
type State int

// The states of an interview.
const (
	Unread    State = iota // nobody has come up as yet
	BeingRead              // its list is read first
	Trying                 // one request at a time, since the interview itself may be what the API refuses
	Alone                  // several were refused together: people go one by one
	Unlisted               // its list is refused: people go one by one, and it is read again after the first acceptance
	ReadAgain              // somebody was accepted, and its list is read before anybody else goes
	Open                   // somebody was accepted
	Shut                   // its list cannot be read: nobody goes
	Refusing               // the API refuses it: nobody goes
)

// An Event is what happens to an interview.
type Event int

// What can happen to an interview.
const (
	ListWanted     Event = iota // somebody came up, and the list is to be read first
	ListNotWanted               // somebody came up, and the list is not to be read
	ListDone                    // the list was read, or is done without
	ListRefused                 // the list is refused: an invitation decides
	ListFailed                  // the list cannot be read
	SeveralRefused              // a request of several was refused
	Acceptance                  // somebody was accepted
	Refusal                     // so many were refused alone that it is the interview
)

// steps are the states that follow. What is not named changes nothing.
var steps = map[State]map[Event]State{
	Unread:    {ListWanted: BeingRead, ListNotWanted: Trying},
	BeingRead: {ListDone: Trying, ListRefused: Unlisted, ListFailed: Shut, Acceptance: ReadAgain, Refusal: Refusing},
	Trying:    {ListRefused: Unlisted, SeveralRefused: Alone, Acceptance: Open, Refusal: Refusing},
	Alone:     {ListRefused: Unlisted, Acceptance: Open, Refusal: Refusing},
	Unlisted:  {Acceptance: ReadAgain, Refusal: Refusing},
	ReadAgain: {ListDone: Open, ListRefused: Open, ListFailed: Shut},
	Open:      {},
	Shut:      {},
	Refusing:  {},
}

// after returns the state that follows an event.
func (s State) after(e Event) State {
	if next, changes := steps[s][e]; changes {
		return next
	}
	return s
}

// mayGo reports whether another chunk of the interview may go out now. Until the
// first acceptance only one chunk is out at a time; a refusal that is being
// confirmed counts as one that is out.
func (l *Line) mayGo() bool {
	switch l.State {
	case Trying, Alone, Unlisted:
		return l.Out == 0 && l.testing == 0
	}
	return l.State == Open
}

// goesAlone reports whether people of the interview go one by one: it may be the
// interview that is refused, which people spread over its rows tell with the
// fewest requests.
func (l *Line) goesAlone() bool { return l.State == Alone || l.State == Unlisted }

// IsRead reports whether the list is read before anybody goes.
func (l *Line) IsRead() bool { return l.State == BeingRead || l.State == ReadAgain }

// TurnsAway reports whether nobody is sent to the interview in this run. An
// invitation that exists can be sent again all the same.
func (l *Line) TurnsAway(p *Person) bool {
	return p.CandidateID == "" && (l.State == Refusing || l.State == Shut)
}

// NewLine returns the line of an interview, in which nobody waits.
func NewLine() *Line { return &Line{groups: map[*Group]struct{}{}} }

// HasMore reports whether people of the interview can go or are out, so that more
// of it may be refused. short says that a request may go that is not full.
func (l *Line) HasMore(short bool) bool {
	if l.Out > 0 {
		return true
	}
	if !l.mayGo() {
		return false
	}
	for g := range l.groups {
		if g.Lane != plan.Resend && (g.Full() || short) {
			return true
		}
	}
	return false
}

// People returns who waits.
func (l *Line) People() []*Person {
	var people []*Person
	for g := range l.groups {
		people = append(people, g.people...)
	}
	return people
}

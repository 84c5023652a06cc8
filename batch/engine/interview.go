package engine

import (
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/lists"
)

// An interview is what the run knows of one interview.
type interview struct {
	lists.Interview
	groups map[*group]struct{}

	state     interviewState
	listError string // why the list cannot be read, when shut
	refused   string // why the interview is refused for this run, when it is

	sent         int            // chunks that were handed to a worker
	out          int            // of them: those that are not done
	accepted     bool           // somebody was accepted in this run
	denied       int            // people denied alone by a bare 401 or 403
	testing      int            // refused requests that are being confirmed
	wentAlone    int            // people who went alone
	refusals     map[string]int // people refused alone, by what they were told
	refusedAlone int            // people, with whatever message

	doubts doubts
	memory lists.Memory // of its list

	timed        []int64   // requests of this run that were answered with invitations
	lastAccepted time.Time // when the last of them was
	listRequests int       // how many requests the last whole read of the list took
	writtenOff   bool      // its list is believed though it lacks somebody
}

// An interviewState says who of an interview may go.
type interviewState int

const (
	unread    interviewState = iota // nobody has come up as yet
	beingRead                       // its list is read first
	trying                          // one request at a time, since the interview itself may be what the API refuses
	alone                           // several were refused together: people go one by one
	unlisted                        // its list is refused: people go one by one, and it is read again after the first acceptance
	readAgain                       // somebody was accepted, and its list is read before anybody else goes
	open                            // somebody was accepted
	shut                            // its list cannot be read: nobody goes
	refusing                        // the API refuses it: nobody goes
)

// An interviewEvent is what happens to an interview.
type interviewEvent int

const (
	listWanted     interviewEvent = iota // somebody came up, and the list is to be read first
	listNotWanted                        // somebody came up, and the list is not to be read
	listDone                             // the list was read, or is done without
	listRefused                          // the list is refused: an invitation decides
	listFailed                           // the list cannot be read
	severalRefused                       // a request of several was refused
	acceptance                           // somebody was accepted
	refusal                              // so many were refused alone that it is the interview
)

// interviewSteps are the states that follow. What is not named changes nothing.
var interviewSteps = map[interviewState]map[interviewEvent]interviewState{
	unread:    {listWanted: beingRead, listNotWanted: trying},
	beingRead: {listDone: trying, listRefused: unlisted, listFailed: shut, acceptance: readAgain, refusal: refusing},
	trying:    {listRefused: unlisted, severalRefused: alone, acceptance: open, refusal: refusing},
	alone:     {listRefused: unlisted, acceptance: open, refusal: refusing},
	unlisted:  {acceptance: readAgain, refusal: refusing},
	readAgain: {listDone: open, listRefused: open, listFailed: shut},
	open:      {},
	shut:      {},
	refusing:  {},
}

// after returns the state that follows an event.
func (s interviewState) after(e interviewEvent) interviewState {
	if next, changes := interviewSteps[s][e]; changes {
		return next
	}
	return s
}

// mayGo reports whether another chunk of the interview may go out now. Until the
// first acceptance only one chunk is out at a time; a refusal that is being
// confirmed counts as one that is out.
func (iv *interview) mayGo() bool {
	switch iv.state {
	case trying, alone, unlisted:
		return iv.out == 0 && iv.testing == 0
	}
	return iv.state == open
}

// goesAlone reports whether people of the interview go one by one: it may be the
// interview that is refused, which people spread over its rows tell with the
// fewest requests.
func (iv *interview) goesAlone() bool { return iv.state == alone || iv.state == unlisted }

// isRead reports whether the list is read before anybody goes.
func (iv *interview) isRead() bool { return iv.state == beingRead || iv.state == readAgain }

// turnsAway reports whether nobody is sent to the interview in this run. An
// invitation that exists can be sent again all the same.
func (iv *interview) turnsAway(p *person) bool {
	return p.CandidateID == "" && (iv.state == refusing || iv.state == shut)
}

// turnedAway returns the outcome of somebody whom the interview turns away.
func (iv *interview) turnedAway(p *person) (o batch.Outcome, turned bool) {
	switch {
	case !iv.turnsAway(p):
		return o, false
	case iv.state == refusing:
		return batch.Outcome{Code: batch.CodeInterviewRefused, Error: iv.refused}, true
	default:
		return batch.Outcome{Code: batch.CodeNotSent, Error: iv.listError}, true
	}
}

// newReading returns a read of the interview's list.
func (iv *interview) newReading() *lists.Reading {
	return lists.NewReading(iv.Interview, iv.memory, iv.timed)
}

package ledger

import (
	"cmp"
	"context"
	"slices"

	"bulkinvite/batch"
)

// A census is everybody in a ledger. It tells people apart by their hashes
// alone: two of ten million have the same one with a chance of one in 300,000,
// and then a count is short by one. Somebody who was refused, forgotten and
// named again counts twice: as the stranger who they are.
type census struct {
	interviews []InterviewStatus
	numbers    map[[2]string]int32 // base URL and interview to position in interviews
	people     map[uint64]resident
	doubts     map[uint64]OpenRequest // some of them resolved by later requests
}

// A resident is what is known of somebody after the requests so far. There may
// be millions.
type resident struct {
	interview int32
	state     uint8 // position in residentStates
}

var residentStates = [...]batch.State{
	batch.StateNone, batch.StateSending, batch.StateInvited, batch.StateRefused, batch.StateFailed, batch.StateNoInvitation,
}

func newResident(interview int32, state batch.State) resident {
	return resident{interview, uint8(slices.Index(residentStates[:], state))}
}

func (r resident) is() batch.State { return residentStates[r.state] }

// readCensus reads all requests in one statement, and so in one state of the
// ledger, though a run goes on.
func readCensus(ctx context.Context, db querier) (*census, error) {
	c := &census{numbers: map[[2]string]int32{}, people: map[uint64]resident{}, doubts: map[uint64]OpenRequest{}}
	for r, err := range requests(ctx, db, "") {
		if err != nil {
			return nil, err
		}
		c.add(r)
	}
	return c, nil
}

// add counts the people of a request, which has all its answers.
func (c *census) add(r *request) {
	interview := c.number(r)
	h := newHasher(r.baseURL)
	for i := range r.people {
		state := r.people[i].state
		if !counts(r.kind, state) {
			continue
		}
		hash := h.hash(batch.Key{InterviewID: r.interviewID, Email: r.emails[i]})
		old, known := c.people[hash]
		if known && rank(old.is()) > rank(state) {
			continue
		}
		c.people[hash] = newResident(interview, state)
		if o, ok := openFor(r, i, batch.StateSending); ok {
			c.doubts[hash] = o
		}
	}
}

func (c *census) number(r *request) int32 {
	key := [2]string{r.baseURL, r.interviewID}
	n, known := c.numbers[key]
	if !known {
		n = int32(len(c.interviews))
		c.numbers[key] = n
		c.interviews = append(c.interviews, InterviewStatus{r.baseURL, r.interviewID, map[batch.State]int{}})
	}
	return n
}

// result counts, and drops the doubts that are none.
func (c *census) result() ([]InterviewStatus, []OpenRequest) {
	for _, p := range c.people {
		c.interviews[p.interview].People[p.is()]++
	}
	var doubts []OpenRequest
	for hash, d := range c.doubts {
		if c.people[hash].is() == batch.StateSending {
			doubts = append(doubts, d)
		}
	}
	slices.SortFunc(doubts, func(a, b OpenRequest) int {
		return cmp.Or(cmp.Compare(a.RequestID, b.RequestID), cmp.Compare(a.Key.Email, b.Key.Email))
	})
	return c.interviews, doubts
}

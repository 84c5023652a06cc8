package history

import (
	"cmp"
	"context"
	"slices"

	"bulkinvite/batch"
	"bulkinvite/batch/ledger/rows"
)

// A peopleCounts is everybody in a ledger. Who is in one request alone is counted
// at once. It tells the others apart by their hashes: two of ten million have the
// same one with a chance of one in 300,000, and then a count is short by one.
// Somebody who was refused, forgotten and named again counts twice: as the
// stranger who they are.
type peopleCounts struct {
	repeated   map[uint64]bool // see rows.Repeated
	interviews []InterviewStatus
	numbers    map[[2]string]int32 // base URL and interview to position in interviews
	people     map[uint64]personState
	doubts     map[uint64]OpenRequest // some of them resolved by later requests
}

// A personState is what is known of somebody after the requests so far. There may
// be millions.
type personState struct {
	interview int32
	state     uint8 // position in personStates
}

var personStates = [...]batch.State{
	batch.StateNone, batch.StateSending, batch.StateInvited, batch.StateRefused, batch.StateFailed, batch.StateNoInvitation,
}

func newPersonState(interview int32, state batch.State) personState {
	return personState{interview, uint8(slices.Index(personStates[:], state))}
}

func (r personState) is() batch.State { return personStates[r.state] }

// readPeopleCounts reads all requests in one statement, and so in one state of the
// ledger, though a run goes on.
func readPeopleCounts(ctx context.Context, db rows.Querier) (*peopleCounts, error) {
	repeated, err := rows.Repeated(ctx, db)
	if err != nil {
		return nil, err
	}
	c := &peopleCounts{repeated: repeated, numbers: map[[2]string]int32{}, people: map[uint64]personState{}, doubts: map[uint64]OpenRequest{}}
	for r, err := range rows.States(ctx, db, "") {
		if err != nil {
			return nil, err
		}
		c.add(r)
	}
	return c, nil
}

// add counts the people of a request, which has all its answers.
func (c *peopleCounts) add(r *rows.Request) {
	interview := c.number(r)
	h := rows.NewHasher(r.BaseURL)
	for i := range r.People {
		state := r.People[i].State
		if !rows.Counts(r.Kind, state) {
			continue
		}
		key := batch.Key{InterviewID: r.InterviewID, Email: r.Emails[i]}
		if state != batch.StateSending && !c.repeated[h.Short(key)] {
			c.interviews[interview].People[state]++
			continue
		}
		hash := h.Hash(key)
		old, known := c.people[hash]
		if known && rows.Rank(old.is()) > rows.Rank(state) {
			continue
		}
		c.people[hash] = newPersonState(interview, state)
		if o, ok := openFor(r, i, batch.StateSending); ok {
			c.doubts[hash] = o
		}
	}
}

func (c *peopleCounts) number(r *rows.Request) int32 {
	key := [2]string{r.BaseURL, r.InterviewID}
	n, known := c.numbers[key]
	if !known {
		n = int32(len(c.interviews))
		c.numbers[key] = n
		c.interviews = append(c.interviews, InterviewStatus{r.BaseURL, r.InterviewID, map[batch.State]int{}})
	}
	return n
}

// result counts, and drops the doubts that are none.
func (c *peopleCounts) result() ([]InterviewStatus, []OpenRequest) {
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

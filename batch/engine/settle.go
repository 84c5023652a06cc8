package engine

import (
	"errors"
	"regexp"
	"strings"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
)

// A verdict says what an answer means for one person of the request.
type verdict int

// The verdicts. The zero value is the careful one.
const (
	lostAnswer verdict = iota // the API may have acted: ask its list
	leftOut                   // a good answer without them: ask, and if not found the API does not want them
	displaced                 // the same, and it names somebody whom nobody knows: their absence never counts
	invited                   //
	notSent                   // the API has not acted: send again
	refused                   // refused alone
	split                     // too large, or denied in company: smaller
	deniedUs                  // denied alone: the key, or this person
)

// verdictCount is how many verdicts there are.
const verdictCount = deniedUs + 1

// A question is what a request asked for.
type question struct {
	lane        plan.Lane
	people      []batch.Key
	candidateID string // whose invitation is sent again
}

// A judgement is what an answer means for everybody in the request, in order.
type judgement struct {
	verdicts    []verdict
	invitations []client.Invitation // for those who are invited
	strays      []client.Invitation // those that name nobody who was asked for
	several     map[int]bool        // people who are invited under several ids
	newToUs     bool                // that an answer names people whom nobody asked for
}

// judge tells what the answer to a request means. It is pure: no clock, no
// memory. Its table test is the specification. Where the judgement has strays,
// judgeStrays says the rest.
//
// trust says that a refusal of one person alone is believed. One of several says
// nothing about who was invited.
func judge(q question, invitations []client.Invitation, err error, trust bool) judgement {
	j := judgement{
		verdicts:    make([]verdict, len(q.people)),
		invitations: make([]client.Invitation, len(q.people)),
	}
	if err != nil {
		j.all(errorVerdict(err, len(q.people), trust))
		return j
	}
	j.all(leftOut)
	if len(q.people) == 0 {
		return j
	}
	if len(q.people) == 1 && len(invitations) == 1 && invitations[0].CandidateEmail == "" {
		// The only invitation for the only person is theirs, if it names nobody else.
		j.verdicts[0], j.invitations[0] = invited, invitations[0]
		return j
	}
	var places map[batch.Key]int
	for n, inv := range invitations {
		if inv.CandidateEmail == "" {
			j.strays = append(j.strays, inv)
			continue
		}
		key := batch.Key{InterviewID: q.people[0].InterviewID, Email: batch.NormalEmail(inv.CandidateEmail)}
		i := n
		if n >= len(q.people) || q.people[n] != key { // the API promises no order, and mostly keeps it
			if places == nil {
				places = placesOf(q.people)
			}
			var found bool
			if i, found = places[key]; !found {
				j.strays = append(j.strays, inv)
				continue
			}
		}
		if j.verdicts[i] != invited {
			j.verdicts[i], j.invitations[i] = invited, inv
		} else if j.invitations[i].CandidateID != inv.CandidateID {
			j.strays = append(j.strays, inv) // a second one: the API may keep others under this address
		}
	}
	return j
}

func placesOf(people []batch.Key) map[batch.Key]int {
	places := make(map[batch.Key]int, len(people))
	for i, key := range people {
		places[key] = i
	}
	return places
}

func (j *judgement) all(v verdict) {
	for i := range j.verdicts {
		j.verdicts[i] = v
	}
}

// errorVerdict is the same for everybody in the request.
func errorVerdict(err error, people int, trust bool) verdict {
	var apiErr *client.Error
	if !errors.As(err, &apiErr) {
		return lostAnswer
	}
	notActed := apiErr.Fate == client.NotSent
	switch {
	case notActed && people > 1 && (apiErr.Cause == client.TooLarge || apiErr.Cause == client.BadKey):
		return split
	case notActed && apiErr.Cause == client.BadKey:
		return deniedUs
	case notActed && apiErr.Cause == client.TooLarge, apiErr.Fate == client.Refused && trust && people == 1:
		return refused
	case notActed, apiErr.Fate == client.Denied:
		return notSent
	}
	return lostAnswer
}

// sameRefusal returns what refusals of different people have in common: the
// message without what is the person's own, and without ids, numbers and dates.
func sameRefusal(message string, c batch.Candidate) string {
	for _, own := range []string{c.Email, strings.ToLower(c.Email), c.Name, c.JobApplicationID} {
		if own != "" {
			message = strings.ReplaceAll(message, own, "*")
		}
	}
	return varying.ReplaceAllString(batch.WithoutAddresses(message), "*")
}

// varying is a word with a digit in it, such as an id, a number or a time, with
// what joins its parts.
var varying = regexp.MustCompile(`[\pL\pN_:.,/+-]*\pN[\pL\pN_:.,/+-]*`)

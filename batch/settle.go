package batch

import (
	"errors"
	"strings"

	"bulkinvite/client"
)

// A verdict says what an answer means for one person of the request.
type verdict int

// The verdicts. The zero value is the careful one.
const (
	lostAnswer verdict = iota // the API may have acted: ask its list
	leftOut                   // a good answer without them: ask, and if not found the API does not want them
	invited                   //
	notSent                   // the API has not acted: send again
	refused                   // refused alone
	split                     // too large, or denied in company: smaller
	deniedUs                  // denied alone: the key, or this person
)

// A judgement is what an answer means for everybody in the request, in order.
type judgement struct {
	verdicts    []verdict
	invitations []client.Invitation // for those who are invited
}

// verdictCount is how many verdicts there are.
const verdictCount = deniedUs + 1

// judge tells what the answer to a request for people means. It is pure: no
// clock, no memory. Its table test is the specification.
//
// trust says that a refusal of one person alone is believed. One of several says
// nothing about who was invited.
func judge(people []Key, invitations []client.Invitation, err error, trust bool) judgement {
	j := judgement{
		verdicts:    make([]verdict, len(people)),
		invitations: make([]client.Invitation, len(people)),
	}
	if err != nil {
		j.all(errorVerdict(err, len(people), trust))
		return j
	}
	if len(people) == 1 && len(invitations) == 1 {
		// The only invitation for the only person is theirs, whatever address
		// it names: an application may hold another one than the row.
		j.verdicts[0], j.invitations[0] = invited, invitations[0]
		return j
	}
	j.all(leftOut)
	var places map[Key]int
	for n, inv := range invitations {
		if len(people) == 0 || inv.CandidateEmail == "" {
			continue
		}
		key := Key{InterviewID: people[0].InterviewID, Email: normalEmail(inv.CandidateEmail)}
		i := n
		if n >= len(people) || people[n] != key { // the API promises no order, and mostly keeps it
			if places == nil {
				places = placesOf(people)
			}
			var found bool
			if i, found = places[key]; !found {
				continue
			}
		}
		if j.verdicts[i] != invited {
			j.verdicts[i], j.invitations[i] = invited, inv
		}
	}
	return j
}

func placesOf(people []Key) map[Key]int {
	places := make(map[Key]int, len(people))
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
// message without the person's own address and name.
func sameRefusal(message string, c Candidate) string {
	for _, own := range []string{c.Email, strings.ToLower(c.Email), c.Name, c.JobApplicationID} {
		if own != "" {
			message = strings.ReplaceAll(message, own, "*")
		}
	}
	return message
}

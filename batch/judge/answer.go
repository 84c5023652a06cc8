// Package judge says what answers and lists mean: who was invited by a request,
// who was refused, and when it counts that a list does not show somebody. It
// knows the answers of the API and how far each proves something. It must not
// know a clock, the ledger, or what is done next: all in it are pure functions,
// and their table tests are the specification.
package judge

import (
	"errors"
	"regexp"
	"strings"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
)

// A Verdict says what an answer means for one person of the request.
type Verdict int

// The verdicts. The zero value is the careful one.
const (
	LostAnswer Verdict = iota // the API may have acted: ask its list
	LeftOut                   // a good answer without them: ask, and if not found the API does not want them
	Displaced                 // the same, and it names somebody whom nobody knows: their absence never counts
	Invited                   // theirs is the invitation
	NotSent                   // the API has not acted: send again
	Refused                   // refused alone
	Split                     // too large, or denied in company: smaller
	DeniedUs                  // denied alone: the key, or this person
)

// VerdictCount is how many verdicts there are.
const VerdictCount = DeniedUs + 1

// NamesOthers is why a good answer is none for some people of its request.
const NamesOthers = "the answer names other addresses"

// Reason says in words why a verdict is not that somebody is invited.
func (v Verdict) Reason(err error) string {
	switch {
	case err != nil:
		return err.Error()
	case v == LeftOut:
		return "the answer leaves this person out"
	}
	return NamesOthers
}

// State is what the ledger keeps of a verdict.
func (v Verdict) State() batch.State {
	switch v {
	case Invited:
		return batch.StateInvited
	case Refused:
		return batch.StateRefused
	case NotSent, Split, DeniedUs:
		return batch.StateNone
	}
	return batch.StateSending
}

// Mark is what the ledger remembers with it.
func (v Verdict) Mark() string {
	if v == Displaced {
		return batch.MarkOtherAddress
	}
	return ""
}

// A Question is what a request asked for.
type Question struct {
	Lane        plan.Lane
	People      []batch.Key
	CandidateID string // whose invitation is sent again
}

// A Judgement is what an answer means for everybody in the request, in order.
type Judgement struct {
	Verdicts    []Verdict
	Invitations []client.Invitation // for those who are invited
	Strays      []client.Invitation // those that name nobody who was asked for
	Several     map[int]bool        // people who are invited under several ids
}

// Answer says what the answer to a request means. Where the judgement has strays,
// the function Strays says the rest.
//
// trust says that a refusal of one person alone is believed. One of several says
// nothing about who was invited.
func Answer(q Question, invitations []client.Invitation, err error, trust bool) Judgement {
	j := Judgement{
		Verdicts:    make([]Verdict, len(q.People)),
		Invitations: make([]client.Invitation, len(q.People)),
	}
	if err != nil {
		j.all(errorVerdict(err, len(q.People), trust))
		return j
	}
	j.all(LeftOut)
	if len(q.People) == 0 {
		return j
	}
	if len(q.People) == 1 && len(invitations) == 1 && invitations[0].CandidateEmail == "" {
		// The only invitation for the only person is theirs, if it names nobody else.
		j.Verdicts[0], j.Invitations[0] = Invited, invitations[0]
		return j
	}
	var places map[batch.Key]int
	for n, inv := range invitations {
		if inv.CandidateEmail == "" {
			j.Strays = append(j.Strays, inv)
			continue
		}
		key := batch.Key{InterviewID: q.People[0].InterviewID, Email: batch.NormalEmail(inv.CandidateEmail)}
		i := n
		if n >= len(q.People) || q.People[n] != key { // the API promises no order, and mostly keeps it
			if places == nil {
				places = placesOf(q.People)
			}
			var found bool
			if i, found = places[key]; !found {
				j.Strays = append(j.Strays, inv)
				continue
			}
		}
		if j.Verdicts[i] != Invited {
			j.Verdicts[i], j.Invitations[i] = Invited, inv
		} else if j.Invitations[i].CandidateID != inv.CandidateID {
			j.Strays = append(j.Strays, inv) // a second one: the API may keep others under this address
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

func (j *Judgement) all(v Verdict) {
	for i := range j.Verdicts {
		j.Verdicts[i] = v
	}
}

// errorVerdict is the same for everybody in the request.
func errorVerdict(err error, people int, trust bool) Verdict {
	var apiErr *client.Error
	if !errors.As(err, &apiErr) {
		return LostAnswer
	}
	notActed := apiErr.Fate == client.NotSent
	switch {
	case notActed && people > 1 && (apiErr.Cause == client.TooLarge || apiErr.Cause == client.BadKey):
		return Split
	case notActed && apiErr.Cause == client.BadKey:
		return DeniedUs
	case notActed && apiErr.Cause == client.TooLarge, apiErr.Fate == client.Refused && trust && people == 1:
		return Refused
	case notActed, apiErr.Fate == client.Denied:
		return NotSent
	}
	return LostAnswer
}

// SameRefusal returns what refusals of different people have in common: the
// message without what is the person's own, and without ids, numbers and dates.
func SameRefusal(message string, c batch.Candidate) string {
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

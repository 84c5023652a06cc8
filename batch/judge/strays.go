package judge

import (
	"slices"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
)

// A Stray is an invitation of an answer whose address is that of nobody in the
// request.
type Stray struct {
	client.Invitation
	Email  string      // in the form of a Key's; empty if the answer names none
	Owners []batch.Key // whom the ledger has known under its candidate id
	Taken  bool        // the address is that of another row, or of somebody in the ledger

	Disputed bool // somebody who was not asked for in this request may be kept under the address
}

// Nobodys reports whether nothing says whose the invitation is.
func (s *Stray) Nobodys() bool { return len(s.Owners) == 0 && !s.Taken && s.Email != "" }

// owned reports whether the ledger has known the person under the invitation's
// candidate id, in whatever interview.
func (s *Stray) owned(k batch.Key) bool {
	return slices.ContainsFunc(s.Owners, func(owner batch.Key) bool { return owner.Email == k.Email })
}

// matchStrays finds those of an answer's strays that belong to the people whom
// the answer seems to leave out, one to one: first by the candidate id, then by
// the loose form of the address. It returns for each of the missing the place of
// their stray; -1 if none is theirs, and shared if as many strays as people have
// one address, so that all of them are invited and nobody knows whose is which.
func matchStrays(missing []batch.Key, strays []Stray, tags batch.TagHabits) []int {
	places := make([]int, len(missing))
	for i := range places {
		places[i] = -1
	}
	used := make([]bool, len(strays))
	for i, k := range missing {
		places[i] = onlyStray(strays, used, func(s *Stray) bool { return s.owned(k) })
	}
	loose := map[string][]int{} // people by loose address
	for i, k := range missing {
		if places[i] < 0 {
			email := batch.LooseEmail(k.Email, tags)
			loose[email] = append(loose[email], i)
		}
	}
	for email, people := range loose {
		giveLoose(places, people, strays, straysAt(strays, used, email, tags))
	}
	return places
}

// shared is the place of those who share strays with others.
const shared = -2

// onlyStray returns the place of the only unused stray that f accepts, and marks
// it used; -1 if there is none, or more than one.
func onlyStray(strays []Stray, used []bool, f func(*Stray) bool) int {
	only := -1
	for n := range strays {
		if used[n] || !f(&strays[n]) {
			continue
		}
		if only >= 0 {
			return -1
		}
		only = n
	}
	if only >= 0 {
		used[only] = true
	}
	return only
}

// straysAt returns the unused strays that nobody owns and that an API may have
// made of the addresses with this loose form.
func straysAt(strays []Stray, used []bool, email string, tags batch.TagHabits) []int {
	var at []int
	for n := range strays {
		s := &strays[n]
		if !used[n] && s.Nobodys() && batch.IsCanonical(s.Email, tags) && batch.LooseEmail(s.Email, tags) == email {
			at = append(at, n)
		}
	}
	return at
}

// giveLoose gives the strays of one address to the people who may be meant by
// it, if there is one for each. at are the places of these strays.
func giveLoose(places, people []int, strays []Stray, at []int) {
	switch {
	case len(people) != len(at):
	case len(people) == 1 && strays[at[0]].Disputed: // nobody gets a link that may be another's
	case len(people) == 1:
		places[people[0]] = at[0]
	default:
		for _, i := range people {
			places[i] = shared
		}
	}
}

// untangle makes strays of all invitations that an answer has for one address, if
// it seems to leave out somebody whom the API may keep under it: nobody knows
// whose is which. What else comes twice is no stray.
func untangle(q Question, j *Judgement, strays []Stray, tags batch.TagHabits) []Stray {
	lacking := map[string]bool{}
	for i, v := range j.Verdicts {
		if v == LeftOut {
			lacking[batch.LooseEmail(q.People[i].Email, tags)] = true
		}
	}
	places := placesOf(q.People)
	kept := make([]Stray, 0, len(strays))
	for _, s := range strays {
		i, asked := places[batch.Key{InterviewID: q.People[0].InterviewID, Email: s.Email}]
		switch {
		case !asked:
			kept = append(kept, s)
		case lacking[batch.LooseEmail(s.Email, tags)]:
			s.Taken = false // but by those who are lacking
			kept = append(kept, s)
			if j.Verdicts[i] == Invited {
				kept = append(kept, Stray{Invitation: j.Invitations[i], Email: s.Email})
				j.Verdicts[i], j.Invitations[i] = LeftOut, client.Invitation{}
			}
		default:
			j.invitedAgain(&q, i, s.Invitation)
		}
	}
	return kept
}

// invitedAgain takes in that an answer has another invitation of somebody. Which of
// two ids the API will know later nobody can tell, unless one is that of the
// invitation that was to be sent again: then neither is kept.
func (j *Judgement) invitedAgain(q *Question, i int, inv client.Invitation) {
	wanted := func(id string) bool { return q.Lane == plan.Resend && id == q.CandidateID }
	switch first := j.Invitations[i].CandidateID; {
	case inv.CandidateID == "", wanted(first):
	case wanted(inv.CandidateID), first == "" && !j.Several[i]:
		j.Invitations[i] = inv
	default:
		if j.Several == nil {
			j.Several = map[int]bool{}
		}
		j.Invitations[i], j.Several[i] = client.Invitation{}, true
	}
}

// Strays says what the strays of an answer mean for those whom it seems to
// leave out. An answer that names somebody whom nobody asked for proves nothing
// about who is missing from it.
func Strays(q Question, j *Judgement, strays []Stray, tags batch.TagHabits) {
	strays = untangle(q, j, strays, tags)
	if len(strays) == 0 {
		return
	}
	if len(q.People) == 1 && len(strays) == 1 {
		if j.Verdicts[0] != Invited {
			j.Verdicts[0] = q.soleVerdict(&strays[0], tags)
			if j.Verdicts[0] == Invited {
				j.Invitations[0] = strays[0].Invitation
			}
		}
		return
	}
	var missing []int
	var keys []batch.Key
	for i, v := range j.Verdicts {
		if v == LeftOut {
			missing, keys = append(missing, i), append(keys, q.People[i])
		}
	}
	places := matchStrays(keys, strays, tags)
	rest := restVerdict(strays, places)
	for n, i := range missing {
		switch place := places[n]; {
		case place == shared:
			j.Verdicts[i] = Invited
		case place >= 0:
			j.Verdicts[i], j.Invitations[i] = Invited, strays[place].Invitation
		default:
			j.Verdicts[i] = rest
		}
	}
}

// restVerdict is that of people to whom no stray belongs: any of the strays that
// are left over may be theirs, unless all of them are others', or may be.
func restVerdict(strays []Stray, places []int) Verdict {
	v := LeftOut
	for n := range strays {
		switch {
		case slices.Contains(places, n):
		case strays[n].Nobodys() && !strays[n].Disputed && !slices.Contains(places, shared):
			return Displaced
		default:
			v = LostAnswer
		}
	}
	return v
}

// soleVerdict is that of the only person of a request whose answer has one
// invitation, which names another address. A job application may hold another
// address than the row; else it is theirs by the candidate id that the ledger
// knows, or by the loose form of the address. One that is somebody else's, or may
// be that of another with this loose form, counts as lost, and one that is
// nobody's may be theirs or not. A re-send records nobody by it.
func (q *Question) soleVerdict(s *Stray, tags batch.TagHabits) Verdict {
	k := q.People[0]
	like := s.Nobodys() && batch.IsCanonical(s.Email, tags) && batch.LooseEmail(s.Email, tags) == batch.LooseEmail(k.Email, tags)
	switch {
	case q.Lane == plan.Resend && !k.HasAddress() && s.CandidateID == q.CandidateID:
		return Invited
	case q.Lane == plan.Resend && !k.HasAddress():
		return LostAnswer
	case s.owned(k), like && !s.Disputed:
		return Invited
	case like, len(s.Owners) > 0, s.Taken, q.Lane == plan.Resend:
		return LostAnswer
	case q.Lane == plan.Application:
		return Invited
	}
	return Displaced
}

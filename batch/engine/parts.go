package engine

import "math/bits"

// A refusal of several people says nothing about what it did: whether it is all
// or nothing is documented nowhere, and that one was says nothing about the
// next. So the list is asked before anybody in it is sent again. One alone can
// only be refused or not, which is believed until a list shows somebody of a
// refused request: from then on every refusal counts as an unknown answer.

// A party is the people of a request that was sent again in parts.
type party struct{ accepted bool }

// goThrough notes that somebody of the party was invited.
func (p *party) goThrough() {
	if p != nil {
		p.accepted = true
	}
}

// wentThrough reports whether somebody of the party was invited. What keeps the
// others back is then their own.
func (p *party) wentThrough() bool { return p != nil && p.accepted }

// A refusedPart is people of a refused request who are known not to be invited
// by it.
type refusedPart struct {
	chunk  *chunk
	people []*person
}

// oneByOneIsLess reports whether it takes fewer requests to send everybody alone
// than to find one bad row in each part by halving.
func oneByOneIsLess(parts []refusedPart, look int) bool {
	people, requests, rounds := 0, 0, 0
	for _, p := range parts {
		levels := bits.Len(uint(max(len(p.people)-1, 0)))
		people += len(p.people)
		requests += 2 * levels
		rounds = max(rounds, levels)
	}
	return people <= requests+max(rounds-1, 0)*look
}

// halves cuts people in two, or leaves one alone.
func halves(people []*person) [][]*person {
	if len(people) < 2 {
		return [][]*person{people}
	}
	middle := (len(people) + 1) / 2
	return [][]*person{people[:middle:middle], people[middle:]}
}

func oneByOne(people []*person) [][]*person {
	parts := make([][]*person, len(people))
	for i := range people {
		parts[i] = people[i : i+1 : i+1]
	}
	return parts
}

package queue

import "math/bits"

// Cutter returns how refused requests are cut into smaller ones, each with a bad
// row: in halves, or one by one if that takes fewer requests to find these rows.
// look is how many requests come between two rounds of halves.
func Cutter(requests [][]*Person, look int) func([]*Person) [][]*Person {
	people, halved, rounds := 0, 0, 0
	for _, r := range requests {
		levels := bits.Len(uint(max(len(r)-1, 0)))
		people += len(r)
		halved += 2 * levels
		rounds = max(rounds, levels)
	}
	if people <= halved+max(rounds-1, 0)*look {
		return oneByOne
	}
	return Halves
}

// Halves cuts people in two, or leaves one alone.
func Halves(people []*Person) [][]*Person {
	if len(people) < 2 {
		return [][]*Person{people}
	}
	middle := (len(people) + 1) / 2
	return [][]*Person{people[:middle:middle], people[middle:]}
}

func oneByOne(people []*Person) [][]*Person {
	parts := make([][]*Person, len(people))
	for i := range people {
		parts[i] = people[i : i+1 : i+1]
	}
	return parts
}

package queue

import (
	"slices"
	"testing"
)

func TestSpreadPlace(t *testing.T) {
	var places []int
	for n := range 8 {
		places = append(places, spreadPlace(n, 1000))
	}
	if want := []int{0, 999, 500, 250, 750, 125, 625, 375}; !slices.Equal(places, want) {
		t.Errorf("places %v, want %v", places, want)
	}
	for n := range 100 {
		if place := spreadPlace(n, 3); place < 0 || place > 2 {
			t.Errorf("the %dth place of 3 is %d", n, place)
		}
	}
}

// Halving is for few bad rows among many good ones.
func TestCutter(t *testing.T) {
	requests := func(sizes ...int) [][]*Person {
		var requests [][]*Person
		for _, n := range sizes {
			requests = append(requests, make([]*Person, n))
		}
		return requests
	}
	for _, tc := range []struct {
		requests [][]*Person
		look     int
		oneByOne bool
	}{
		{requests(2), 3, true},
		{requests(3), 3, true},
		{requests(50), 3, false},
		{requests(50), 30, true},
		{requests(50, 50, 50, 50), 10, false},
		{requests(1000), 12, false},
	} {
		if parts := Cutter(tc.requests, tc.look)(make([]*Person, 3)); (len(parts) == 3) != tc.oneByOne {
			t.Errorf("%d requests of %d with %d requests a look: %d parts of 3", len(tc.requests), len(tc.requests[0]), tc.look, len(parts))
		}
	}
}

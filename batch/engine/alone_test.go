package engine

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
func TestOneByOneIsLess(t *testing.T) {
	parts := func(sizes ...int) []refusedPart {
		var parts []refusedPart
		for _, n := range sizes {
			parts = append(parts, refusedPart{people: make([]*person, n)})
		}
		return parts
	}
	for _, tc := range []struct {
		parts []refusedPart
		look  int
		want  bool
	}{
		{parts(2), 3, true},
		{parts(3), 3, true},
		{parts(50), 3, false},
		{parts(50), 30, true},
		{parts(50, 50, 50, 50), 10, false},
		{parts(1000), 12, false},
	} {
		if got := oneByOneIsLess(tc.parts, tc.look); got != tc.want {
			t.Errorf("%d parts of %d with %d requests a look: %v", len(tc.parts), len(tc.parts[0].people), tc.look, got)
		}
	}
}

package ledger

import (
	"container/list"
	"slices"
	"testing"
)

// What is not on the disk yet stays, and what has come to it longest ago goes.
func TestPinned(t *testing.T) {
	b := &book{cached: map[int64]*list.Element{}, recent: list.New(), pinned: map[int64]int{}}
	holds := func(want ...int64) {
		t.Helper()
		for id := range b.cached {
			if !slices.Contains(want, id) {
				t.Errorf("request %d is still there", id)
			}
		}
		if len(b.cached) != len(want) || b.recent.Len() != len(want) || b.people != len(want)*cachedPeople/2 {
			t.Errorf("%d requests of %d people, want %v", len(b.cached), b.people, want)
		}
	}
	keep := func(id int64) { b.keep(&request{id: id, people: make([]person, cachedPeople/2)}) }
	for id := range int64(3) {
		keep(id + 1)
		b.pin(id + 1)
	}
	holds(1, 2, 3)
	b.pin(1) // it is settled before it is written
	b.unpin(1)
	b.unpin(2)
	keep(4)
	holds(1, 3, 4)
	b.unpin(1)
	b.unpin(3)
	keep(5)
	holds(4, 5)
	if len(b.pinned) != 0 {
		t.Errorf("still pinned: %v", b.pinned)
	}
}

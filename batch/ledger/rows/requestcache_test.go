package rows

import (
	"container/list"
	"slices"
	"testing"
)

// What is not on the disk yet stays, and what has come to it longest ago goes.
func TestPinned(t *testing.T) {
	b := &RequestCache{cached: map[int64]*list.Element{}, recent: list.New(), pinned: map[int64]int{}}
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
	keep := func(id int64) { b.Keep(&Request{ID: id, People: make([]Person, cachedPeople/2)}) }
	for id := range int64(3) {
		keep(id + 1)
		b.Pin(id + 1)
	}
	holds(1, 2, 3)
	b.Pin(1) // it is settled before it is written
	b.Unpin(1)
	b.Unpin(2)
	keep(4)
	holds(1, 3, 4)
	b.Unpin(1)
	b.Unpin(3)
	keep(5)
	holds(4, 5)
	if len(b.pinned) != 0 {
		t.Errorf("still pinned: %v", b.pinned)
	}
}

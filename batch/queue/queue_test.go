package queue

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"bulkinvite/batch"
)

// The fullest group goes first, also after another one of its interview went, and
// no empty group is left.
func TestFullestGroupGoesFirst(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		w, lines := New(batch.Options{ChunkSize: 10}, 4), make([]*Line, 4)
		for i := range lines {
			lines[i] = NewLine()
			w.Step(lines[i], ListNotWanted)
			w.Step(lines[i], Acceptance)
		}
		for row := range 300 {
			n := chance.IntN(4)
			c := batch.Candidate{Email: fmt.Sprintf("p%d@example.com", row), InterviewID: fmt.Sprint(n), DisableEmail: chance.IntN(3) == 0}
			w.Add(&Person{Candidate: c, Key: c.Key(), Row: row}, lines[n])
		}
		for g := w.Next(); g != nil; g = w.Next() {
			for i := range w.ready {
				if w.ready.Less(i, 0) {
					t.Fatalf("a group of %d goes before one of %d", len(g.people), len(w.ready[i].people))
				}
			}
			w.Done(w.Cut(g))
		}
		if len(w.groups) != 0 || w.People != 0 {
			t.Fatalf("%d groups and %d people are left", len(w.groups), w.People)
		}
	}
}

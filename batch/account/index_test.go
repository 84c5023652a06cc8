package account

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"bulkinvite/batch"
)

// memory is a Source in memory.
type memory []batch.Row

func (memory) Scan(context.Context, func(*batch.Row) error) error { return nil }

func (m memory) At(offset int64) (batch.Row, error) { return m[offset], nil }

func memoryOf(candidates []batch.Candidate) memory {
	m := make(memory, len(candidates))
	for i, c := range candidates {
		m[i] = batch.Row{Index: i, Offset: int64(i), Candidate: c}
	}
	return m
}

func TestIndexIsExact(t *testing.T) {
	const n = 100_000
	candidates := make([]batch.Candidate, n)
	first := map[batch.Key]int{}
	want := make([]int, n)
	chance := rand.New(rand.NewPCG(1, 2))
	for i := range candidates {
		candidates[i] = batch.Candidate{Email: fmt.Sprintf("p%d@example.com", chance.IntN(n)), InterviewID: "x"}
		key := candidates[i].Key()
		if _, found := first[key]; !found {
			first[key] = i
		}
		want[i] = first[key]
	}
	m := memoryOf(candidates)
	x := New(m)
	for i := range m {
		got, _, err := x.Add(&m[i], m[i].Candidate.Key())
		if err != nil || got != want[i] {
			t.Fatalf("row %d stands for row %d, want %d (%v)", i, got, want[i], err)
		}
	}
	for key, row := range first {
		if got, _, err := x.Locate(key); got != row || err != nil {
			t.Fatalf("%v is found in row %d, want %d (%v)", key, got, row, err)
		}
	}
	if got, _, _ := x.Locate(batch.NewKey("x", "nobody@example.com")); got != -1 {
		t.Errorf("nobody is found in row %d", got)
	}
}

// Two people with one hash are two people.
func TestIndexTellsEqualHashesApart(t *testing.T) {
	x := New(nil)
	seen := map[uint64]batch.Candidate{}
	var m memory
	for i := 0; m == nil; i++ {
		c := batch.Candidate{Email: fmt.Sprintf("p%d@example.com", i), InterviewID: "x"}
		hash := x.hash(c.Key())
		if other, found := seen[hash]; found {
			m = memoryOf([]batch.Candidate{other, c, other, c})
		}
		seen[hash] = c
	}
	x.src = m
	for i, want := range []int{0, 1, 0, 1} {
		if got, _, err := x.Add(&m[i], m[i].Candidate.Key()); got != want || err != nil {
			t.Errorf("row %d stands for row %d, want %d (%v)", i, got, want, err)
		}
	}
}

package batch

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// Very many interviews do not pile up in memory: when too many people wait,
// the fullest groups go, full or not. Everybody gets a place in some chunk.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interviews, each = 10_000, 5
		q := newQueue(50, 4, 0, time.Second)
		go func() {
			for i := range interviews * each {
				c := Candidate{Email: fmt.Sprintf("p%d@example.com", i), InterviewID: fmt.Sprint(i % interviews)}
				q.mu.Lock()
				q.admit()
				q.add(&person{Candidate: c, key: c.Key(), row: i}, false)
				if q.waiting > q.capacity {
					t.Errorf("%d people wait, more than %d", q.waiting, q.capacity)
				}
				q.mu.Unlock()
			}
			q.endFeed()
		}()
		seen := map[Key]bool{}
		for task := q.next(); task != nil; task = q.next() {
			for _, p := range task.chunk.people {
				if seen[p.key] || normalInterviewID(p.InterviewID) != task.chunk.interview {
					t.Fatalf("%v came twice or in the wrong chunk", p.key)
				}
				seen[p.key] = true
			}
			q.mu.Lock()
			task.chunk.iv.accepted = true
			q.mu.Unlock()
			q.done(task)
		}
		if len(seen) != interviews*each {
			t.Errorf("%d people were handed out, want %d", len(seen), interviews*each)
		}
		if len(q.groups) != 0 {
			t.Errorf("%d empty groups are left", len(q.groups))
		}
	})
}

// Until somebody is accepted, one chunk of an interview is out at a time.
func TestQueueOpensAnInterviewWithItsFirstAcceptance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(2, 4, 0, time.Second)
		q.mu.Lock()
		for i := range 6 {
			c := Candidate{Email: fmt.Sprintf("p%d@example.com", i), InterviewID: "x"}
			q.add(&person{Candidate: c, key: c.Key(), row: i}, false)
		}
		first, second := q.pick(), q.pick()
		q.mu.Unlock()
		if first == nil || second != nil {
			t.Fatalf("before the first acceptance: %v and %v are out", first, second)
		}
		q.accept(first.chunk.iv)
		q.mu.Lock()
		defer q.mu.Unlock()
		for range 2 {
			if q.pick() == nil {
				t.Error("after the first acceptance the others do not go")
			}
		}
	})
}

// Halves go before everything else, the first half first, and with nobody
// added.
func TestQueueHalves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(4, 4, 0, time.Second)
		var people []*person
		q.mu.Lock()
		for i := range 9 {
			c := Candidate{Email: fmt.Sprintf("p%d@example.com", i), InterviewID: "x"}
			people = append(people, &person{Candidate: c, key: c.Key(), row: i})
		}
		for _, p := range people[:4] {
			q.add(p, false)
		}
		refused := q.pick()
		for _, p := range people[4:] {
			q.add(p, false)
		}
		q.mu.Unlock()
		q.halve(refused.chunk, refused.chunk.people)
		q.done(refused)
		var sizes []int
		q.mu.Lock()
		q.fed = true
		q.mu.Unlock()
		for range 4 {
			task := q.next()
			sizes = append(sizes, len(task.chunk.people))
			if len(sizes) == 1 && task.chunk.people[0].row != 0 {
				t.Errorf("the first half begins with row %d", task.chunk.people[0].row)
			}
			q.done(task)
		}
		if fmt.Sprint(sizes) != "[2 2 4 1]" {
			t.Errorf("chunks of %v", sizes)
		}
	})
}

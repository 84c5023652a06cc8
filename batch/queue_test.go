package batch

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// Very many interviews do not pile up in memory: when too many people wait,
// the fullest groups go, full or not. Everybody gets a place in some chunk.
func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const interviews, each = 10_000, 5
		q := newQueue(Options{ChunkSize: 50, Concurrency: 4, SettleTime: time.Second}, interviews)
		go feedQueue(t, q, interviews, each)
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

// feedQueue lets people of so many interviews wait in turn, and checks that there
// are never too many.
func feedQueue(t *testing.T, q *queue, interviews, each int) {
	for i := range interviews * each {
		c := Candidate{Email: fmt.Sprintf("p%d@example.com", i), InterviewID: fmt.Sprint(i % interviews)}
		q.mu.Lock()
		q.admit()
		q.add(&person{Candidate: c, key: c.Key(), row: i}, false)
		if q.waiting > maxWaiting {
			t.Errorf("%d people wait, more than %d", q.waiting, maxWaiting)
		}
		q.mu.Unlock()
	}
	q.endFeed()
}

// Of not too many interviews enough people may wait for each to fill its
// requests, whatever the order of the input.
func TestQueueFillsRequests(t *testing.T) {
	for _, interviews := range []int{1, 3, 100} {
		t.Run(fmt.Sprint(interviews), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const each = 3 * 50
				q := newQueue(Options{ChunkSize: 50, Concurrency: 1, SettleTime: time.Second}, interviews)
				go feedQueue(t, q, interviews, each)
				requests := 0
				for task := q.next(); task != nil; task = q.next() {
					requests++
					q.accept(task.chunk.iv)
					q.done(task)
				}
				if requests != 3*interviews {
					t.Errorf("%d requests, want %d", requests, 3*interviews)
				}
			})
		})
	}
}

// Until somebody is accepted, one chunk of an interview is out at a time.
func TestQueueOpensAnInterviewWithItsFirstAcceptance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(Options{ChunkSize: 2, Concurrency: 4, SettleTime: time.Second}, 3)
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
		e := &Engine{queue: newQueue(Options{ChunkSize: 4, Concurrency: 4, SettleTime: time.Second}, 3)}
		q := e.queue
		people := waitingPeople(t, e, 9)
		q.mu.Lock()
		for _, p := range people[:4] {
			q.add(p, false)
		}
		refused := q.pick()
		for _, p := range people[4:] {
			q.add(p, false)
		}
		q.busy++
		q.mu.Unlock()
		if err := e.halve(refused.chunk, refused.chunk.people); err != nil {
			t.Fatal(err)
		}
		q.done(refused)
		q.endFeed()
		var sizes []int
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

// A chunk of an interview that is refused meanwhile does not wait for ever.
func TestHalvesOfARefusedInterview(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out, err := newOutcomes()
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = out.close() }()
		e := &Engine{queue: newQueue(Options{ChunkSize: 4, Concurrency: 4, SettleTime: time.Second}, 3), outcomes: out}
		people := waitingPeople(t, e, 4)
		q := e.queue
		q.mu.Lock()
		for _, p := range people {
			q.add(p, false)
		}
		refused := q.pick()
		q.busy++
		refused.chunk.iv.refused = "no"
		q.mu.Unlock()
		if err := e.halve(refused.chunk, refused.chunk.people); err != nil {
			t.Fatal(err)
		}
		q.done(refused)
		q.endFeed()
		if task := q.next(); task != nil {
			t.Errorf("a chunk of %d people goes to a refused interview", len(task.chunk.people))
		}
		o, err := e.Outcome(&Row{Index: 3})
		if err != nil || o.Code != CodeInterviewRefused {
			t.Errorf("outcome %+v (%v)", o, err)
		}
	})
}

// waitingPeople returns n people of one interview, and gives e the index of
// their rows.
func waitingPeople(t *testing.T, e *Engine, n int) []*person {
	t.Helper()
	var roster Roster
	for i := range n {
		roster.Add(NewKey("x", fmt.Sprintf("p%d@example.com", i)), "")
	}
	e.index = newIndex(&roster)
	people := make([]*person, 0, n)
	err := roster.Scan(t.Context(), func(row *Row) error {
		key := row.Candidate.Key()
		people = append(people, &person{Candidate: row.Candidate, key: key, row: row.Index})
		_, _, err := e.index.add(row, key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return people
}

// The fullest group goes first, also after another one of its interview went.
func TestQueueSendsTheFullestGroupFirst(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		q := newQueue(Options{ChunkSize: 10, Concurrency: 4, SettleTime: time.Second}, 3)
		q.mu.Lock()
		for i := range 300 {
			c := Candidate{Email: fmt.Sprintf("p%d@example.com", i), InterviewID: fmt.Sprint(chance.IntN(4)), DisableEmail: chance.IntN(3) == 0}
			p := &person{Candidate: c, key: c.Key(), row: i}
			q.interview(p).accepted = true
			q.add(p, false)
		}
		q.fed = true
		for len(q.ready) > 0 {
			for i := range q.ready {
				if q.ready.Less(i, 0) {
					t.Fatalf("a group of %d goes before one of %d", len(q.ready[0].people), len(q.ready[i].people))
				}
			}
			q.take()
		}
		q.mu.Unlock()
	}
}

// A bug while the queue is held does not keep it held: the others, who have to
// end the run, would wait for ever.
func TestBugLetsGoOfTheQueue(t *testing.T) {
	e := &Engine{queue: newQueue(Options{ChunkSize: 10, Concurrency: 1, SettleTime: time.Second}, 3), index: newIndex(&Roster{})}
	p := &person{key: NewKey("i", "ann@x.co"), row: 1} // which the index does not have
	e.queue.add(p, true)
	var bug *Panic
	if err := Guard(func() error { return e.openInterview(e.queue.interview(p), listDone, "") })(); !errors.As(err, &bug) {
		t.Fatalf("no bug: %v", err)
	}
	if !e.queue.mu.TryLock() {
		t.Error("the queue is still held")
	}
}

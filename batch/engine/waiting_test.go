package engine

import (
	"fmt"
	"testing"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/account"
	"bulkinvite/batch/outlet"
	"bulkinvite/batch/plan"
	"bulkinvite/batch/queue"
)

// runOf is a run without workers, which hands its jobs to the test, and the
// people of its input.
func runOf(t *testing.T, opts batch.Options, candidates []batch.Candidate) (*run, []*queue.Person) {
	t.Helper()
	src := &batch.Roster{}
	for _, c := range candidates {
		src.Add(c.Key(), c.JobApplicationID)
	}
	x := account.New(src)
	people := make([]*queue.Person, len(candidates))
	interviews := map[string]bool{}
	err := src.Scan(t.Context(), func(row *batch.Row) error {
		c := candidates[row.Index]
		key := c.Key()
		interviews[key.InterviewID] = true
		people[row.Index] = &queue.Person{Candidate: c, Key: key, Row: row.Index}
		_, _, err := x.Add(row, key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Open(); err != nil {
		t.Fatal(err)
	}
	opts.NoPreflight, opts.SettleTime, opts.Rate, opts.Burst = true, time.Second, 1, 1
	plan := &plan.Plan{Interviews: make([]plan.InterviewPlan, len(interviews))}
	e := &Engine{plan: plan, opts: opts, account: x}
	e.out = outlet.New(nil, opts, outlet.Hooks{End: e.endRun})
	e.run = newRun(e)
	e.out.Heard.Store(true)
	e.run.soft, e.run.refusals.key.tried = t.Context(), true
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e.run, people
}

// nextChunkOf returns the chunk that goes next, nil if none may.
func nextChunkOf(r *run) *chunk {
	if j, ok := r.picker.pick().(*sendJob); ok {
		r.picker.busy++
		return j.chunk
	}
	return nil
}

// doneOf says that a chunk is dealt with, and its people accepted.
func doneOf(r *run, c *chunk) {
	r.picker.busy--
	r.doneChunk(c)
	if !c.iv.accepted {
		c.iv.accepted = true
		r.step(c.iv, queue.Acceptance)
	}
}

func spreadCandidates(n, interviews int) []batch.Candidate {
	candidates := make([]batch.Candidate, n)
	for i := range candidates {
		candidates[i] = batch.Candidate{Name: "P", Email: fmt.Sprintf("p%d@example.com", i), InterviewID: fmt.Sprint(i % interviews)}
	}
	return candidates
}

// blockOf is the people as rows that the ledger does not know.
func blockOf(people []*queue.Person) []fedRow {
	block := make([]fedRow, len(people))
	for i, p := range people {
		block[i].row = batch.Row{Index: p.Row, Candidate: p.Candidate}
	}
	return block
}

// Very many interviews do not pile up in memory: when too many people wait,
// the fullest groups go, full or not. Everybody gets a place in some chunk.
func TestWaitingIsBounded(t *testing.T) {
	const interviews, each, most = 10_000, 5, 10_000
	r, people := runOf(t, batch.Options{ChunkSize: 50, Concurrency: 4}, spreadCandidates(interviews*each, interviews))
	r.admission.block, r.admission.fed = blockOf(people), true
	seen := map[batch.Key]bool{}
	for !r.finished() {
		if err := r.admission.admit(); err != nil {
			t.Fatal(err)
		}
		if r.waiting.People > most {
			t.Fatalf("%d people wait, more than %d", r.waiting.People, most)
		}
		c := nextChunkOf(r)
		if c == nil {
			t.Fatalf("nothing goes, and %d people wait", r.waiting.People)
		}
		for _, p := range c.People {
			if seen[p.Key] || batch.NormalInterviewID(p.InterviewID) != c.Interview {
				t.Fatalf("%v came twice or in the wrong chunk", p.Key)
			}
			seen[p.Key] = true
		}
		doneOf(r, c)
	}
	if len(seen) != interviews*each {
		t.Errorf("%d people were handed out, want %d", len(seen), interviews*each)
	}
}

// Of not too many interviews enough people may wait for each to fill its
// requests, whatever the order of the input.
func TestWaitingFillsRequests(t *testing.T) {
	for _, interviews := range []int{1, 3, 100} {
		r, people := runOf(t, batch.Options{ChunkSize: 50, Concurrency: 1}, spreadCandidates(interviews*3*50, interviews))
		r.admission.block, r.admission.fed = blockOf(people), true
		requests := 0
		for ; !r.finished(); requests++ {
			if err := r.admission.admit(); err != nil {
				t.Fatal(err)
			}
			doneOf(r, nextChunkOf(r))
		}
		if requests != 3*interviews {
			t.Errorf("%d interviews: %d requests, want %d", interviews, requests, 3*interviews)
		}
	}
}

// Until somebody is accepted, one chunk of an interview is out at a time.
func TestFirstAcceptanceOpensAnInterview(t *testing.T) {
	r, people := runOf(t, batch.Options{ChunkSize: 2, Concurrency: 4}, spreadCandidates(6, 1))
	for _, p := range people {
		r.letWait(p)
	}
	first, second := nextChunkOf(r), nextChunkOf(r)
	if first == nil || second != nil {
		t.Fatalf("before the first acceptance: %v and %v are out", first, second)
	}
	doneOf(r, first)
	for range 2 {
		if nextChunkOf(r) == nil {
			t.Error("after the first acceptance the others do not go")
		}
	}
}

// Halves go before everything else, the first half first, and with nobody
// added.
func TestHalvesGoFirst(t *testing.T) {
	r, people := runOf(t, batch.Options{ChunkSize: 4, Concurrency: 4}, spreadCandidates(9, 1))
	for _, p := range people[:4] {
		r.letWait(p)
	}
	tooLarge := nextChunkOf(r)
	for _, p := range people[4:] {
		r.letWait(p)
	}
	if err := r.admission.halve(tooLarge, tooLarge.People); err != nil {
		t.Fatal(err)
	}
	r.picker.busy--
	r.doneChunk(tooLarge)
	r.admission.fed = true
	var sizes []int
	for range 4 {
		c := nextChunkOf(r)
		if sizes = append(sizes, len(c.People)); len(sizes) == 1 && c.People[0].Row != 0 {
			t.Errorf("the first half begins with row %d", c.People[0].Row)
		}
		doneOf(r, c)
	}
	if fmt.Sprint(sizes) != "[2 2 4 1]" {
		t.Errorf("chunks of %v", sizes)
	}
}

// A chunk of an interview that is refused meanwhile does not wait for ever.
func TestHalvesOfARefusedInterview(t *testing.T) {
	r, people := runOf(t, batch.Options{ChunkSize: 4, Concurrency: 4}, spreadCandidates(4, 1))
	for _, p := range people {
		r.letWait(p)
	}
	c := nextChunkOf(r)
	c.iv.refused = "no"
	r.step(c.iv, queue.Refusal)
	if err := r.admission.halve(c, c.People); err != nil {
		t.Fatal(err)
	}
	r.picker.busy--
	r.doneChunk(c)
	r.admission.fed = true
	if c := nextChunkOf(r); c != nil || !r.finished() {
		t.Errorf("a chunk %v goes to a refused interview", c)
	}
	o, err := r.account.Outcome(&batch.Row{Index: 3}, batch.Outcome{})
	if err != nil || o.Code != batch.CodeInterviewRefused {
		t.Errorf("outcome %+v (%v)", o, err)
	}
}

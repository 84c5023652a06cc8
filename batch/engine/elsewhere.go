package engine

import (
	"errors"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/queue"
)

// elsewhere has those whom another run on the same ledger has claimed and may
// still send. They are neither sent nor looked for in the API's list before that
// run has settled them, has ended, or is taken for dead: until then the ledger is
// asked for them again and again.
type elsewhere struct {
	run    *run
	people []heldThere
	set    bool         // it is set when the ledger is asked next
	asked  map[int]bool // rows for which it was
}

// A heldThere is somebody whom another run has.
type heldThere struct {
	*queue.Person
	holder batch.Holder
}

// wait keeps somebody until the ledger knows more. Who waits for a run that has
// settled nothing for too long is uncertain: that run may wait for this one. What
// the ledger said first may be as old as this machine has stood still since.
func (e *elsewhere) wait(p *queue.Person, holder *batch.Holder) error {
	w := heldThere{p, *holder}
	if e.asked[p.Row] && time.Since(later(holder.SettledAt, e.run.start)) >= e.run.opts.GiveUpAfter {
		return e.giveUp(w)
	}
	e.people = append(e.people, w)
	e.askLater()
	return nil
}

func (e *elsewhere) giveUp(w heldThere) error {
	return e.run.record(w.Person, batch.Outcome{Code: batch.CodeUncertain,
		Error: w.holder.Name + ", is inviting this person; send this row again when that run has ended"})
}

// askLater asks the ledger in a while: not at once for each, and not all runs at
// the same moment.
func (e *elsewhere) askLater() {
	if e.set {
		return
	}
	e.set = true
	e.run.later(2*time.Second+time.Duration(e.run.opts.Random()*float64(3*time.Second)), e.ask)
}

func (e *elsewhere) ask() {
	e.set = false
	if e.run.stopped {
		return
	}
	people := e.people[:min(len(e.people), askedAtOnce)]
	e.people = e.people[len(people):]
	if len(e.people) > 0 {
		e.askLater()
	}
	e.run.picker.todo = append(e.run.picker.todo, &askJob{held: people})
}

// askedAtOnce is for how many people the ledger is asked at once.
const askedAtOnce = 1000

// An askJob asks the ledger again for people whom another run has.
type askJob struct {
	held []heldThere
	rows []fedRow
}

func (j *askJob) do(w *worker) (report, error) {
	people := make([]*queue.Person, len(j.held))
	for i := range j.held {
		people[i] = j.held[i].Person
	}
	records, err := w.Ledger.Lookup(w.Hard, peopleKeys(people))
	if err != nil {
		return nil, err
	}
	for i, p := range people {
		fed, err := w.fedRow(batch.Row{Index: p.Row, Candidate: p.Candidate}, records[i])
		if err != nil {
			return nil, err
		}
		j.rows = append(j.rows, fed)
	}
	return j, nil
}

// follow lets them come up as if the input had just named them.
func (j *askJob) follow(r *run) error {
	for _, fed := range j.rows {
		r.elsewhere.asked[fed.row.Index] = true
	}
	r.admission.block = append(r.admission.block, j.rows...)
	return nil
}

// leave gives up those who are left when the run ends.
func (e *elsewhere) leave() error {
	var err error
	for _, w := range e.people {
		err = errors.Join(err, e.giveUp(w))
	}
	return err
}

// A handOverJob tells the ledger that this run leaves it at not knowing whom a
// request invited, so that other runs on the same ledger look for them.
type handOverJob struct{ request int64 }

func (j *handOverJob) do(w *worker) (report, error) { return nil, w.shared.HandOver(w.Hard, j.request) }

// handOver lets other runs look for people of a request of this run.
func (c *confirmer) handOver(d *doubt) {
	if c.run.worker.shared == nil || d.earlier || d.handed {
		return
	}
	d.handed = true
	c.run.picker.todo = append(c.run.picker.todo, &handOverJob{d.request})
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

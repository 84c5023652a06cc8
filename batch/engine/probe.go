package engine

import (
	"fmt"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/outlet"
)

// A prober finds out when an API that is down is back: it asks for a list and,
// if that works, sends somebody, with growing pauses. That is one person alone,
// and each time another one: rows that make the API fail may be in nearly every
// chunk, which is no outage. It has a worker of its own, since all others may wait
// for the list.
type prober struct {
	run    *run
	jobs   chan<- job
	out    job  // what its worker does; nil: nothing
	down   bool // the API is down: only the prober sends
	works  bool // the list answers, and somebody is to be tried
	pauses *outlet.Pauses
	turn   int  // how often an interview was asked for
	tried  int  // how often somebody was sent
	acts   bool // a list has shown since then that requests are acted on, and answers alone are unusable
}

// begin goes down, and begins to probe.
func (p *prober) begin() {
	p.down = true
	if p.out == nil {
		p.pauses, p.works = p.run.out.NewPauses(outlet.LongestPause), false
		p.next()
	}
}

// took reports whether a job that is done was the prober's. A chunk of its own
// counts among the picker's that are out, since it may leave people in doubt; a
// probe does not, so that nobody waits for one in the end.
func (p *prober) took(j job) bool {
	if p.out == nil || p.out != j {
		return false
	}
	p.out = nil
	if _, isChunk := j.(*sendJob); isChunk {
		p.run.picker.busy--
	}
	return true
}

// next does what comes next, until an answer to an invitation is good or it is
// time to give up.
func (p *prober) next() {
	r := p.run
	if !r.out.Health.IsDown() {
		p.up()
		return
	}
	if p.works && len(r.waiting.Ready()) == 0 && r.confirmer.mayTell() {
		r.out.Health.Excuse() // nobody can be tried before the list has told of them
	}
	left := r.opts.GiveUpAfter - r.out.Health.BadFor()
	switch {
	case left <= 0:
		r.endRun(batch.APIDown, p.gaveUp())
		return
	case r.soft.Err() != nil:
		return
	case p.works && p.try():
		return
	case p.works && r.out.Health.OnlyListWasDown():
		p.up()
		return
	}
	p.give(&probeJob{interviewID: p.interviewID(), pause: p.pauses.Next(), limit: left})
}

func (p *prober) gaveUp() string {
	missed := "accepted invitation"
	if p.run.opts.ConfirmOnly {
		missed = "usable answer"
	}
	what, why := p.run.out.Health.LastBad()
	return fmt.Sprintf("%s: no %s for %v (%s)", what, missed, p.run.opts.GiveUpAfter, why)
}

func (p *prober) up() {
	p.down = false
	p.run.log.Info().Msg("the API is up again")
}

// try sends somebody. Where everybody is in doubt there is nobody, and the list,
// which works, will tell.
func (p *prober) try() bool {
	p.works = false
	for len(p.run.waiting.Ready()) > 0 {
		cut, ready := p.run.waiting.CutLone, p.run.waiting.Ready()
		if p.acts {
			cut, p.acts = p.run.waiting.Cut, false
		}
		p.tried++
		if j := p.run.picker.chunkJob(cut(ready[p.tried%len(ready)])); j != nil {
			p.run.picker.busy++
			p.give(j)
			return true
		}
	}
	p.works = true
	return false
}

func (p *prober) give(j job) {
	p.works = false
	p.out = j
	p.jobs <- j // there is room: nothing of the prober's is out
}

// interviewID returns the id of an interview, to ask for its list. They take
// turns: the list of one alone may be what does not work.
func (p *prober) interviewID() string {
	all := p.run.inTurn
	if len(all) == 0 {
		return ""
	}
	p.turn++
	return all[(p.turn-1)%len(all)].AsSent
}

// A probeJob is to find out, after a pause, whether the API's list answers.
type probeJob struct {
	interviewID  string
	pause, limit time.Duration
	works        bool
}

func (j *probeJob) do(w *worker) (report, error) {
	j.works = w.Outlet.ProbeList(w.Soft, j.interviewID, j.pause, j.limit)
	return j, nil
}

func (j *probeJob) follow(r *run) error {
	r.prober.works = j.works
	return nil
}

package engine

import (
	"time"

	"bulkinvite/batch/outlet"
	"bulkinvite/batch/queue"
)

// firstTasks is how many jobs are out before an invitation was answered: what is
// wrong with the key is wrong with all of them.
const firstTasks = 2

// A picker decides what goes next, and hands it to the workers.
type picker struct {
	run    *run
	jobs   chan<- job
	reads  []listRead // lists to read now
	todo   []job      // what else is to be done now: it goes first, also when the run ends early
	idlers int        // workers with nothing to do
	busy   int        // jobs that are out
	sent   int        // chunks that were handed out
}

// handOut gives jobs to idle workers, as long as there are both.
func (p *picker) handOut() {
	for p.idlers > 0 {
		j := p.pick()
		if j == nil {
			return
		}
		p.idlers--
		p.busy++
		p.jobs <- j // there is room: a worker waits for it
	}
}

// pick returns what goes next, nil if nothing may.
func (p *picker) pick() job {
	if len(p.todo) > 0 {
		j := p.todo[0]
		p.todo = p.todo[1:]
		return j
	}
	switch {
	case p.run.stopped:
		return nil
	case p.run.refusals.key.suspected():
		return p.pickOne()
	case !p.run.refusals.key.tried:
		return p.pickFirst()
	case len(p.reads) > 0:
		return p.nextRead()
	case p.run.prober.down:
		return nil
	}
	return p.nextChunk()
}

// nextRead takes the list that is to be read next.
func (p *picker) nextRead() job {
	read := p.reads[0]
	p.reads = p.reads[1:]
	if read.preflight {
		return &preflightJob{Reading: read.iv.newReading(), listRead: read}
	}
	return p.run.confirmer.beginLook(read.iv)
}

// nextChunk cuts the next chunk, nil if none may go. A group that does not fill a
// request goes only if nothing can be added to it: the input is at its end, or so
// many wait that the fullest has to make room.
func (p *picker) nextChunk() job {
	for g := p.run.waiting.Next(); g != nil; g = p.run.waiting.Next() {
		if !g.Full() && !p.mayGoShort() {
			return nil
		}
		if j := p.chunkJob(p.run.waiting.Cut(g)); j != nil {
			return j
		}
	}
	return nil
}

// mayGoShort reports whether a request may go that is not full.
func (p *picker) mayGoShort() bool {
	return p.run.admission.fed && len(p.run.admission.block) == 0 || p.run.waiting.Crowded() || p.run.admission.limitReached()
}

// A chunk is the people of one request.
type chunk struct {
	*queue.Chunk
	iv *interview
}

// chunkJob returns the job to send a chunk; nil if nobody of it is left to send.
func (p *picker) chunkJob(people *queue.Chunk) job {
	p.sent++
	c := &chunk{people, p.run.interviews[people.Interview]}
	pending, found := c.People[:0:0], c.People[:0:0]
	for _, one := range c.People {
		if p.run.account.Pending(one.Row) {
			pending = append(pending, one)
		} else {
			found = append(found, one) // to be invited, while they waited
		}
	}
	p.run.admission.refund(found)
	if len(pending) == 0 {
		p.run.doneChunk(c)
		return nil
	}
	p.run.setClaimed(pending, true)
	return &sendJob{chunk: c, people: pending, endpoint: p.endpointOf(pending)}
}

// endpointOf tells a request for people whose company went through, or whom the API
// turns away while others go through, from others.
func (p *picker) endpointOf(people []*queue.Person) outlet.Endpoint {
	alone := len(people) == 1
	if alone && people[0].Away >= busyTries {
		return outlet.Poison
	}
	for _, one := range people {
		again := !one.Busy.IsZero() && alone && p.run.out.Health.AcceptedSince(time.Time{}) // one person is no outage
		if !one.Party.WentThrough() && !again && !p.run.isTurnedAway(one) {
			return outlet.Invite
		}
	}
	return outlet.Remnant
}

// pickFirst is pick until the key is tried. Whom earlier runs have in doubt waits
// for that only until the API has answered anything.
func (p *picker) pickFirst() job {
	few := p.busy < firstTasks
	if few && !p.run.prober.down {
		if j := p.nextChunk(); j != nil {
			return j
		}
	}
	if len(p.reads) > 0 && (few || p.run.out.Heard.Load() && !p.reads[0].preflight) {
		return p.nextRead()
	}
	return nil
}

// pickOne is pick while the key is suspected: one job at a time, and first people
// of an interview of which nobody was denied. A look for those in doubt does not
// wait for them.
func (p *picker) pickOne() job {
	if p.busy > 0 {
		return nil
	}
	for {
		g := p.leastDenied()
		if p.run.prober.down {
			g = nil
		}
		if len(p.reads) > 0 && (g == nil || p.wantsOther(p.run.interviews[g.Interview]) || !p.reads[0].preflight) {
			return p.nextRead()
		}
		if g == nil {
			return nil
		}
		c := p.run.waiting.CutLone(g)
		if j := p.chunkJob(c); j != nil {
			return j
		}
	}
}

// wantsOther reports whether the list of another interview than one that may go
// is to be read, so that somebody of that one can be asked for.
func (p *picker) wantsOther(iv *interview) bool {
	return iv.denied > 0 && (p.run.refusals.key.lacks < deniedInterviews || !p.run.out.Heard.Load())
}

// leastDenied returns one of the groups that may go, of the interview that had
// the fewest denied.
func (p *picker) leastDenied() *queue.Group {
	var least *queue.Group
	fewest := 0
	for _, g := range p.run.waiting.Ready() {
		if denied := p.run.interviews[g.Interview].denied; least == nil || denied < fewest {
			least, fewest = g, denied
		}
	}
	return least
}

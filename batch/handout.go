package batch

import "time"

// firstTasks is how many jobs are out before an invitation was answered: what is
// wrong with the key is wrong with all of them.
const firstTasks = 2

// handOut gives jobs to idle workers, as long as there are both.
func (r *run) handOut() {
	r.heard = r.heard || r.out.heard.Load()
	for r.idlers > 0 {
		j := r.pick()
		if j == nil {
			return
		}
		r.idlers--
		r.busy++
		r.jobs <- j // there is room: a worker waits for it
	}
}

// pick returns what goes next, nil if nothing may.
func (r *run) pick() job {
	if len(r.todo) > 0 {
		j := r.todo[0]
		r.todo = r.todo[1:]
		return j
	}
	switch {
	case r.stopped:
		return nil
	case r.refusals.key.suspected():
		return r.pickOne()
	case !r.refusals.key.tried:
		return r.pickFirst()
	case len(r.reads) > 0:
		return r.nextRead()
	case r.prober.down:
		return nil
	}
	return r.nextChunk()
}

// nextRead takes the list that is to be read next.
func (r *run) nextRead() job {
	read := r.reads[0]
	r.reads = r.reads[1:]
	if read.preflight {
		return &preflightJob{reading: read.iv.newReading(), listRead: read}
	}
	return r.confirmer.beginLook(read.iv)
}

// nextChunk cuts the next chunk, nil if none may go. A group that does not fill a
// request goes only if nothing can be added to it: the input is at its end, or so
// many wait that the fullest has to make room.
func (r *run) nextChunk() job {
	for len(r.waiting.ready) > 0 {
		g := r.waiting.ready[0]
		if !g.full() && !r.mayGoShort() {
			return nil
		}
		if j := r.chunkJob(r.waiting.cut(g)); j != nil {
			return j
		}
	}
	return nil
}

// mayGoShort reports whether a request may go that is not full.
func (r *run) mayGoShort() bool {
	return r.admission.fed && len(r.admission.block) == 0 || r.waiting.crowded() || r.admission.limitReached()
}

// hasMore reports whether people of the interview can go or are out, so that
// more of it may be refused before its list is read.
func (r *run) hasMore(iv *interview) bool {
	if iv.out > 0 {
		return true
	}
	if !iv.mayGo() {
		return false
	}
	for g := range iv.groups {
		if g.lane != resend && (g.full() || r.mayGoShort()) {
			return true
		}
	}
	return false
}

// chunkJob returns the job to send a chunk; nil if nobody of it is left to send.
func (r *run) chunkJob(c *chunk) job {
	r.sent++
	pending, found := c.people[:0:0], c.people[:0:0]
	for _, p := range c.people {
		if r.account.index.pending(p.row) {
			pending = append(pending, p)
		} else {
			found = append(found, p) // to be invited, while they waited
		}
	}
	r.admission.refund(found)
	if len(pending) == 0 {
		r.doneChunk(c)
		return nil
	}
	r.account.setClaimed(pending, true)
	return &sendJob{chunk: c, people: pending, endpoint: r.endpointOf(pending)}
}

// endpointOf tells a request for people whose company went through, or whom the API
// turns away while others go through, from others.
func (r *run) endpointOf(people []*person) endpoint {
	alone := len(people) == 1
	for _, p := range people {
		again := !p.busy.IsZero() && alone && r.out.health.acceptedSince(time.Time{}) // one person is no outage
		if !p.party.wentThrough() && !again && !r.isTurnedAway(p) {
			return invite
		}
	}
	return remnant
}

// isTurnedAway reports whether that the API is too busy for somebody is no sign of
// an outage: since it first was, a request went that it has accepted.
func (r *run) isTurnedAway(p *person) bool {
	return !p.busy.IsZero() && r.out.health.acceptedSince(p.busy)
}

// pickFirst is pick until the key is tried. Whom earlier runs have in doubt waits
// for that only until the API has answered anything.
func (r *run) pickFirst() job {
	few := r.busy < firstTasks
	if few && !r.prober.down {
		if j := r.nextChunk(); j != nil {
			return j
		}
	}
	if len(r.reads) > 0 && (few || r.heard && !r.reads[0].preflight) {
		return r.nextRead()
	}
	return nil
}

// pickOne is pick while the key is suspected: one job at a time, and first people
// of an interview of which nobody was denied. A look for those in doubt does not
// wait for them.
func (r *run) pickOne() job {
	if r.busy > 0 {
		return nil
	}
	for {
		g := r.leastDenied()
		if r.prober.down {
			g = nil
		}
		if len(r.reads) > 0 && (g == nil || r.wantsOther(g.iv) || !r.reads[0].preflight) {
			return r.nextRead()
		}
		if g == nil {
			return nil
		}
		c := r.waiting.cutLone(g)
		if j := r.chunkJob(c); j != nil {
			return j
		}
	}
}

// wantsOther reports whether the list of another interview than one that may go
// is to be read, so that somebody of that one can be asked for.
func (r *run) wantsOther(iv *interview) bool {
	return iv.denied > 0 && (r.refusals.key.lacks < deniedInterviews || !r.heard)
}

// leastDenied returns one of the groups that may go, of the interview that had
// the fewest denied.
func (r *run) leastDenied() *group {
	var least *group
	for _, g := range r.waiting.ready {
		if least == nil || g.iv.denied < least.iv.denied {
			least = g
		}
	}
	return least
}

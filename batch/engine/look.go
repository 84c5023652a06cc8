package engine

import (
	"bulkinvite/batch/judge"
	"errors"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/outlet"
	"bulkinvite/client"
)

// A look is a reading of an interview's list for those in doubt.
type look struct {
	*reading
	iv      *interview
	sent    sentCounts // when it began
	excused bool       // nothing of the API worked or the run itself was in the way: that the list tells nothing says nothing
	doubts  []*doubt
	people  map[batch.Key]*person // in doubt
	found   map[*person]string    // those of them whom the list shows, with their candidate ids
	exact   map[*person]bool      // of them: those whose entry has their address
	several map[*person]bool      // those of whose address it has entries with different ids
	unclear map[*person]bool      // those whose entry may be somebody else's of them
	old     bool                  // no stranger in it can be of those whom an earlier run has
	lacks   string                // why the list cannot be believed; "" if it can
	sight   judge.Sight
	ours    int // entries that may be people's whom this run has in doubt, under addresses of the API's own
	earlier int // the same of those whom an earlier run has
}

// do reads the list.
func (l *look) do(w *worker) (report, error) {
	if err := l.begin(w); err != nil {
		return nil, err
	}
	if lists := w.out.Lists; lists.MayNotExist() {
		l.err = lists.Why()
	} else {
		l.err = l.read(l.visit)
	}
	if client.IsFatal(l.err) && w.soft.Err() == nil {
		return nil, l.err
	}
	// Whoever is shown in a list that breaks later is shown all the same.
	err := l.explain(func(key batch.Key, id string) (bool, error) { return l.isFound(key) || l.show(key, id), nil })
	for p := range l.several {
		l.found[p] = ""
	}
	if err == nil {
		l.old, err = l.areOldStrangers()
	}
	if err == nil {
		err = l.findLoosely()
	}
	if err == nil {
		l.lacks, err = l.faults()
	}
	return l, err
}

// visit takes an entry of the list in.
func (l *look) visit(key batch.Key, entry client.Entry) error {
	p := l.people[key]
	if p != nil && l.isContested(key) {
		l.holdBack(p.row, key, entry)
		return nil
	}
	if l.show(key, entry.CandidateID) {
		if l.exact[p] = true; l.several[p] {
			l.keepOwned(key, entry)
		}
		return l.worker.facts.seeListed(l.worker.hard, key.Email)
	}
	row, _, err := l.recognise(key, entry)
	if row >= 0 {
		l.keepOwned(key, entry)
	}
	return err
}

// show takes an entry of the list in, if it is that of somebody in doubt. Of two
// with one address and different ids nobody knows which is theirs.
func (l *look) show(key batch.Key, candidateID string) bool {
	p := l.people[key]
	if p == nil {
		return false
	}
	if id, again := l.found[p]; !again {
		l.found[p] = candidateID
	} else if id != candidateID {
		l.several[p] = true
	}
	return true
}

// isFound reports whether somebody in doubt was shown.
func (l *look) isFound(key batch.Key) bool {
	p := l.people[key]
	if p == nil {
		return false
	}
	_, found := l.found[p]
	return found
}

// showsMore reports whether a look shows more entries that may be of these people
// of a request than the one before.
func (l *look) showsMore(d *doubt, people []*person) bool {
	before := d.unclear
	d.unclear = 0
	for _, p := range people {
		if l.unclear[p] {
			d.unclear++
		}
	}
	return d.unclear > before
}

// split returns who of a request was found, and who was not, in input order.
func (l *look) split(d *doubt) (found, rest []*person) {
	for _, p := range d.inOrder() {
		if _, ok := l.found[p]; ok {
			found = append(found, p)
		} else {
			rest = append(rest, p)
		}
	}
	return found, rest
}

// follow judges what the look proves, and settles whom it can.
func (l *look) follow(r *run) error {
	r.took(l.iv, l.reading)
	if client.IsRefusal(l.err) && !l.iv.isRead() {
		r.step(l.iv, listRefused)
	}
	l.sight = judge.Sight{
		Begun: l.begun, Faults: l.lacks, Newest: l.newest,
		NoList: outlet.SaysNoList(l.err) && r.out.Lists.WasNeverThere() || errors.Is(l.err, outlet.ErrNoList),
	}
	left := l.strangers()
	l.ours, l.earlier = l.iv.strangers.suspects(left)
	if r.facts.otherAddresses.Load() {
		l.ours, l.earlier = len(left), len(left)
	} else if !l.old {
		l.earlier = len(left)
	}
	if l.err == nil {
		l.iv.strangers.set(left, false)
	}
	c := r.confirmer
	l.sight.Age = c.age
	l.excused = l.excused || c.inItsOwnWay(l)
	if l.err == nil && r.soft.Err() == nil && l.wantsControl(r.opts.SettleTime) {
		if iv := c.control(l.iv); iv != nil {
			r.picker.todo = append(r.picker.todo, &controlJob{reading: iv.newReading(), iv: iv, look: l})
			return nil
		}
	}
	return l.settle(r)
}

// A controlJob reads another interview's list, to see how soon lists show
// somebody.
type controlJob struct {
	*reading
	iv   *interview
	look *look
}

func (j *controlJob) do(w *worker) (report, error) {
	if err := j.begin(w); err != nil {
		return nil, err
	}
	err := j.read(func(key batch.Key, _ client.Entry) error {
		if p := j.roll.byAddress(key.Email); p != nil {
			j.shown(p)
		}
		return nil
	})
	if client.IsFatal(err) && w.soft.Err() == nil {
		return nil, err
	}
	return j, nil
}

func (j *controlJob) follow(r *run) error {
	r.took(j.iv, j.reading)
	j.look.sight.Age = r.confirmer.age
	return j.look.settle(r)
}

// wantsControl reports whether another interview's list could make this look
// count for somebody: by showing how soon lists show people.
func (l *look) wantsControl(settle time.Duration) bool {
	for _, d := range l.doubts {
		_, rest := l.split(d)
		if len(rest) > 0 && !d.refused() && l.sight.MayBeSlow(d.since, d.first, settle) {
			return true
		}
	}
	return false
}

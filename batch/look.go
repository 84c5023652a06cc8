package batch

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"bulkinvite/client"
)

// A look is a reading of an interview's list for those in doubt.
type look struct {
	*reading
	sent    sentCounts // when it began
	excused bool       // nothing of the API worked or the run itself was in the way: that the list tells nothing says nothing
	doubts  []*doubt
	byKey   map[Key]*doubt
	found   map[*person]client.Entry
	exact   map[*person]bool // of them: those whose entry has their address
	several map[*person]bool // those of whose address it has entries with different ids
	unclear map[*person]bool // those whose entry may be somebody else's of them
	sight   sight
	ours    int // entries that may be people's whom this run has in doubt, under addresses of the API's own
	earlier int // the same of those whom an earlier run has
}

// show takes an entry of the list in, if it is that of somebody in doubt. Of two
// with one address and different ids nobody knows which is theirs.
func (l *look) show(key Key, candidateID string) bool {
	d := l.byKey[key]
	if d == nil {
		return false
	}
	p := d.people[key]
	if entry, again := l.found[p]; !again {
		l.find(p, candidateID)
	} else if entry.CandidateID != candidateID {
		l.several[p] = true
	}
	return true
}

func (l *look) find(p *person, candidateID string) {
	l.found[p] = client.Entry{CandidateID: candidateID}
}

// isFound reports whether somebody in doubt was shown.
func (l *look) isFound(key Key) bool {
	d := l.byKey[key]
	if d == nil {
		return false
	}
	_, found := l.found[d.people[key]]
	return found
}

// confirm reads an interview's list and settles whom it can.
func (e *Engine) confirm(soft, hard context.Context, iv *interview) error {
	r, err := e.beginReading(hard, iv)
	if err != nil {
		return err
	}
	l := e.queue.beginLook(r)
	l.excused = e.out.health.invitesNobody()
	l.err = e.lookInto(soft, iv, func(entry client.Entry) error {
		key := NewKey(iv.id, entry.CandidateEmail)
		return e.lookAt(hard, l, key, entry)
	})
	if isFatal(l.err) && soft.Err() == nil {
		return l.err
	}
	if isRefusal(l.err) {
		e.queue.refuseList(iv)
	}
	if err := e.judgeLook(soft, hard, l); err != nil {
		return err
	}
	err = e.settleLook(hard, l, soft.Err() != nil)
	e.queue.endLook(iv)
	return err
}

// lookInto reads an interview's list for those in doubt.
func (e *Engine) lookInto(ctx context.Context, iv *interview, visit func(client.Entry) error) error {
	if e.out.lists.mayNotExist() {
		return e.out.lists.why()
	}
	return e.readList(ctx, iv, visit)
}

// lookAt takes an entry of the list in.
func (e *Engine) lookAt(ctx context.Context, l *look, key Key, entry client.Entry) error {
	d := l.byKey[key]
	if d != nil && e.isContested(l.reading, key) {
		e.holdBack(l.reading, d.people[key].row, key, entry)
		return nil
	}
	if l.show(key, entry.CandidateID) {
		p := d.people[key]
		if l.exact[p] = true; l.several[p] {
			e.keepOwned(l.reading, key, entry)
		}
		return e.seeListed(ctx, key.Email)
	}
	row, _, err := e.recognise(ctx, l.reading, key, entry)
	if row >= 0 {
		e.keepOwned(l.reading, key, entry)
	}
	return err
}

// judgeLook finds out what a look proves.
func (e *Engine) judgeLook(soft, hard context.Context, l *look) error {
	l.sight = sight{begun: l.begun, noList: saysNoList(l.err) && e.out.lists.wasNeverThere() || errors.Is(l.err, errNoList)}
	// Whoever is shown in a list that breaks later is shown all the same.
	err := e.explain(hard, l.reading, func(key Key, id string) (bool, error) { return l.isFound(key) || l.show(key, id), nil })
	if err != nil {
		return err
	}
	for p := range l.several {
		l.find(p, "")
	}
	old, err := e.areOldStrangers(hard, l.reading)
	if err != nil {
		return err
	}
	if err := e.findLoosely(l); err != nil {
		return err
	}
	left := l.strangers()
	l.ours, l.earlier = e.queue.suspects(l.iv, left)
	if e.habits.otherAddresses.Load() {
		l.ours, l.earlier = len(left), len(left)
	} else if !old {
		l.earlier = len(left)
	}
	if l.sight.faults, err = e.faults(hard, l.reading); err != nil {
		return err
	}
	if l.err == nil {
		e.queue.setStrangers(l.iv, left, false)
	}
	l.sight.newest, l.sight.age = l.newest, time.Duration(e.out.lists.age.Load())
	l.excused = l.excused || e.queue.inItsOwnWay(l, l.iv)
	if l.err != nil || soft.Err() != nil || !e.wantsControl(l) {
		return nil
	}
	err = e.readControl(soft, hard, l.iv)
	l.sight.age = time.Duration(e.out.lists.age.Load())
	return err
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

// wantsControl reports whether another interview's list could make this look
// count for somebody: by showing how soon lists show people.
func (e *Engine) wantsControl(l *look) bool {
	settle := e.opts.SettleTime
	for _, d := range l.doubts {
		_, rest := l.split(d)
		if len(rest) > 0 && !d.refused() && l.sight.faults == "" && !l.sight.showsSoon(d.since, settle) &&
			!l.begun.Before(d.from().Add(settle)) && l.begun.Before(d.from().Add(slowList*settle)) {
			return true
		}
	}
	return false
}

// readControl reads another interview's list for that, if one is short enough.
func (e *Engine) readControl(soft, hard context.Context, not *interview) error {
	iv := e.queue.control(not)
	if iv == nil {
		return nil
	}
	r, err := e.beginReading(hard, iv)
	if err != nil {
		return err
	}
	err = e.readList(soft, iv, func(entry client.Entry) error {
		if p := r.roll.byAddress(NewKey(iv.id, entry.CandidateEmail).Email); p != nil {
			e.shown(r, p)
		}
		return nil
	})
	if isFatal(err) && soft.Err() == nil {
		return err
	}
	return nil
}

// split returns who of a request was found, and who was not, in input order.
func (l *look) split(d *doubt) (found, rest []*person) {
	for _, p := range inInputOrder(slices.Collect(maps.Values(d.people))) {
		if _, ok := l.found[p]; ok {
			found = append(found, p)
		} else {
			rest = append(rest, p)
		}
	}
	return found, rest
}

// readList reads an interview's list.
func (e *Engine) readList(ctx context.Context, iv *interview, visit func(client.Entry) error) error {
	requests, err := e.out.readList(ctx, iv.asSent, visit)
	if requests > 0 {
		iv.listRequests.Store(int32(requests))
	}
	return err
}

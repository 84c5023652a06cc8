package engine

import (
	"errors"
	"time"

	"bulkinvite/batch/judge"
	"bulkinvite/batch/lists"
	"bulkinvite/batch/outlet"
	"bulkinvite/batch/queue"
	"bulkinvite/client"
)

// A look is a look at an interview's list for those in doubt.
type look struct {
	*lists.Look
	iv      *interview
	sent    sentCounts // when it began
	excused bool       // nothing of the API worked or the run itself was in the way: that the list tells nothing says nothing
	doubts  []*doubt
	sight   judge.Sight
	ours    int // entries that may be people's whom this run has in doubt, under addresses of the API's own
	earlier int // the same of those whom an earlier run has
}

// do reads the list.
func (l *look) do(w *worker) (report, error) { return l, l.Read(&w.Reader) }

// showsMore reports whether a look shows more entries that may be of these people
// of a request than the one before.
func (l *look) showsMore(d *doubt, people []*queue.Person) bool {
	before := d.unclear
	d.unclear = 0
	for _, p := range people {
		if l.Unclear[p.Key] {
			d.unclear++
		}
	}
	return d.unclear > before
}

// split returns who of a request was found, and who was not, in input order.
func (l *look) split(d *doubt) (found, rest []*queue.Person) {
	for _, p := range d.inOrder() {
		if _, ok := l.Found[p.Key]; ok {
			found = append(found, p)
		} else {
			rest = append(rest, p)
		}
	}
	return found, rest
}

// follow judges what the look proves, and settles whom it can.
func (l *look) follow(r *run) error {
	r.took(l.iv, l.Reading)
	if client.IsRefusal(l.Err) && !l.iv.IsRead() {
		r.step(l.iv, queue.ListRefused)
	}
	l.sight = judge.Sight{
		Begun: l.Begun, Faults: l.Lacks, Newest: l.Newest,
		NoList: client.SaysNoList(l.Err) && r.out.Lists.WasNeverThere() || errors.Is(l.Err, outlet.ErrNoList),
	}
	l.ours, l.earlier = l.Suspects(&l.iv.memory)
	c := r.confirmer
	l.sight.Age = c.age
	l.excused = l.excused || c.inItsOwnWay(l)
	if l.Err == nil && r.soft.Err() == nil && l.wantsControl(r.opts.SettleTime) {
		if iv := c.control(l.iv); iv != nil {
			r.picker.todo = append(r.picker.todo, &controlJob{Reading: iv.newReading(), iv: iv, look: l})
			return nil
		}
	}
	return l.settle(r)
}

// A controlJob reads another interview's list, to see how soon lists show
// somebody.
type controlJob struct {
	*lists.Reading
	iv   *interview
	look *look
}

func (j *controlJob) do(w *worker) (report, error) { return j, j.Control(&w.Reader) }

func (j *controlJob) follow(r *run) error {
	r.took(j.iv, j.Reading)
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

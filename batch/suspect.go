package batch

import (
	"errors"
	"net/http"

	"bulkinvite/client"
)

// While nobody was accepted in a run, a bare 401 or 403 may be of the key, of
// what it may do, or of one interview or person alone: sources disagree which
// is which. Then people go one at a time, of different interviews where there
// are any, until one is accepted or so many are denied.

// deniedPeople is how many people are denied alone, and nobody accepted, before
// it is the key that is refused. They are of different interviews, but of no more
// than deniedInterviews if it takes reading a list to send somebody of another.
const (
	deniedPeople     = 3
	deniedInterviews = 2
)

// firstTasks is how many tasks are out before an invitation was answered: what is
// wrong with the key is wrong with all of them.
const firstTasks = 2

// A keyDoubt is what speaks against the key. It is guarded by the queue's mutex.
type keyDoubt struct {
	tried    bool      // an invitation was answered, or could not go
	accepted bool      // somebody was accepted in this run
	works    bool      // that, or the API itself has said no to an invitation: the key is fine
	suspect  bool      // somebody, or a list, was denied
	denied   []*person // alone; they wait until the key is known to work
	lacks    int       // interviews of which somebody was
}

// suspected reports whether people go one at a time, of all interviews.
func (k *keyDoubt) suspected() bool { return k.suspect && !k.works }

// suspectKey notes that the API has denied us something.
func (q *queue) suspectKey() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.key.suspect = true
}

// keyWorks reports whether the key is known to be fine.
func (q *queue) keyWorks() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.key.works
}

// acceptsSomebody reports whether somebody was accepted in this run.
func (q *queue) acceptsSomebody() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.key.accepted
}

// pickFirst is pick until the key is tried. Whom earlier runs have in doubt waits
// for that only until the API has answered anything.
func (q *queue) pickFirst() *task {
	few := q.busy < firstTasks
	if few && !q.down {
		if c := q.take(); c != nil {
			return &task{chunk: c}
		}
	}
	if len(q.reads) > 0 && (few || q.heard.Load() && !q.reads[0].preflight) {
		return q.nextRead()
	}
	return nil
}

// pickOne is pick while the key is suspected: one task at a time, and first
// people of an interview of which nobody was denied. A look for those in doubt
// does not wait for them.
func (q *queue) pickOne() *task {
	if q.busy > 0 {
		return nil
	}
	g := q.leastDenied()
	if q.down {
		g = nil
	}
	if len(q.reads) > 0 && (g == nil || q.wantsOther(g.iv) || !q.reads[0].preflight) {
		return q.nextRead()
	}
	switch {
	case g == nil:
		return nil
	case g.lane == resend:
		return &task{chunk: q.cut(g)}
	}
	return &task{chunk: q.cutOne(g.iv)}
}

// wantsOther reports whether the list of another interview than one that may go
// is to be read, so that somebody of that one can be asked for.
func (q *queue) wantsOther(iv *interview) bool {
	return iv.denied > 0 && (q.key.lacks < deniedInterviews || !q.heard.Load())
}

// leastDenied returns one of the groups that may go, of the interview that had
// the fewest denied.
func (q *queue) leastDenied() *group {
	var least *group
	for _, g := range q.ready {
		if least == nil || g.iv.denied < least.iv.denied {
			least = g
		}
	}
	return least
}

// deniedAlone deals with somebody whom the gateway denied alone. Where the key is
// known to work, it is them whom it refuses.
func (e *Engine) deniedAlone(iv *interview, p *person, apiErr error) error {
	denied := e.queue.setAside(iv, p)
	if denied == 0 {
		return e.refusedAlone(iv, p, message(apiErr))
	}
	e.release([]*person{p})
	if denied >= deniedPeople {
		e.endRun(KeyRefused, keyRefused(apiErr.Error()))
	}
	return nil
}

// setAside keeps somebody who was denied until the key is known to work, and
// returns how many there are; 0 if it is.
func (q *queue) setAside(iv *interview, p *person) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.key.works {
		return 0
	}
	q.key.suspect = true
	if iv.denied++; iv.denied == 1 {
		q.key.lacks++
	}
	q.key.denied = append(q.key.denied, p)
	return len(q.key.denied)
}

// accepted notes that somebody of an interview was accepted, or re-sent to, and
// lets those go again who were denied before the key was known to work.
func (e *Engine) accepted(iv *interview, l lane) error {
	if l != resend {
		e.queue.accept(iv)
	}
	return e.again(e.queue.trustKey(true))
}

// refusedInWords notes that the API itself has said no to an invitation, which it
// does to those whose key it takes.
func (e *Engine) refusedInWords(err error) error {
	var apiErr *client.Error
	if !errors.As(err, &apiErr) || apiErr.Fate != client.Refused || !apiErr.Envelope ||
		apiErr.StatusCode == http.StatusUnauthorized || apiErr.StatusCode == http.StatusForbidden {
		return nil
	}
	return e.again(e.queue.trustKey(false))
}

// trustKey notes that the key works, and returns those who were denied before.
func (q *queue) trustKey(accepted bool) (denied []*person) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.key.works = true
	q.key.accepted = q.key.accepted || accepted
	denied, q.key.denied = q.key.denied, nil
	return denied
}

// keyNeverWorked ends the run as one whose key is refused, if everybody who was
// left to send was denied, be it fewer than deniedPeople.
func (e *Engine) keyNeverWorked() {
	q := e.queue
	q.mu.Lock()
	defer q.mu.Unlock()
	if n := len(q.key.denied); n > 0 && !q.key.works {
		e.endOnce.Do(func() {
			e.end, e.reason = KeyRefused, keyRefused(q.key.denied[0].reason)
		})
	}
}

// keyRefused says in words that the key is refused, and what to do.
func keyRefused(answer string) string {
	return "the API refused the key (" + answer + "), check the API key"
}

func isBadKey(err error) bool {
	var apiErr *client.Error
	return errors.As(err, &apiErr) && apiErr.Cause == client.BadKey
}

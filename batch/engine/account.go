package engine

import (
	"errors"

	"bulkinvite/batch"
	"bulkinvite/batch/queue"
)

// record notes what became of somebody.
func (r *run) record(p *queue.Person, o batch.Outcome) error { return r.recordWanting(p, o, false) }

// recordWanting is record for an outcome whose link may have to be fetched.
func (r *run) recordWanting(p *queue.Person, o batch.Outcome, link bool) error {
	o.Attempts = p.Attempts
	return r.account.Record(p.Row, o, link)
}

// recordAll records one outcome for all these people.
func (r *run) recordAll(people []*queue.Person, o batch.Outcome) error {
	var err error
	for _, p := range people {
		err = errors.Join(err, r.record(p, o))
	}
	return err
}

// setClaimed notes whether a request for these people may be out.
func (r *run) setClaimed(people []*queue.Person, out bool) {
	for _, p := range people {
		r.account.SetClaimed(p.Row, out)
	}
}

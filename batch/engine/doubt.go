package engine

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/judge"
	"bulkinvite/batch/queue"
)

// A doubt is a request of which it is not known whom it invited. Only the API's
// list tells, or the end of the run.
type doubt struct {
	request int64 // in the ledger, to be settled
	iv      *interview
	chunk   *chunk                      // what was sent; nil: by an earlier run
	size    int                         // people in it
	people  map[batch.Key]*queue.Person // of whom it is not known yet
	since   time.Time                   // when the request had ended for certain
	first   time.Time                   // when the first look that did not show them ended; zero before
	then    then
	earlier bool   // from an earlier run
	handed  bool   // other runs may look for its people
	applied bool   // the request in doubt named a job application
	outage  bool   // the API was down or busy: that it did not act says nothing of the people
	busy    bool   // the API was busy, for them or for all
	unclear int    // people in it whose entry may be another's
	failed  int    // looks that could not tell
	problem string // why the last of these could not
	seq     int

	// displaced is set if the answer named addresses that nobody asked for: that
	// a list does not show the people never counts.
	displaced bool
}

// then says what follows if people in doubt are known not to be invited.
type then int

const (
	sendAgain       then = iota
	notWanted            // no_invitation
	part                 // of a refused request of several: smaller ones go
	refusedAfterAll      // refused
)

// maxFailedLooks is how many looks at the list that cannot tell end in
// uncertain.
const maxFailedLooks = 3

// inOrder returns the people in input order.
func (d *doubt) inOrder() []*queue.Person {
	return queue.InInputOrder(slices.Collect(maps.Values(d.people)))
}

// refused reports whether the request was refused, which the list is asked
// about all the same.
func (d *doubt) refused() bool { return d.then == part || d.then == refusedAfterAll }

// from is when the settle time before the next look that counts begins.
func (d *doubt) from() time.Time { return cmp.Or(d.first, d.since) }

// dueRefused returns when a look can show what a refused request did: once the
// list is known to show people, and if that look did not tell, as for others.
func (d *doubt) dueRefused(settle, age time.Duration, lastRead time.Time) time.Time {
	if soon := d.since.Add(age); d.first.IsZero() && age > 0 && age < settle && lastRead.Before(soon) {
		return soon
	}
	if due := d.from().Add(settle); lastRead.Before(due) {
		return due
	}
	return lastRead.Add(settle)
}

// notFoundCounts reports whether it means something that the list does not
// show somebody of the request: a job application may hold another address than
// the row.
func (d *doubt) notFoundCounts(p *queue.Person) bool {
	return p.JobApplicationID == "" && !d.applied && !d.displaced
}

// why returns the error of somebody who stays in doubt.
func (c *confirmer) why(d *doubt, p *queue.Person, end string) string {
	if c.run.opts.ConfirmOnly { // that they are in doubt is known, and there is no row to send again
		return cmp.Or(d.problem, end)
	}
	cause := "the answer to this invitation was lost (" + p.Reason + ")"
	switch {
	case d.displaced, p.Reason == judge.NamesOthers:
		cause = "the API's answer named another address"
	case d.earlier:
		cause = "an earlier run did not learn what became of this invitation"
	case d.then == notWanted:
		cause = "the API left this person out of its answer"
	}
	if d.problem != "" {
		end = d.problem
	}
	hint := "send this row again: the API is asked before anything is sent"
	if !p.Listable() || !d.notFoundCounts(p) || c.run.out.Lists.WasNeverThere() {
		hint = "look in the dashboard whether they are invited, and say so with bulkinvite confirm --assume"
	}
	return cause + " and " + end + "; " + hint
}

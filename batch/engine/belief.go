package engine

import "time"

// What a list proves: pure functions of what was read and what is known, without
// a clock.

// A sight is what a read of an interview's list is worth as a proof that
// somebody is not in it.
type sight struct {
	begun  time.Time
	noList bool          // there seems to be none
	faults string        // why it cannot be believed; "" if it can
	newest time.Time     // when the youngest was accepted whom it shows and this run has invited
	age    time.Duration // the smallest age at which a read of this run has shown somebody; 0: none has
}

// absence is what a look means for the people of a request whom it did not show.
type absence int

const (
	lookAgain  absence = iota
	absentOnce         // a second look as long after this one has to agree
	knownAbsent
	noProof // it should have told, and did not
	cannotTell
)

// slowList is how many settle times a list is given of which nothing shows how
// soon it shows somebody.
const slowList = 4

// absent judges that the list did not show somebody of a request which ended at
// a time, and whom no look that ended at first showed either (zero: there was
// none). refused says that the request was refused, and that refusals are
// believed as far as they can be.
func (s *sight) absent(ended, first time.Time, refused bool, settle time.Duration) absence {
	from := ended
	if !first.IsZero() {
		from = first
	}
	switch {
	case s.noList:
		return cannotTell
	case refused && s.age > 0 && s.faults == "" && !s.begun.Before(ended.Add(s.age)):
		return knownAbsent // what had to be in it by then is
	case s.begun.Before(from.Add(settle)):
		return lookAgain // too early to mean anything
	case s.faults != "":
		return noProof
	case !refused && !s.showsSoon(ended, settle) && s.begun.Before(from.Add(slowList*settle)):
		return lookAgain
	case first.IsZero():
		return absentOnce
	}
	return knownAbsent
}

// showsSoon reports whether something shows that the list would show somebody a
// settle time after a request that ended at a time: it shows somebody who was
// accepted later, or a read of this run has shown somebody that soon.
func (s *sight) showsSoon(ended time.Time, settle time.Duration) bool {
	return s.newest.After(ended) || s.age > 0 && s.age <= settle
}

// What may be missing from a list, or be there without an address, and be
// written off: one in so many of those who are known, or one, if so many earlier
// runs have missed exactly the same.
const (
	writeOffOneIn = 50
	writeOffRuns  = 2
)

// A gap is what a list lacks.
type gap struct {
	missing  int  // people who are known to be invited
	nameless int  // entries without an address
	known    int  // people who are known to be invited
	company  bool // others of the requests of the missing ones are shown
	runs     int  // earlier runs in a row that missed exactly the same
}

// writtenOff reports whether a list is believed all the same.
func (g *gap) writtenOff() bool {
	n := g.missing + g.nameless
	return n == 0 || g.runs >= writeOffRuns && g.company && n <= max(1, g.known/writeOffOneIn)
}

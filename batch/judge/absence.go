package judge

import (
	"cmp"
	"time"
)

// A Sight is what a read of an interview's list is worth as a proof that
// somebody is not in it.
type Sight struct {
	Begun  time.Time
	NoList bool          // there seems to be none
	Faults string        // why it cannot be believed; "" if it can
	Newest time.Time     // when the youngest was accepted whom it shows and this run has invited
	Age    time.Duration // the smallest age at which a read of this run has shown somebody; 0: none has
}

// Absence is what a look means for the people of a request whom it did not show.
type Absence int

// What a look can mean for them.
const (
	LookAgain  Absence = iota
	AbsentOnce         // a second look as long after this one has to agree
	KnownAbsent
	NoProof // it should have told, and did not
	CannotTell
)

// slowList is how many settle times a list is given of which nothing shows how
// soon it shows somebody.
const slowList = 4

// TellsBy returns when a list has told of a request that ended at a time, if looks
// at it tell anything: two of them, each as late as it may have to be, or the next.
func TellsBy(ended time.Time, settle time.Duration) time.Time {
	return ended.Add(2 * (slowList + 1) * settle)
}

// Absent judges that the list did not show somebody of a request which ended at
// a time, and whom no look that ended at first showed either (zero: there was
// none). refused says that the request was refused, and that refusals are
// believed as far as they can be.
func (s *Sight) Absent(ended, first time.Time, refused bool, settle time.Duration) Absence {
	switch {
	case s.NoList:
		return CannotTell
	case refused && s.Age > 0 && s.Faults == "" && !s.Begun.Before(ended.Add(s.Age)):
		return KnownAbsent // what had to be in it by then is
	case s.Begun.Before(cmp.Or(first, ended).Add(settle)):
		return LookAgain // too early to mean anything
	case s.Faults != "":
		return NoProof
	case !refused && s.MayBeSlow(ended, first, settle):
		return LookAgain
	case first.IsZero():
		return AbsentOnce
	}
	return KnownAbsent
}

// MayBeSlow reports whether the look is late enough for a list that shows people
// soon, and nothing shows that this one does: it shows nobody who was accepted
// after the request ended, and no read of this run has shown somebody that soon.
func (s *Sight) MayBeSlow(ended, first time.Time, settle time.Duration) bool {
	from := cmp.Or(first, ended)
	soon := s.Newest.After(ended) || s.Age > 0 && s.Age <= settle
	return !soon && s.Faults == "" && !s.Begun.Before(from.Add(settle)) && s.Begun.Before(from.Add(slowList*settle))
}

package lists

import (
	"fmt"
	"slices"
)

// strangers are the entries of an interview's list that are nobody's whom this
// run or the ledger knows.
type strangers struct {
	known     map[uint64]struct{} // those that were there early; nil: nobody has looked. It is replaced, and never changed
	preflight bool                // before this run sent anybody
}

// set notes the strangers of a whole list. Those that a look shows first may be
// people whom this run has invited already.
func (s *strangers) set(left []leftover, preflight bool) {
	if s.known != nil && !preflight {
		return
	}
	*s = strangers{known: make(map[uint64]struct{}, len(left)), preflight: preflight}
	for i := range left {
		s.known[left[i].is] = struct{}{}
	}
}

// suspects returns how many of the entries that are nobody's may be those of
// people whom this run has in doubt, and of people whom an earlier run has:
// those who were not there early. What this run's preflight showed was there
// before it sent anybody.
func (s *strangers) suspects(left []leftover) (ours, earlier int) {
	for i := range left {
		if _, known := s.known[left[i].is]; !known {
			earlier++
		}
	}
	if !s.preflight {
		return len(left), earlier
	}
	return earlier, earlier
}

// rememberStrangers is what the ledger remembers of the strangers in an interview's
// list, with the interview's id behind it: which there were when nobody of it was
// in doubt.
const rememberStrangers = "strangers/"

// strangersSum is the same for two reads that show the same strangers.
func (r *Reading) strangersSum() string {
	left, sum := r.unknown(), uint64(0)
	for i := range left {
		sum += left[i].is
	}
	return fmt.Sprintf("%d %016x", len(left), sum)
}

// noteStrangers remembers the strangers that a preflight shows, for a run that has
// to find out what became of this one's people. A list that is known to show
// addresses as they were sent needs none of that.
func (r *Reading) noteStrangers() error {
	if len(r.left) == 0 || len(r.inDoubt) > 0 || r.Facts.listed.Load() {
		return nil
	}
	return r.Ledger.Remember(r.Hard, rememberStrangers+r.ID, r.strangersSum())
}

// areOldStrangers reports whether no stranger in a list can be somebody whom an
// earlier run has in doubt: addresses are shown as they were sent, or all of them
// were there before.
func (r *Reading) areOldStrangers() (bool, error) {
	if r.Facts.listed.Load() || len(r.left) == 0 {
		return true, nil
	}
	before, err := r.Ledger.Recall(r.Hard, rememberStrangers+r.ID)
	return before == r.strangersSum(), err
}

// mayBeEarly reports whether one of these entries may have been there before this
// run sent anybody.
func (r *Reading) mayBeEarly(places []int) bool {
	return !r.strangers.preflight || slices.ContainsFunc(places, func(i int) bool {
		_, known := r.strangers.known[r.left[i].is]
		return known
	})
}

package lists

import (
	"errors"
	"fmt"
	"slices"

	"bulkinvite/batch"
	"bulkinvite/batch/plan"
	"bulkinvite/client"
)

// A Found is a row whose person an interview's list shows, or may, and what
// became of it by that.
type Found struct {
	Row     int
	Outcome batch.Outcome
}

// Preflight reads the list before an interview's first chunk, so that people who
// were invited elsewhere are not invited again. It writes them to the ledger, and
// hands over who was found as it goes on: what a list shows is true, whatever
// comes after it. An error is none of the API's: that is Err.
func (r *Reading) Preflight(reader *Reader, tell func([]Found)) error {
	if err := r.begin(reader); err != nil {
		return err
	}
	err := r.findRows(&foundRows{Reading: r, tell: tell})
	if err == nil && client.IsFatal(r.Err) && reader.Soft.Err() == nil {
		err = r.Err
	}
	return err
}

func (r *Reading) findRows(found *foundRows) error {
	r.Err = r.read(func(key batch.Key, entry client.Entry) error {
		row, c, err := r.recognise(key, entry)
		switch {
		case err != nil || row < 0:
			return err
		case r.isContested(key):
			r.holdBack(row, key, entry)
			return nil
		}
		return found.add(row, c, entry.CandidateID)
	})
	var err error
	if r.Err == nil {
		err = r.explain(found.find)
	}
	if r.Err == nil && err == nil {
		err = found.findLoosely()
	}
	if err = errors.Join(err, found.flush()); err != nil || r.Err != nil {
		return err
	}
	faults, err := r.faults()
	if faults != "" {
		r.Err = &client.Error{Err: errors.New(faults)}
		return err
	}
	return errors.Join(err, r.noteStrangers())
}

// KeepStrangers keeps which entries a preflight has shown that are nobody's.
func (m *Memory) KeepStrangers(r *Reading) { m.strangers.set(r.unknown(), true) }

// foundRows are the rows that a list shows and that are not written yet.
type foundRows struct {
	*Reading
	people []foundPerson
	seen   map[batch.Key]bool // in this block
	tell   func([]Found)      // hands a block over
}

// A foundPerson is somebody whom a list shows.
type foundPerson struct {
	key batch.Key
	row int
	id  string // of the candidate
}

// foundBlock is how many of them are written to the ledger at once.
const foundBlock = 500

// find is a finder: add for a row that is found by its key.
func (f *foundRows) find(key batch.Key, candidateID string) (bool, error) {
	row, c, err := f.Account.Locate(key)
	if err != nil || row < 0 {
		return false, err
	}
	return true, f.add(row, c, candidateID)
}

// add takes a row in that the list shows, unless it is known already; in doubt,
// which confirming settles; or to be re-sent.
func (f *foundRows) add(row int, c batch.Candidate, candidateID string) error {
	key := c.Key()
	if !f.Account.Untouched(row) || c.CandidateID != "" || f.seen[key] {
		return nil
	}
	if f.seen == nil {
		f.seen = map[batch.Key]bool{}
	}
	f.seen[key] = true
	f.people = append(f.people, foundPerson{key, row, candidateID})
	if len(f.people) < foundBlock {
		return nil
	}
	return f.flush()
}

// flush writes those who were found to the ledger, then hands them over.
func (f *foundRows) flush() error {
	if len(f.people) == 0 {
		return nil
	}
	if err := f.leaveDoubts(); err != nil {
		return err
	}
	claim, err := f.Ledger.Claim(f.Hard, batch.Request{Kind: batch.KindFound, InterviewID: f.AsSent, People: f.keys()})
	if err != nil {
		return fmt.Errorf("claim: %w", err)
	}
	answer := batch.Answer{Message: "found in the API's list"}
	found := make([]Found, len(f.people))
	for i, p := range f.people {
		o := batch.Outcome{Status: batch.StatusAlreadyInvited, CandidateID: p.id}
		if held := claim.Held[i]; held != nil {
			o.CandidateID, o.InviteURL = held.CandidateID, held.InviteURL
		} else {
			answer.Outcomes = append(answer.Outcomes, batch.Settlement{Key: p.key, State: batch.StateInvited, CandidateID: p.id})
		}
		found[i] = Found{p.row, o}
	}
	if claim.ID != 0 {
		if err := f.Ledger.Settle(f.Hard, claim.ID, answer); err != nil {
			return fmt.Errorf("settle: %w", err)
		}
	}
	f.tell(found)
	f.people, f.seen = nil, nil
	return nil
}

func (f *foundRows) keys() []batch.Key {
	keys := make([]batch.Key, len(f.people))
	for i := range f.people {
		keys[i] = f.people[i].key
	}
	return keys
}

// leaveDoubts leaves out whom a dead run has in doubt, of whom the feeder, which
// may be far behind, has not told yet. Of them the list is to tell what became
// of that run's request, and they are to get its link: they are confirmed, and
// not people who were invited elsewhere.
func (f *foundRows) leaveDoubts() error {
	records, err := plan.Lookup(f.Hard, f.Ledger, f.keys())
	if err != nil {
		return err
	}
	people := f.people[:0]
	for i := range records {
		if records[i].State != batch.StateSending {
			people = append(people, f.people[i])
		}
	}
	f.people = people
	return nil
}

// mayBeTheirs is why somebody is not sent.
var mayBeTheirs = batch.Outcome{Code: batch.CodeUncertain, Error: "the API's list shows an entry that may be this person's or another's; " +
	"look in the dashboard whether they are invited, and if they are not send this row with --no-preflight"}

// findLoosely finds people of the input whom the API may keep under another form
// of their address, if there is an entry for each who may be. Else they are not
// sent, since it may be theirs.
func (f *foundRows) findLoosely() error {
	entries := f.byForm()
	for form := range f.held {
		if len(entries[form]) == 0 {
			entries[form] = nil // members have them all
		}
	}
	for form, at := range entries {
		v, err := f.rivalsOf(form, func(batch.Key) bool { return false })
		if err != nil {
			return err
		}
		enough := len(at) >= v.sent+len(v.waiting)+v.turned && !anyOwned(f.left, at)
		for _, p := range v.waiting {
			id := ""
			if len(at) == 1 {
				id = f.left[at[0]].id
			}
			switch {
			case p.CandidateID != "": // theirs is sent again
			case enough:
				err = errors.Join(err, f.add(p.row, p.Candidate, id))
			case len(at) > 0 || slices.Contains(f.held[form], p.row):
				f.tell([]Found{{p.row, mayBeTheirs}})
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

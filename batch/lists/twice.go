package lists

import (
	"errors"
	"maps"
	"slices"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// An entryName is what tells entries of one address apart.
type entryName struct{ candidateID, created string }

// A likeness is an address that is nobody's, and who may be kept under it.
type likeness struct {
	entries int
	lacking int    // people whom the list does not show under their own address
	ours    string // somebody whom this run invited
}

// A doubleLook is a look for people who stand in an interview's list twice.
type doubleLook struct {
	*Reader
	Interview
	entries map[string]map[entryName]bool // by address
	alike   map[string]*likeness          // by address
}

// ErrLong is why a list was not read to its end: it took more requests than it may.
var ErrLong = errors.New("the list takes more requests than it may")

// Twice reads an interview's list and returns who of those whom this run invited
// stands there twice, under one address or under such as have one loose form.
// It fails if the list takes more than most requests: nothing else says how long
// a list is that this run has not read before.
func (r *Reader) Twice(iv Interview, most int) ([]string, error) {
	d := doubleLook{Reader: r, Interview: iv, entries: map[string]map[entryName]bool{}, alike: map[string]*likeness{}}
	before := r.Outlet.Requests()
	_, err := r.Outlet.ReadList(r.Soft, iv.AsSent, func(entry client.Entry) error {
		if r.Outlet.Requests()-before > most {
			return ErrLong
		}
		email := batch.NewKey(iv.ID, entry.CandidateEmail).Email
		if d.entries[email] == nil {
			d.entries[email] = map[entryName]bool{}
		}
		d.entries[email][entryName{entry.CandidateID, entry.DateCreated}] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	delete(d.entries, "")
	var twice []string
	for email, names := range d.entries {
		ours, known, err := d.isOurs(email)
		if err != nil {
			return nil, err
		}
		switch {
		case ours && len(names) > 1:
			twice = append(twice, email)
		case !known && batch.IsCanonical(email, r.Facts.list.habits()):
			d.alike[email] = &likeness{entries: len(names)}
		}
	}
	more, err := d.twiceAlike()
	twice = append(twice, more...)
	slices.Sort(twice)
	return slices.Compact(twice), err
}

// twiceAlike returns people whom this run invited and who stand twice under
// another form of their address: where it has more entries than people who lack
// one of their own.
func (d *doubleLook) twiceAlike() ([]string, error) {
	if len(d.alike) == 0 {
		return nil, nil
	}
	err := d.Ledger.Members(d.Hard, d.ID, func(m batch.Member) error {
		delete(d.alike, m.Key.Email) // it is somebody's after all
		a := d.alike[batch.LooseEmail(m.Key.Email, d.Facts.list.habits())]
		if a == nil || !m.Key.HasAddress() {
			return nil
		}
		if d.entries[m.Key.Email] == nil {
			a.lacking++
		}
		ours, _, err := d.isOurs(m.Key.Email)
		if ours {
			a.ours = m.Key.Email
		}
		return err
	})
	var twice []string
	for a := range maps.Values(d.alike) {
		if a.ours != "" && a.entries > a.lacking {
			twice = append(twice, a.ours)
		}
	}
	return twice, err
}

// isOurs reports whether somebody is a row that this run has invited, and whether
// they are a row at all.
func (d *doubleLook) isOurs(email string) (ours, known bool, err error) {
	row, _, err := d.Account.Locate(batch.Key{InterviewID: d.ID, Email: email})
	if err != nil || row < 0 {
		return false, false, err
	}
	o, err := d.Account.OutcomeAt(row, batch.Outcome{})
	return o.Status == batch.StatusInvited || o.Status == batch.StatusConfirmed, true, err
}

package lists

import (
	"slices"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// A Look is a reading of an interview's list for people in doubt.
type Look struct {
	*Reading
	People  map[batch.Key]int    // in doubt, and their rows
	Found   map[batch.Key]string // those of them whom the list shows, with their candidate ids
	Unclear map[batch.Key]bool   // those whose entry may be somebody else's of them
	Lacks   string               // why the list cannot be believed; "" if it can

	exact   map[batch.Key]bool // of those whom it shows: those whose entry has their address
	several map[batch.Key]bool // those of whose address it has entries with different ids
	old     bool               // no stranger in it can be of those whom an earlier run has
}

// NewLook returns a look at a list, for nobody.
func NewLook(r *Reading) *Look {
	return &Look{
		Reading: r, People: map[batch.Key]int{}, Found: map[batch.Key]string{}, Unclear: map[batch.Key]bool{},
		exact: map[batch.Key]bool{}, several: map[batch.Key]bool{},
	}
}

// Read reads the list. An error is none of the API's: that is Err.
func (l *Look) Read(reader *Reader) error {
	if err := l.begin(reader); err != nil {
		return err
	}
	if lists := reader.Outlet.Lists; lists.MayNotExist() {
		l.Err = lists.Why()
	} else {
		l.Err = l.read(l.visit)
	}
	if client.IsFatal(l.Err) && reader.Soft.Err() == nil {
		return l.Err
	}
	// Whoever is shown in a list that breaks later is shown all the same.
	err := l.explain(func(key batch.Key, id string) (bool, error) { return l.isFound(key) || l.show(key, id), nil })
	for key := range l.several {
		l.Found[key] = ""
	}
	if err == nil {
		l.old, err = l.areOldStrangers()
	}
	if err == nil {
		err = l.findLoosely()
	}
	if err == nil {
		l.Lacks, err = l.faults()
	}
	return err
}

// visit takes an entry of the list in.
func (l *Look) visit(key batch.Key, entry client.Entry) error {
	if row, asked := l.People[key]; asked && l.isContested(key) {
		l.holdBack(row, key, entry)
		return nil
	}
	if l.show(key, entry.CandidateID) {
		if l.exact[key] = true; l.several[key] {
			l.keepOwned(key, entry)
		}
		return l.Facts.seeListed(l.Hard, key.Email)
	}
	row, _, err := l.recognise(key, entry)
	if row >= 0 {
		l.keepOwned(key, entry)
	}
	return err
}

// show takes an entry of the list in, if it is that of somebody in doubt. Of two
// with one address and different ids nobody knows which is theirs.
func (l *Look) show(key batch.Key, candidateID string) bool {
	if _, asked := l.People[key]; !asked {
		return false
	}
	if id, again := l.Found[key]; !again {
		l.Found[key] = candidateID
	} else if id != candidateID {
		l.several[key] = true
	}
	return true
}

func (l *Look) isFound(key batch.Key) bool {
	_, found := l.Found[key]
	return found
}

// Suspects returns how many entries may be people's whom this run has in doubt,
// under addresses of the API's own, and how many those of people whom an earlier
// run has. Memory is what is known of the interview's list by now.
func (l *Look) Suspects(m *Memory) (ours, earlier int) {
	left := l.unknown()
	ours, earlier = m.strangers.suspects(left)
	switch {
	case l.Facts.OtherAddresses():
		ours, earlier = len(left), len(left)
	case !l.old:
		earlier = len(left)
	}
	if l.Err == nil {
		m.strangers.set(left, false)
	}
	return ours, earlier
}

// Control reads another interview's list, only to see how soon lists show
// somebody.
func (r *Reading) Control(reader *Reader) error {
	if err := r.begin(reader); err != nil {
		return err
	}
	err := r.read(func(key batch.Key, _ client.Entry) error {
		if p := r.roll.byAddress(key.Email); p != nil {
			r.shown(p)
		}
		return nil
	})
	if client.IsFatal(err) && reader.Soft.Err() == nil {
		return err
	}
	return nil
}

// A claim is who of those in doubt a look may have to do with one form.
type claim struct {
	shown   []batch.Key // under the very address of the entry
	missing []batch.Key
}

// findLoosely finds people in doubt whom the API may keep under another form of
// their address, if there is an entry for each who may be. Whose entry is whose
// nobody knows if there are several of them, so that no id is theirs.
func (l *Look) findLoosely() error {
	claims := map[form]*claim{}
	for key := range l.People {
		f, found := l.formOf(key.Email), l.isFound(key)
		if found && !(l.exact[key] && batch.IsCanonical(key.Email, l.Facts.list.habits())) {
			continue
		}
		c := claims[f]
		if c == nil {
			c = &claim{}
			claims[f] = c
		}
		if found {
			c.shown = append(c.shown, key)
		} else {
			c.missing = append(c.missing, key)
		}
	}
	entries := l.byForm()
	for f, c := range claims {
		if len(entries[f])+len(c.shown)+len(l.held[f]) == 0 {
			continue
		}
		if err := l.decide(f, c, entries[f]); err != nil {
			return err
		}
	}
	return nil
}

// decide says whose the entries of one form are.
func (l *Look) decide(f form, c *claim, at []int) error {
	v, err := l.rivalsOf(f, func(key batch.Key) bool { _, asked := l.People[key]; return asked })
	if err != nil || len(c.missing)+v.sent == 0 {
		return err
	}
	people := slices.Concat(c.missing, c.shown)
	all := len(people) + v.sent
	if l.mayBeEarly(at) {
		all += len(v.waiting) + v.turned
	}
	enough := len(at)+len(c.shown) >= all && !anyOwned(l.left, at)
	for _, key := range people {
		switch {
		case !enough:
			delete(l.Found, key)
			l.Unclear[key] = true
		case all == 1 && len(at) == 1:
			l.Found[key] = l.left[at[0]].id
		default:
			l.Found[key] = ""
		}
	}
	l.claim(at)
	return nil
}

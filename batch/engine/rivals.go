package engine

import (
	"errors"
	"hash/maphash"
	"slices"

	"bulkinvite/batch"
	"bulkinvite/batch/account"
	"bulkinvite/client"
)

// An API that keeps addresses in a form of its own shows several people under one
// address. An entry there proves nobody's invitation unless there is one for each
// of them: everybody counts whose invitation it may be, and whose is not shown
// otherwise.

// A form is what an address has in common with all others under which an API may
// keep it; the zero form is that of none.
type form struct {
	loose uint64 // of the loose key
	alike uint32 // see Account.Alike
}

// formSeed is that of all forms.
var formSeed = maphash.MakeSeed()

func (w *worker) formOf(email string) form {
	return form{maphash.String(formSeed, batch.LooseEmail(email, w.facts.list.habits())), w.account.Alike(email)}
}

// rivals are those who may be kept under a form, beside those who are judged.
type rivals struct {
	sent    int       // to whom a request may have gone, in this run or an earlier one
	waiting []*person // rows that were sent to nobody: they may have been invited elsewhere
	turned  int       // rows that are not sent in this run: the same holds for them
}

// rivalsOf returns the rivals of those whom judged names. Whoever is shown under an
// address of their own, or known to be invited when the read began, is none.
func (r *reading) rivalsOf(f form, judged func(batch.Key) bool) (v rivals, err error) {
	for _, key := range r.inDoubt[f] {
		if !judged(key) && !r.exact[key.Email] {
			v.sent++
		}
	}
	rows := append(r.worker.account.RowsAlike(f.alike), r.held[f]...)
	slices.Sort(rows)
	for _, row := range slices.Compact(rows) {
		c, err := r.worker.account.Candidate(row)
		if err != nil {
			return v, err
		}
		p := &person{Candidate: c, key: c.Key(), row: row}
		if r.id != p.key.InterviewID || r.worker.formOf(p.key.Email) != f || judged(p.key) || r.isExplained(p.key, f) {
			continue
		}
		if err := v.count(r.worker.account, p); err != nil {
			return v, err
		}
	}
	return v, nil
}

// count adds a row to the rivals.
func (v *rivals) count(a *account.Account, p *person) error {
	switch {
	case a.Untouched(p.row):
		v.waiting = append(v.waiting, p)
	case a.Pending(p.row):
		v.sent++
	default:
		o, err := a.OutcomeAt(p.row, batch.Outcome{})
		if err != nil {
			return err
		}
		if o.Status != "" {
			v.sent++
		} else {
			v.turned++
		}
	}
	return nil
}

// isExplained reports whether somebody is no rival, or counted as one already.
func (r *reading) isExplained(key batch.Key, f form) bool {
	return r.exact[key.Email] || r.roll.byAddress(key.Email) != nil || slices.Contains(r.inDoubt[f], key)
}

// isContested reports whether an entry may be that of a member, or of somebody whom
// the ledger has in doubt, though it has the very address of somebody else.
func (r *reading) isContested(key batch.Key) bool {
	if len(r.inDoubt)+len(r.alikes) == 0 || !batch.IsCanonical(key.Email, r.worker.facts.list.habits()) {
		return false
	}
	f := r.worker.formOf(key.Email)
	_, alike := slices.BinarySearch(r.alikes, f.alike)
	return alike || slices.ContainsFunc(r.inDoubt[f], func(other batch.Key) bool { return other != key })
}

// holdBack keeps an entry with the address of a row that may be another's. It is a
// member's if its id is.
func (r *reading) holdBack(row int, key batch.Key, entry client.Entry) {
	delete(r.exact, key.Email)
	if p := r.roll.byCandidate(entry.CandidateID); p != nil {
		r.shown(p)
		return
	}
	r.keepLeft(key, entry)
	if f := r.worker.formOf(key.Email); !slices.Contains(r.held[f], row) {
		r.held[f] = append(r.held[f], row)
	}
}

// mayBeTheirs is why somebody is not sent.
var mayBeTheirs = batch.Outcome{Code: batch.CodeUncertain, Error: "the API's list shows an entry that may be this person's or another's; " +
	"look in the dashboard whether they are invited, and if they are not send this row with --no-preflight"}

// findLoosely finds people of the input whom the API may keep under another form
// of their address, if there is an entry for each who may be. Else they are not
// sent, since it may be theirs.
func (f *foundPeople) findLoosely(r *reading) error {
	entries := r.byForm()
	for form := range r.held {
		if len(entries[form]) == 0 {
			entries[form] = nil // members have them all
		}
	}
	for form, at := range entries {
		v, err := r.rivalsOf(form, func(batch.Key) bool { return false })
		if err != nil {
			return err
		}
		enough := len(at) >= v.sent+len(v.waiting)+v.turned && !anyOwned(r.left, at)
		for _, p := range v.waiting {
			id := ""
			if len(at) == 1 {
				id = r.left[at[0]].id
			}
			switch {
			case p.CandidateID != "": // theirs is sent again
			case enough:
				err = errors.Join(err, f.add(p.row, p.Candidate, id))
			case len(at) > 0 || slices.Contains(r.held[form], p.row):
				f.tell(&foundReport{people: []*person{p}, outcomes: []batch.Outcome{mayBeTheirs}})
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// anyOwned reports whether one of the entries is that of somebody who has another
// one under its address.
func anyOwned(left []leftover, places []int) bool {
	return slices.ContainsFunc(places, func(i int) bool { return left[i].owned })
}

// A claim is who of those in doubt a look may have to do with one form.
type claim struct {
	shown   []*person // under the very address of the entry
	missing []*person
}

// findLoosely finds people in doubt in the same way. Whose entry is whose nobody
// knows if there are several of them, so that no id is theirs.
func (l *look) findLoosely() error {
	claims := map[form]*claim{}
	for key, p := range l.people {
		f := l.worker.formOf(key.Email)
		_, found := l.found[p]
		if found && !(l.exact[p] && batch.IsCanonical(key.Email, l.worker.facts.list.habits())) {
			continue
		}
		c := claims[f]
		if c == nil {
			c = &claim{}
			claims[f] = c
		}
		if found {
			c.shown = append(c.shown, p)
		} else {
			c.missing = append(c.missing, p)
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
func (l *look) decide(f form, c *claim, at []int) error {
	v, err := l.rivalsOf(f, func(key batch.Key) bool { return l.people[key] != nil })
	if err != nil || len(c.missing)+v.sent == 0 {
		return err
	}
	people := slices.Concat(c.missing, c.shown)
	all := len(people) + v.sent
	if l.mayBeEarly(at) {
		all += len(v.waiting) + v.turned
	}
	enough := len(at)+len(c.shown) >= all && !anyOwned(l.left, at)
	for _, p := range people {
		switch {
		case !enough:
			delete(l.found, p)
			l.unclear[p] = true
		case all == 1 && len(at) == 1:
			l.found[p] = l.left[at[0]].id
		default:
			l.found[p] = ""
		}
	}
	l.claim(at)
	return nil
}

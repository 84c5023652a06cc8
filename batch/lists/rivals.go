package lists

import (
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

func (r *Reader) formOf(email string) form {
	return form{maphash.String(formSeed, batch.LooseEmail(email, r.Facts.list.habits())), r.Account.Alike(email)}
}

// An inputRow is a row of the input.
type inputRow struct {
	row int
	batch.Candidate
}

// rivals are those who may be kept under a form, beside those who are judged.
type rivals struct {
	sent    int        // to whom a request may have gone, in this run or an earlier one
	waiting []inputRow // rows that were sent to nobody: they may have been invited elsewhere
	turned  int        // rows that are not sent in this run: the same holds for them
}

// rivalsOf returns the rivals of those whom judged names. Whoever is shown under an
// address of their own, or known to be invited when the read began, is none.
func (r *Reading) rivalsOf(f form, judged func(batch.Key) bool) (v rivals, err error) {
	for _, key := range r.inDoubt[f] {
		if !judged(key) && !r.exact[key.Email] {
			v.sent++
		}
	}
	rows := append(r.Account.RowsAlike(f.alike), r.held[f]...)
	slices.Sort(rows)
	for _, row := range slices.Compact(rows) {
		c, err := r.Account.Candidate(row)
		if err != nil {
			return v, err
		}
		key := c.Key()
		if r.ID != key.InterviewID || r.formOf(key.Email) != f || judged(key) || r.isExplained(key, f) {
			continue
		}
		if err := v.count(r.Account, inputRow{row, c}); err != nil {
			return v, err
		}
	}
	return v, nil
}

// count adds a row to the rivals.
func (v *rivals) count(a *account.Account, p inputRow) error {
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
func (r *Reading) isExplained(key batch.Key, f form) bool {
	return r.exact[key.Email] || r.roll.byAddress(key.Email) != nil || slices.Contains(r.inDoubt[f], key)
}

// isContested reports whether an entry may be that of a member, or of somebody whom
// the ledger has in doubt, though it has the very address of somebody else.
func (r *Reading) isContested(key batch.Key) bool {
	if len(r.inDoubt)+len(r.alikes) == 0 || !batch.IsCanonical(key.Email, r.Facts.list.habits()) {
		return false
	}
	f := r.formOf(key.Email)
	_, alike := slices.BinarySearch(r.alikes, f.alike)
	return alike || slices.ContainsFunc(r.inDoubt[f], func(other batch.Key) bool { return other != key })
}

// holdBack keeps an entry with the address of a row that may be another's. It is a
// member's if its id is.
func (r *Reading) holdBack(row int, key batch.Key, entry client.Entry) {
	delete(r.exact, key.Email)
	if p := r.roll.byCandidate(entry.CandidateID); p != nil {
		r.shown(p)
		return
	}
	r.keepLeft(key, entry)
	if f := r.formOf(key.Email); !slices.Contains(r.held[f], row) {
		r.held[f] = append(r.held[f], row)
	}
}

// anyOwned reports whether one of the entries is that of somebody who has another
// one under its address.
func anyOwned(left []leftover, places []int) bool {
	return slices.ContainsFunc(places, func(i int) bool { return left[i].owned })
}

// Package lists reads the API's lists of who is invited, and says whose their
// entries, and the invitations of an answer, are. It knows whom the ledger has known, what was learned
// of how the API shows addresses, and how much a list may lack and still be
// believed. It must not know who waits to be sent, nor what follows from what it
// finds.
package lists

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"bulkinvite/batch"
	"bulkinvite/batch/account"
	"bulkinvite/batch/judge"
	"bulkinvite/batch/outlet"
	"bulkinvite/client"
)

// A Reader is what reading a list takes. Whoever embeds one has the same ledger,
// outlet and contexts for other requests.
type Reader struct {
	Account    *account.Account // to look rows up
	Ledger     batch.Ledger
	Outlet     *outlet.Outlet
	Facts      *Facts
	SettleTime time.Duration
	Start      time.Time // of the run

	Soft context.Context // ends when nothing more is to be asked for
	Hard context.Context // ends when what has begun is to be broken off
}

// An Interview is how an interview is called.
type Interview struct {
	ID     string // normal form
	AsSent string // as a row spells it
}

// A Memory is what reads of an interview's list have shown.
type Memory struct {
	gap       gapMemory
	strangers strangers
}

// A Reading is one read of an interview's list, held against everybody who is
// known.
type Reading struct {
	*Reader
	Interview
	Memory
	timed []int64 // the interview's requests of this run that were answered with invitations, sorted

	Begun    time.Time
	roll     *roll
	Entries  int
	byID     int           // entries whose address was held against that of the person with their id
	Requests int           // that a whole read took
	Newest   time.Time     // when the youngest was accepted whom it shows and this run has invited
	Age      time.Duration // the smallest at which it shows somebody; 0: it shows nobody whom this run has invited
	seen     map[uint64]bool
	nameless []string   // what tells entries without an address that are nobody's
	left     []leftover // entries whose address is nobody's

	inDoubt map[form][]batch.Key // whom the ledger has in doubt, as it was when the read began
	exact   map[string]bool      // addresses of those that have other forms, and are shown as they are
	held    map[form][]int       // rows whose entry may be another's
	alikes  []uint32             // what members' addresses with other forms have in common with these, sorted
	Err     error                // why the list could not be read

	WrittenOff string // what it lacks and is believed all the same
}

// A leftover is an entry whose address is nobody's. Two rows that an API keeps
// under one address may be behind it, or somebody of whom nothing is known.
type leftover struct {
	is    uint64 // see identity
	form  form   // by what people are found; none if the entry cannot be that of somebody else
	id    string // of the candidate
	owned bool   // the address is another row's, or known, and the entry may be of somebody whom the API keeps under it as well
}

// NewReading returns a read of an interview's list, with what is known before.
// timed are the requests of this run for the interview that were answered with
// invitations.
func NewReading(iv Interview, memory Memory, timed []int64) *Reading {
	timed = slices.Clone(timed)
	slices.Sort(timed)
	return &Reading{Interview: iv, Memory: memory, timed: timed}
}

// Took keeps what a reading has found out for the next one.
func (m *Memory) Took(r *Reading) { m.gap = r.gap }

// begin reads whom the ledger knows. Whom it has now the list has to have later.
func (r *Reading) begin(reader *Reader) error {
	r.Reader, r.roll, r.seen = reader, newRoll(reader.Start), map[uint64]bool{}
	r.exact, r.held = map[string]bool{}, map[form][]int{}
	_, shared := r.Ledger.(batch.Shared)
	err := r.Ledger.Members(r.Hard, r.ID, func(m batch.Member) error {
		_, isTimed := slices.BinarySearch(r.timed, m.RequestID)
		r.roll.add(&m, isTimed, !shared)
		if m.Key.HasAddress() && batch.HasForms(m.Key.Email) {
			r.alikes = append(r.alikes, r.Account.Alike(m.Key.Email))
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("who is invited: %w", err)
	}
	r.roll.sort()
	slices.Sort(r.alikes)
	if err := r.readInDoubt(); err != nil {
		return err
	}
	r.Begun = time.Now()
	return nil
}

// readInDoubt reads whom the ledger has in doubt.
func (r *Reading) readInDoubt() error {
	keys, err := r.Ledger.InDoubt(r.Hard, r.ID)
	if err != nil {
		return fmt.Errorf("who is in doubt: %w", err)
	}
	r.inDoubt = make(map[form][]batch.Key, len(keys))
	for _, key := range keys {
		f := r.formOf(key.Email)
		r.inDoubt[f] = append(r.inDoubt[f], key)
	}
	return nil
}

// read reads the interview's list, and shows each entry of it with its key.
func (r *Reading) read(visit func(batch.Key, client.Entry) error) error {
	requests, err := r.Outlet.ReadList(r.Soft, r.AsSent, func(entry client.Entry) error {
		return visit(batch.NewKey(r.ID, entry.CandidateEmail), entry)
	})
	r.Requests = requests
	return err
}

// recognise takes an entry in. Where its address is that of a row, but of nobody
// whom the ledger knows to be invited, it returns the row, else -1.
func (r *Reading) recognise(key batch.Key, entry client.Entry) (row int, c batch.Candidate, err error) {
	r.Entries++
	if key.Email != "" {
		if p := r.roll.byAddress(key.Email); p != nil {
			if as := uint16(r.roll.hash(entry.CandidateID)); p.marks&markShown == 0 {
				p.shownAs = as
			} else if p.shownAs != as {
				r.keepOwned(key, entry)
			}
			r.shown(p)
			return -1, c, r.Facts.seeListed(r.Hard, key.Email)
		}
		if row, c, err = r.Account.Locate(key); err != nil {
			return row, c, err
		}
		inDoubt := len(r.inDoubt) > 0 && slices.Contains(r.inDoubt[r.formOf(key.Email)], key)
		if inDoubt || row >= 0 && batch.HasForms(key.Email) {
			r.exact[key.Email] = true
		}
		if inDoubt && row < 0 {
			r.keepOwned(key, entry)
		}
		if inDoubt || row >= 0 {
			return row, c, r.Facts.seeListed(r.Hard, key.Email)
		}
	}
	if p := r.roll.byCandidate(entry.CandidateID); p != nil {
		r.shown(p)
		return -1, c, r.seeOtherAddress(key, entry.CandidateID)
	}
	r.keepLeft(key, entry)
	return -1, c, nil
}

// shown notes that the list shows somebody whom the ledger knows, and how soon.
func (r *Reading) shown(p *enrolled) {
	p.marks |= markShown
	if p.marks&markTimed == 0 {
		return
	}
	at := r.roll.acceptedAt(p)
	if at.After(r.Newest) {
		r.Newest = at
	}
	if age := time.Since(at); age > 0 && (r.Age == 0 || age < r.Age) {
		r.Age = age
	}
}

// keepLeft keeps an entry that is nobody's.
func (r *Reading) keepLeft(key batch.Key, entry client.Entry) {
	is := identity(&entry)
	if r.seen[is] {
		return
	}
	r.seen[is] = true
	if key.Email == "" {
		r.nameless = append(r.nameless, entry.CandidateID+" "+entry.DateCreated)
		return
	}
	l := leftover{is: is, id: entry.CandidateID}
	if batch.IsCanonical(key.Email, r.Facts.list.habits()) {
		l.form = r.formOf(key.Email)
	}
	r.left = append(r.left, l)
}

// keepOwned keeps an entry whose address is that of somebody else: it may be of
// those with the same loose form, and it may not.
func (r *Reading) keepOwned(key batch.Key, entry client.Entry) {
	is := identity(&entry)
	if r.seen[is] || !batch.IsCanonical(key.Email, r.Facts.list.habits()) {
		return
	}
	r.seen[is] = true
	r.left = append(r.left, leftover{form: r.formOf(key.Email), owned: true})
}

// identity is what tells an entry from others, in all runs. Neither its status nor
// its last change belong to it.
func identity(entry *client.Entry) uint64 {
	hash := fnv.New64a()
	_, _ = fmt.Fprintf(hash, "%q %q %q", entry.CandidateID, entry.CandidateEmail, entry.DateCreated)
	return hash.Sum64()
}

// A finder takes notice that an entry is that of the person with this key, and
// reports whether there is one to be found.
type finder func(key batch.Key, candidateID string) (bool, error)

// explain finds out whose the entries are whose address is nobody's, as far as
// the ledger can tell: by their candidate id, which may be known of any
// interview, and by the loose key of those whom the list lacks.
func (r *Reading) explain(find finder) error {
	const block = 500
	kept := r.left[:0:0]
	for left := range slices.Chunk(r.left, block) {
		ids := make([]string, len(left))
		for i := range left {
			if _, known := r.strangers.known[left[i].is]; !known {
				ids[i] = left[i].id
			}
		}
		owners, err := r.Ledger.Owners(r.Hard, ids)
		if err != nil {
			return fmt.Errorf("whose the ids of a list are: %w", err)
		}
		for i := range left {
			for _, owner := range owners[i] {
				found, err := find(batch.Key{InterviewID: r.ID, Email: owner.Email}, left[i].id)
				if err != nil {
					return err
				}
				if found {
					break
				}
			}
			if len(owners[i]) == 0 {
				kept = append(kept, left[i])
			}
		}
	}
	r.left = kept
	return r.explainLoosely()
}

// explainLoosely takes the entries for known people that the list lacks under
// their own address, one for one. Which are theirs nobody knows, so that those
// that are left tell no id.
func (r *Reading) explainLoosely() error {
	if !slices.ContainsFunc(r.left, func(l leftover) bool { return l.form != (form{}) }) || !r.roll.lacksAnybody() {
		return nil
	}
	entries := r.byForm()
	return r.Ledger.Members(r.Hard, r.ID, func(m batch.Member) error {
		if p := r.roll.byAddress(m.Key.Email); p == nil || p.marks&markListed == 0 || p.marks&markShown != 0 {
			return nil
		}
		f := r.formOf(m.Key.Email)
		if at := entries[f]; len(at) > 0 {
			r.claim(at[:1])
			entries[f] = at[1:]
			for _, i := range at[1:] {
				r.left[i].id = ""
			}
			r.roll.byAddress(m.Key.Email).marks |= markShown
			return r.Facts.Learn(r.Hard, &r.Facts.listed, rememberListAddresses)
		}
		return nil
	})
}

// byForm returns the places of the entries that are left by their form.
func (r *Reading) byForm() map[form][]int {
	entries := map[form][]int{}
	for i := range r.left {
		if f := r.left[i].form; f != (form{}) {
			entries[f] = append(entries[f], i)
		}
	}
	return entries
}

// claim takes entries away from those that are left.
func (r *Reading) claim(places []int) {
	for _, i := range places {
		r.left[i].form, r.left[i].is = form{}, 0
	}
}

// unknown returns the entries that are nobody's.
func (r *Reading) unknown() []leftover {
	return slices.DeleteFunc(slices.Clone(r.left), func(l leftover) bool { return l.is == 0 })
}

// knownWithin is how much longer than the settle time somebody has to be known
// to be invited before a list has to show them: times are not kept exactly.
const knownWithin = time.Second

// faults returns why a reading is not believed, "" if it is.
func (r *Reading) faults() (string, error) {
	if r.Err != nil {
		return Unreadable(r.Err), nil
	}
	by := r.Begun.Add(-r.SettleTime - knownWithin)
	g := judge.Gap{Nameless: len(r.nameless), Company: true}
	if g.Missing, g.Known = r.roll.lacks(by); g.Missing+g.Nameless == 0 {
		return "", r.noGap()
	}
	if err := r.gapBefore(by, &g); err != nil {
		return "", err
	}
	if g.WrittenOff() {
		r.WrittenOff = g.Words()
		return "", nil
	}
	return "the API's list cannot be believed: it " + g.Words() + "; if they were deleted there, --no-preflight sends without " +
		"this list, and bulkinvite confirm --assume settles who is in doubt", nil
}

// Unreadable says in words that a list could not be read.
func Unreadable(err error) string {
	if errors.Is(err, outlet.ErrNoList) {
		return outlet.ErrNoList.Error()
	}
	return "the API's list could not be read: " + err.Error()
}

// addressesCompared are how many entries of a read are held against the address
// that was sent: an API that shows others does so mostly.
const addressesCompared = 5

// seeOtherAddress remembers that the API's list shows somebody, known by their id,
// under an address that no loose form explains. As after such an answer, anybody
// may then stand there as somebody whom nobody asked for.
func (r *Reading) seeOtherAddress(key batch.Key, candidateID string) error {
	if key.Email == "" || r.byID == addressesCompared || r.Facts.OtherAddresses() {
		return nil
	}
	r.byID++
	owners, err := r.Ledger.Owners(r.Hard, []string{candidateID})
	if err != nil {
		return fmt.Errorf("whose the id of an entry is: %w", err)
	}
	for _, owner := range owners[0] {
		switch {
		case !owner.HasAddress():
			return nil
		case r.formOf(owner.Email) == r.formOf(key.Email):
			return r.Facts.Learn(r.Hard, &r.Facts.listed, rememberListAddresses)
		}
	}
	_, err = r.Facts.SeeOtherAddress(r.Hard)
	return err
}

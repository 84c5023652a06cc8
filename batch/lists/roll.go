package lists

import (
	"cmp"
	"hash/maphash"
	"math"
	"slices"
	"time"

	"bulkinvite/batch"
)

// A roll is everybody whom the ledger knows to be invited to an interview, so
// that a read of its list can be held against it: in some 24 bytes each, since
// there may be a million of them.
type roll struct {
	seed   maphash.Seed
	start  time.Time // what times are counted from
	people []enrolled
	byID   []uint32 // places in people, sorted by id; made when it is needed first
}

// An enrolled is somebody on a roll. Two addresses of which the hash is the same
// are not told apart: of a million there are none.
type enrolled struct {
	email, id uint64 // hashes; id is 0 if none is known
	since     int32  // when the ledger learned of the invitation, in hundredths of a second
	marks     rollMarks
	shownAs   uint16 // part of the hash of the id under which the list has shown them
}

// rollMarks are what is known of somebody on a roll.
type rollMarks uint8

const (
	markShown  rollMarks = 1 << iota // the list has shown them
	markTimed                        // accepted in this run, by an answer: since says when
	markListed                       // known by an address, so that the list has to show them
)

func newRoll(start time.Time) *roll { return &roll{seed: maphash.MakeSeed(), start: start} }

// add takes a member in. timed says that they were accepted by an answer in this
// run, and not found in a list; alone, that no other run tells the ledger of people
// meanwhile. sort comes before anybody is looked up.
func (r *roll) add(m *batch.Member, timed, alone bool) {
	p := enrolled{email: r.hash(m.Key.Email), since: r.toTime(m.Since)}
	if !timed && alone && m.Since.After(r.start) {
		p.since = math.MinInt32 // a list has shown them: it has to show them from then on
	}
	if m.CandidateID != "" {
		p.id = r.hash(m.CandidateID)
	}
	if timed {
		p.marks |= markTimed
	}
	if m.Key.HasAddress() {
		p.marks |= markListed
	}
	r.people = append(r.people, p)
}

func (r *roll) sort() {
	slices.SortFunc(r.people, func(a, b enrolled) int { return cmp.Compare(a.email, b.email) })
}

func (r *roll) hash(text string) uint64 { return maphash.String(r.seed, text) }

func (r *roll) toTime(t time.Time) int32 {
	const hundredth = 10 * time.Millisecond
	return int32(min(max(t.Sub(r.start)/hundredth, math.MinInt32), math.MaxInt32))
}

// acceptedAt returns when somebody was accepted who is markTimed.
func (r *roll) acceptedAt(p *enrolled) time.Time {
	return r.start.Add(time.Duration(p.since) * 10 * time.Millisecond)
}

// byAddress returns the one whose key has this text, or nil.
func (r *roll) byAddress(email string) *enrolled {
	hash := r.hash(email)
	at, found := slices.BinarySearchFunc(r.people, hash, func(p enrolled, hash uint64) int { return cmp.Compare(p.email, hash) })
	if !found {
		return nil
	}
	return &r.people[at]
}

// byCandidate returns somebody who is known under a candidate id, or nil: first
// one whom the list has not shown.
func (r *roll) byCandidate(id string) *enrolled {
	if id == "" {
		return nil
	}
	if r.byID == nil {
		r.byID = make([]uint32, 0, len(r.people))
		for i := range r.people {
			if r.people[i].id != 0 {
				r.byID = append(r.byID, uint32(i))
			}
		}
		slices.SortFunc(r.byID, func(a, b uint32) int { return cmp.Compare(r.people[a].id, r.people[b].id) })
	}
	hash := r.hash(id)
	at, _ := slices.BinarySearchFunc(r.byID, hash, func(i uint32, hash uint64) int { return cmp.Compare(r.people[i].id, hash) })
	var found *enrolled
	for ; at < len(r.byID) && r.people[r.byID[at]].id == hash; at++ {
		if p := &r.people[r.byID[at]]; found == nil || found.marks&markShown != 0 {
			found = p
		}
	}
	return found
}

// lacks returns how many the list has not shown who were known by a time, and
// how many of both there are.
func (r *roll) lacks(by time.Time) (missing, known int) {
	limit := r.toTime(by)
	for i := range r.people {
		if p := &r.people[i]; p.marks&markListed != 0 && p.since <= limit {
			known++
			if p.marks&markShown == 0 {
				missing++
			}
		}
	}
	return missing, known
}

// lacksAnybody reports whether the list has not shown somebody, however short a
// time ago they were invited.
func (r *roll) lacksAnybody() bool {
	missing, _ := r.lacks(r.start.Add(math.MaxInt32 * 10 * time.Millisecond))
	return missing > 0
}

// isMissing reports whether a member was known by a time and not shown.
func (r *roll) isMissing(m *batch.Member, by time.Time) bool {
	p := r.byAddress(m.Key.Email)
	return p != nil && p.marks&markListed != 0 && p.marks&markShown == 0 && p.since <= r.toTime(by)
}

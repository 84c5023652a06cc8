// Package audit compares the list of an interview with the ledger: who is in the
// list twice, and who is missing from it. It knows the ledger as far as it can be
// read, and the API's lists. It must not know who asks, nor change anything.
package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"

	"bulkinvite/batch"
	"bulkinvite/batch/file"
	"bulkinvite/batch/ledger/history"
	"bulkinvite/batch/outlet"
	"bulkinvite/client"
)

// An Auditor compares lists of the API with a ledger.
type Auditor struct {
	Ledger  *history.Reader
	Lister  *outlet.Lister
	BaseURL string
	All     bool              // name the people who were invited elsewhere, too
	Read    func(entries int) // called with the entries of a list so far; may be nil
}

// An audit is that of one interview. People are told apart by 64 bits of a hash,
// which takes some 50 bytes for each; their entries wait in a temporary file.
type audit struct {
	*Auditor
	interviewID string
	seed        maphash.Seed
	people      map[uint64]marks
	spool       *os.File
	result      Result
}

// marks are the facts about a person, in bits.
type marks uint8

const (
	ledgerInvited marks = 1 << iota
	ledgerListed        // invited in a way that the list has to show
	ledgerDoubt
	inList
	inListTwice
	named // among those who are missing
)

// A Result is what was found out about one interview.
type Result struct {
	InterviewID     string   `json:"interview_id"`
	Entries         int      `json:"entries"` // of the list
	People          int      `json:"people"`  // in the list
	Invited         int      `json:"invited"` // in the ledger
	Twice           []Person `json:"twice"`   // in the list
	Missing         []string `json:"missing"` // from the list
	Elsewhere       int      `json:"elsewhere"`
	ElsewherePeople []string `json:"elsewhere_people,omitempty"`
	InDoubt         int      `json:"in_doubt"`
	InDoubtListed   int      `json:"in_doubt_listed"`
}

// A Person has more than one entry in a list.
type Person struct {
	Email   string  `json:"email"`
	Entries []Entry `json:"entries"`
}

// An Entry is one of a list, without what names the person.
type Entry struct {
	CandidateID string `json:"candidate_id"`
	DateCreated string `json:"date_created"`
	Status      string `json:"status"`
}

// Wrong returns the number of people with something wrong.
func (r *Result) Wrong() int { return len(r.Twice) + len(r.Missing) }

// Interview compares the list of an interview with the ledger. It reads the
// ledger first: the list, which is read later, must show everybody in it.
func (a *Auditor) Interview(ctx context.Context, id string) (result Result, err error) {
	u := &audit{
		Auditor: a, interviewID: id, seed: maphash.MakeSeed(), people: map[uint64]marks{},
		result: Result{InterviewID: id, Twice: []Person{}, Missing: []string{}},
	}
	if u.spool, err = file.Unlinked("bulkinvite-list-*"); err != nil {
		return u.result, err
	}
	defer func() { err = errors.Join(err, u.spool.Close()) }()
	for _, step := range []func(context.Context) error{u.readLedger, u.readList, u.nameMissing, u.nameListed} {
		if err := step(ctx); err != nil {
			return u.result, err
		}
	}
	u.count()
	return u.result, nil
}

func (u *audit) hash(key batch.Key) uint64 { return maphash.Comparable(u.seed, key) }

func (u *audit) readLedger(ctx context.Context) error {
	return u.members(ctx, func(m history.Member) {
		s := ledgerDoubt
		if m.State == batch.StateInvited {
			if s = ledgerInvited; m.Listed {
				s |= ledgerListed
			}
		}
		u.people[u.hash(m.Key)] |= s
	})
}

func (u *audit) members(ctx context.Context, f func(history.Member)) error {
	return u.Ledger.Members(ctx, u.BaseURL, []string{u.interviewID}, f)
}

// readList writes each entry of the list into the spool once.
func (u *audit) readList(ctx context.Context) error {
	buffered := bufio.NewWriter(u.spool)
	spool := json.NewEncoder(buffered)
	seen := map[uint64]struct{}{}
	err := u.Lister.Read(ctx, u.interviewID, func(entry client.Entry) error {
		if entry.CandidateEmail == "" {
			return nil // it can be of anybody
		}
		same := entry
		same.Status = "" // may change between two pages
		id := maphash.Comparable(u.seed, same)
		if _, again := seen[id]; again {
			return nil // pages may overlap
		}
		seen[id] = struct{}{}
		if u.result.Entries++; u.Read != nil {
			u.Read(u.result.Entries)
		}
		h := u.hash(batch.NewKey(u.interviewID, entry.CandidateEmail))
		if u.people[h]&inList != 0 {
			u.people[h] |= inListTwice
		}
		u.people[h] |= inList
		return spool.Encode(entry)
	})
	return errors.Join(err, buffered.Flush())
}

// nameMissing finds the people who are missing from the list in the ledger again.
func (u *audit) nameMissing(ctx context.Context) error {
	missing := func(s marks) bool { return s&ledgerListed != 0 && s&(inList|named) == 0 }
	some := false
	for _, s := range u.people {
		some = some || missing(s)
	}
	if !some {
		return nil
	}
	return u.members(ctx, func(m history.Member) {
		if h := u.hash(m.Key); missing(u.people[h]) {
			u.people[h] |= named
			u.result.Missing = append(u.result.Missing, m.Key.Email)
		}
	})
}

// nameListed finds the people with two entries in the spool and, with All, those
// who were invited elsewhere.
func (u *audit) nameListed(context.Context) error {
	if _, err := u.spool.Seek(0, io.SeekStart); err != nil {
		return err
	}
	places := map[batch.Key]int{} // in Twice
	for spool := json.NewDecoder(bufio.NewReader(u.spool)); ; {
		var entry client.Entry
		if err := spool.Decode(&entry); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read the list from the temporary file: %w", err)
		}
		key := batch.NewKey(u.interviewID, entry.CandidateEmail)
		h := u.hash(key)
		if u.All && elsewhere(u.people[h]) && u.people[h]&named == 0 {
			u.people[h] |= named
			u.result.ElsewherePeople = append(u.result.ElsewherePeople, key.Email)
		}
		if u.people[h]&inListTwice == 0 {
			continue
		}
		at, found := places[key]
		if !found {
			at = len(u.result.Twice)
			places[key] = at
			u.result.Twice = append(u.result.Twice, Person{Email: key.Email})
		}
		p := &u.result.Twice[at]
		p.Entries = append(p.Entries, Entry{entry.CandidateID, entry.DateCreated, entry.Status})
	}
}

// elsewhere reports whether somebody is in the list and not in the ledger.
func elsewhere(s marks) bool { return s&inList != 0 && s&(ledgerInvited|ledgerDoubt) == 0 }

func (u *audit) count() {
	r := &u.result
	for _, s := range u.people {
		if s&inList != 0 {
			r.People++
		}
		switch {
		case s&ledgerInvited != 0:
			r.Invited++
		case s&ledgerDoubt != 0:
			r.InDoubt++
			if s&inList != 0 {
				r.InDoubtListed++
			}
		case elsewhere(s):
			r.Elsewhere++
		}
	}
}

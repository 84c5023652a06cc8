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
	"sync/atomic"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/file"
	"bulkinvite/batch/ledger"
	"bulkinvite/client"
	"bulkinvite/cmd/bulkinvite/app"
)

// An audit holds the list of one interview against the ledger. People are told
// apart by 64 bits of a hash, which takes some 50 bytes for each; what the list
// says of them waits in a temporary file.
type audit struct {
	interviewID, baseURL string
	reader               *ledger.Reader
	lister               *batch.Lister
	log                  zerolog.Logger
	all                  bool

	seed   maphash.Seed
	people map[uint64]marks
	spool  *os.File
	result auditResult
}

// marks are what is known of a person, in bits.
type marks uint8

const (
	ledgerInvited marks = 1 << iota
	ledgerListed        // invited in a way that the list has to show
	ledgerDoubt
	inList
	inListTwice
	named // among those who are missing
)

// An auditResult is what was found of one interview.
type auditResult struct {
	InterviewID     string        `json:"interview_id"`
	Entries         int           `json:"entries"` // of the list
	People          int           `json:"people"`  // in the list
	Invited         int           `json:"invited"` // in the ledger
	Twice           []auditPerson `json:"twice"`
	Missing         []string      `json:"missing"`
	Elsewhere       int           `json:"elsewhere"`
	ElsewherePeople []string      `json:"elsewhere_people,omitempty"`
	InDoubt         int           `json:"in_doubt"`
	InDoubtListed   int           `json:"in_doubt_listed"`
}

// An auditPerson is somebody whom the list has more than once.
type auditPerson struct {
	Email   string       `json:"email"`
	Entries []auditEntry `json:"entries"`
}

type auditEntry struct {
	CandidateID string `json:"candidate_id"`
	DateCreated string `json:"date_created"`
	Status      string `json:"status"`
}

// wrong returns how many people something is wrong with.
func (r *auditResult) wrong() int { return len(r.Twice) + len(r.Missing) }

// run reads the ledger first: whom it has then, the list has to have later.
func (u *audit) run(ctx context.Context) (result auditResult, err error) {
	u.seed, u.people = maphash.MakeSeed(), map[uint64]marks{}
	u.result = auditResult{InterviewID: u.interviewID, Twice: []auditPerson{}, Missing: []string{}}
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
	return u.members(ctx, func(m ledger.Member) {
		s := ledgerDoubt
		if m.State == batch.StateInvited {
			if s = ledgerInvited; m.Listed {
				s |= ledgerListed
			}
		}
		u.people[u.hash(m.Key)] |= s
	})
}

func (u *audit) members(ctx context.Context, f func(ledger.Member)) error {
	return u.reader.Members(ctx, u.baseURL, []string{u.interviewID}, f)
}

// readList writes each entry of the list into the spool, once.
func (u *audit) readList(ctx context.Context) error {
	u.log.Info().Str("interview", u.interviewID).Msg("reading the API's list")
	var entries atomic.Int64
	watching, done := context.WithCancel(ctx)
	defer done()
	var g errgroup.Group
	g.Go(batch.Guard(func() error {
		app.Every(watching, app.LogInterval, func() {
			u.log.Info().Str("interview", u.interviewID).Int64("entries", entries.Load()).Msg("reading the API's list")
		})
		return nil
	}))
	buffered := bufio.NewWriter(u.spool)
	spool := json.NewEncoder(buffered)
	seen := map[uint64]struct{}{}
	err := u.lister.Read(ctx, u.interviewID, func(entry client.Entry) error {
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
		entries.Add(1)
		h := u.hash(batch.NewKey(u.interviewID, entry.CandidateEmail))
		if u.people[h]&inList != 0 {
			u.people[h] |= inListTwice
		}
		u.people[h] |= inList
		return spool.Encode(entry)
	})
	done()
	u.result.Entries = int(entries.Load())
	if err := errors.Join(err, g.Wait()); err != nil {
		return err
	}
	return buffered.Flush()
}

// nameMissing finds those whom the list lacks in the ledger again.
func (u *audit) nameMissing(ctx context.Context) error {
	missing := func(s marks) bool { return s&ledgerListed != 0 && s&(inList|named) == 0 }
	some := false
	for _, s := range u.people {
		some = some || missing(s)
	}
	if !some {
		return nil
	}
	return u.members(ctx, func(m ledger.Member) {
		if h := u.hash(m.Key); missing(u.people[h]) {
			u.people[h] |= named
			u.result.Missing = append(u.result.Missing, m.Key.Email)
		}
	})
}

// nameListed finds in the spool those whom the list has twice and, if they are
// asked for, those who were invited elsewhere.
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
		if u.all && elsewhere(u.people[h]) && u.people[h]&named == 0 {
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
			u.result.Twice = append(u.result.Twice, auditPerson{Email: key.Email})
		}
		p := &u.result.Twice[at]
		p.Entries = append(p.Entries, auditEntry{entry.CandidateID, entry.DateCreated, entry.Status})
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

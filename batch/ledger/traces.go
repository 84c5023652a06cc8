package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"bulkinvite/batch"
)

// Traces are what the ledger has of a person, under every name that it knows
// them by: an address, and keys of rows that named them by an id.
type Traces struct {
	Person    string    // as the ledger compares it
	Histories []History // one for each interview, base URL and name
	aliases   []alias
	ids       []string // as a candidate, and of their job applications
}

// Traces finds what the ledger has of a person, who is named as in Histories.
// No run may be under way.
func (s *Store) Traces(ctx context.Context, person string) (*Traces, error) {
	t := &Traces{Person: normalName(person)}
	if err := t.find(ctx, &Reader{path: s.path, db: s.read, version: schemaVersion}); err != nil {
		return nil, fmt.Errorf("ledger: traces: %w", err)
	}
	return t, nil
}

func (t *Traces) find(ctx context.Context, r *Reader) error {
	tx, err := r.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	for unseen := []alias{{name: t.Person}}; len(unseen) > 0; {
		t.aliases = append(t.aliases, unseen...)
		found, err := r.histories(ctx, tx, unseen, "")
		if err != nil {
			return err
		}
		t.Histories = append(t.Histories, found...)
		unseen = nil
		for i := range found {
			unseen = append(unseen, t.learn(&found[i])...)
		}
	}
	return nil
}

// learn takes down the ids that a history tells, and returns the names that
// are new.
func (t *Traces) learn(h *History) (unseen []alias) {
	learn := func(id string, key batch.Key) {
		a := alias{h.BaseURL, key.Email}
		if id == "" || slices.Contains(t.aliases, a) || slices.Contains(unseen, a) {
			return
		}
		unseen = append(unseen, a)
		t.ids = append(t.ids, id)
	}
	for i := range h.Requests {
		r := &h.Requests[i]
		if r.People == 1 { // else the ids would be of all of them
			learn(r.CandidateID, batch.Candidate{CandidateID: r.CandidateID}.Key())
			learn(r.JobApplicationID, batch.Candidate{JobApplicationID: r.JobApplicationID}.Key())
		}
		for _, a := range r.Answers {
			learn(a.CandidateID, batch.Candidate{CandidateID: a.CandidateID}.Key())
		}
	}
	return unseen
}

// InDoubt returns a history of which it is not known whether the person was
// invited; nil if there is none. Its answer has to come first: only who is known
// can be asked for.
func (t *Traces) InDoubt() *History {
	i := slices.IndexFunc(t.Histories, func(h History) bool { return h.Record.State == batch.StateSending })
	if i < 0 {
		return nil
	}
	return &t.Histories[i]
}

// Requests returns in how many requests the person is, and in how many of them
// they are forgotten.
func (t *Traces) Requests() (all, forgotten int) {
	for i := range t.Histories {
		for j := range t.Histories[i].Requests {
			all++
			if t.Histories[i].Requests[j].Forgotten {
				forgotten++
			}
		}
	}
	return all, forgotten
}

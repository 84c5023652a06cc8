package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"bulkinvite/batch"
	"bulkinvite/client"
)

// MaxLastLook is how many requests a run makes at its end at most, to see
// whether somebody whom it invited stands in a list twice: another machine may
// have sent at the same time.
const MaxLastLook = 20

// A lastLook is what came of looking at the lists once more at the end.
type lastLook struct {
	engine *Engine
	missed bool // it would have taken too many requests, or could not be made
	twice  int  // people whom this run invited and a list shows twice
}

// Twice returns how many of those whom this run invited an interview's list shows
// twice.
func (e *Engine) Twice() int { return e.last.twice }

// MissedLastLook reports whether the run invited people and has not looked at
// all of their lists again.
func (e *Engine) MissedLastLook() bool { return e.last.missed }

// lookTwice looks once more at the lists of the interviews that the run sent to,
// where that takes few requests, and says who of those whom it invited stands
// there twice.
func (e *Engine) lookTwice(soft, hard context.Context) error {
	if e.opts.ConfirmOnly {
		return nil
	}
	interviews, cost := e.run.invitedTo(e.out.Lists.PageSize())
	if len(interviews) == 0 {
		return nil
	}
	if cost > MaxLastLook || soft.Err() != nil || e.out.Lists.IsNone() {
		e.last.missed = true
		return nil
	}
	for _, iv := range interviews {
		twice, err := e.last.twiceIn(soft, hard, iv)
		if client.IsFatal(err) && soft.Err() == nil {
			return err
		}
		if err != nil {
			e.last.missed = true
			continue
		}
		if e.last.twice += len(twice); len(twice) > 0 {
			e.run.warn(fmt.Sprintf("interview %s: its list has %d people twice whom this run has invited, such as %s: they have a second session, "+
				"does another machine send to it? bulkinvite audit %s names them all", iv.asSent, len(twice), batch.MaskText(twice[0]), iv.asSent))
		}
	}
	return nil
}

// invitedTo returns the interviews in which the run has invited somebody, and
// how many requests it takes to read their lists, about.
func (r *run) invitedTo(pageSize int) (interviews []*interview, cost int) {
	for _, iv := range r.inTurn {
		if iv.accepted {
			interviews = append(interviews, iv)
			cost += max(iv.listRequests, 2) + (len(iv.timed)*r.opts.ChunkSize+pageSize-1)/pageSize
		}
	}
	return interviews, cost
}

// An entryName is what tells entries of one address apart.
type entryName struct{ candidateID, created string }

// twiceIn reads an interview's list and returns who of those whom this run
// invited stands there twice, under one address or under such as have one loose
// form.
func (l *lastLook) twiceIn(soft, hard context.Context, iv *interview) ([]string, error) {
	entries := map[string]map[entryName]bool{} // by address
	_, err := l.engine.out.ReadList(soft, iv.asSent, func(entry client.Entry) error {
		email := batch.NewKey(iv.id, entry.CandidateEmail).Email
		if entries[email] == nil {
			entries[email] = map[entryName]bool{}
		}
		entries[email][entryName{entry.CandidateID, entry.DateCreated}] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	delete(entries, "")
	var twice []string
	alike := map[string]*likeness{}
	for email, names := range entries {
		ours, known, err := l.invitedNowOrKnown(iv, email)
		if err != nil {
			return nil, err
		}
		switch {
		case ours && len(names) > 1:
			twice = append(twice, email)
		case !known && batch.IsCanonical(email, l.engine.run.facts.list.habits()):
			alike[email] = &likeness{entries: len(names)}
		}
	}
	more, err := l.twiceAlike(hard, iv, entries, alike)
	twice = append(twice, more...)
	slices.Sort(twice)
	return slices.Compact(twice), err
}

// A likeness is an address that is nobody's, and who may be kept under it.
type likeness struct {
	entries int
	lacking int    // people whom the list does not show under their own address
	ours    string // somebody whom this run invited
}

// twiceAlike returns people whom this run invited and who stand twice under
// another form of their address: where it has more entries than people who lack
// one of their own.
func (l *lastLook) twiceAlike(ctx context.Context, iv *interview, entries map[string]map[entryName]bool, alike map[string]*likeness) ([]string, error) {
	if len(alike) == 0 {
		return nil, nil
	}
	err := l.engine.ledger.Members(ctx, iv.id, func(m batch.Member) error {
		delete(alike, m.Key.Email) // it is somebody's after all
		a := alike[batch.LooseEmail(m.Key.Email, l.engine.run.facts.list.habits())]
		if a == nil || !m.Key.HasAddress() {
			return nil
		}
		if entries[m.Key.Email] == nil {
			a.lacking++
		}
		ours, _, err := l.invitedNowOrKnown(iv, m.Key.Email)
		if ours {
			a.ours = m.Key.Email
		}
		return err
	})
	var twice []string
	for a := range maps.Values(alike) {
		if a.ours != "" && a.entries > a.lacking {
			twice = append(twice, a.ours)
		}
	}
	return twice, err
}

// invitedNowOrKnown reports whether somebody is a row that this run has invited,
// and whether they are a row at all.
func (l *lastLook) invitedNowOrKnown(iv *interview, email string) (ours, known bool, err error) {
	row, _, err := l.engine.account.Locate(batch.Key{InterviewID: iv.id, Email: email})
	if err != nil || row < 0 {
		return false, false, err
	}
	o, err := l.engine.account.OutcomeAt(row, l.engine.notSent())
	return o.Status == batch.StatusInvited || o.Status == batch.StatusConfirmed, true, err
}

package batch

import (
	"context"
	"fmt"
	"time"
)

// A HeldBack counts the people whose invitation was re-sent too short a time
// ago to be sent once more.
type HeldBack struct {
	People int
	Until  time.Time // when the last of them can be re-sent
}

// Add counts somebody who can be re-sent from a moment on.
func (h *HeldBack) Add(until time.Time) {
	h.People++
	if until.After(h.Until) {
		h.Until = until
	}
}

// ResendAgain says in words when an invitation that was sent again at a time can
// be once more.
func (o *Options) ResendAgain(at time.Time) string {
	return "it can be re-sent after " + at.Add(o.ResendAfter).UTC().Format(time.RFC3339)
}

// What a ledger remembers of the +tags in answers.
const (
	RememberTags      = "keeps_tags"          // one once came back as it was sent
	RememberGmailTags = "keeps_tags_at_gmail" // the same of Gmail's
)

// RecallTags returns where answers are known to have +tags as they were sent.
func RecallTags(ctx context.Context, ledger Lookuper) (TagHabits, error) {
	gmail, err := ledger.Recall(ctx, RememberGmailTags)
	if err != nil {
		return TagHabits{}, err
	}
	elsewhere, err := ledger.Recall(ctx, RememberTags)
	return TagHabits{AtGmail: gmail != "", Elsewhere: elsewhere != ""}, err
}

// WrongID returns what is wrong with the candidate id of an invitation that is to
// be sent again, if the ledger knows it to be somebody else's, or the person of the
// record by others alone: the e-mail would go to another.
func WrongID(ctx context.Context, ledger Lookuper, c Candidate, rec Record, tags TagHabits) (string, error) {
	key := c.Key()
	if c.CandidateID == "" || rec.Forgotten || !key.HasAddress() {
		return "", nil
	}
	owners, err := ledger.Owners(ctx, []string{c.CandidateID})
	if err != nil {
		return "", fmt.Errorf("look up a candidate id: %w", err)
	}
	other := ""
	for _, owner := range owners[0] {
		switch {
		case LooseEmail(owner.Email, tags) == LooseEmail(key.Email, tags):
			return "", nil
		case owner.HasAddress():
			other = owner.Email
		}
	}
	switch {
	case other != "":
		return "this candidate id is " + MaskText(other) + "'s; nothing was sent", nil
	case rec.CandidateID != "" && rec.CandidateID != c.CandidateID:
		return "this candidate id was never this person's, whose is " + rec.CandidateID + "; nothing was sent", nil
	}
	return "", nil
}

package batch

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"bulkinvite/client"
)

// What the ledger remembers of the addresses that the API shows.
const (
	rememberTags           = "keeps_tags"               // an answer once had a +tag as it was sent
	rememberGmailTags      = "keeps_tags_at_gmail"      // the same of Gmail's
	rememberListTags       = "list_keeps_tags"          // the list once had one
	rememberListGmailTags  = "list_keeps_tags_at_gmail" // the same of Gmail's
	rememberOtherAddresses = "other_addresses"          // it once showed one that no loose form explains
	rememberListAddresses  = "list_addresses"           // the list once showed one as it was sent, or in a loose form
)

// addressHabits are what is known of the addresses that the API shows. Its list
// may have other forms than its answers.
type addressHabits struct {
	answers, list  shownTags
	otherAddresses atomic.Bool
	listed         atomic.Bool
}

// shownTags are where +tags were once shown as they were sent.
type shownTags struct{ elsewhere, atGmail atomic.Bool }

// recall reads what earlier runs remembered.
func (h *addressHabits) recall(ctx context.Context, ledger Ledger) error {
	for name, habit := range map[string]*atomic.Bool{
		rememberTags: &h.answers.elsewhere, rememberGmailTags: &h.answers.atGmail,
		rememberListTags: &h.list.elsewhere, rememberListGmailTags: &h.list.atGmail,
		rememberOtherAddresses: &h.otherAddresses, rememberListAddresses: &h.listed,
	} {
		value, err := ledger.Recall(ctx, name)
		if err != nil {
			return err
		}
		habit.Store(value != "")
	}
	return nil
}

func (s *shownTags) habits() tagHabits {
	return tagHabits{atGmail: s.atGmail.Load(), elsewhere: s.elsewhere.Load()}
}

// learn remembers a habit, once.
func (e *Engine) learnHabit(ctx context.Context, habit *atomic.Bool, name string) error {
	if !habit.CompareAndSwap(false, true) {
		return nil
	}
	if err := e.ledger.Remember(ctx, name, "yes"); err != nil {
		return fmt.Errorf("remember: %w", err)
	}
	return nil
}

// judgeAnswer is judge with what this run and the ledger know of strays.
func (e *Engine) judgeAnswer(ctx context.Context, q question, invitations []client.Invitation, apiErr error) (judgement, error) {
	j := judge(q, invitations, apiErr, e.queue.trustsRefusals())
	if err := e.seeTags(ctx, q, &j); err != nil {
		return j, err
	}
	if len(j.strays) == 0 {
		return j, nil
	}
	strays, err := e.knowStrays(ctx, q.people[0].InterviewID, j.strays)
	if err != nil {
		return j, err
	}
	if strays = untangle(q, &j, strays, e.habits.answers.habits()); len(strays) > 0 {
		judgeStrays(q, &j, strays, e.habits.answers.habits())
	}
	if len(j.several) > 0 && e.severalIDs.CompareAndSwap(false, true) {
		e.warn("the API's answer has several ids for one person: which one is right is not known, and the ids and links of such people stay empty")
	}
	return j, e.warnDisplaced(ctx, q, &j)
}

// seeTags remembers that an answer has returned a +tag as it was sent.
func (e *Engine) seeTags(ctx context.Context, q question, j *judgement) error {
	if e.habits.answers.habits() == (tagHabits{true, true}) {
		return nil
	}
	for i, v := range j.verdicts {
		if v != invited || !strings.Contains(j.invitations[i].CandidateEmail, "+") {
			continue
		}
		if err := e.seeTag(ctx, q.people[i].Email, &e.habits.answers, rememberTags, rememberGmailTags); err != nil {
			return err
		}
	}
	return nil
}

// seeListed remembers that the list shows an address as it was sent: its entries
// can be told from each other by their addresses.
func (e *Engine) seeListed(ctx context.Context, email string) error {
	if err := e.learnHabit(ctx, &e.habits.listed, rememberListAddresses); err != nil {
		return err
	}
	return e.seeTag(ctx, email, &e.habits.list, rememberListTags, rememberListGmailTags)
}

// seeTag remembers that the +tag of an address is kept, if it has one.
func (e *Engine) seeTag(ctx context.Context, email string, shown *shownTags, elsewhere, atGmail string) error {
	local, domain, _ := cutLast(email, '@')
	switch {
	case tagOf(local) <= 0:
		return nil
	case isGmail(domain):
		return e.learnHabit(ctx, &shown.atGmail, atGmail)
	}
	return e.learnHabit(ctx, &shown.elsewhere, elsewhere)
}

// knowStrays looks up whose the strays of an answer are.
func (e *Engine) knowStrays(ctx context.Context, interviewID string, invitations []client.Invitation) ([]stray, error) {
	strays := make([]stray, len(invitations))
	keys, ids := make([]Key, len(invitations)), make([]string, len(invitations))
	for i, inv := range invitations {
		keys[i] = Key{InterviewID: interviewID, Email: normalEmail(inv.CandidateEmail)}
		ids[i] = inv.CandidateID
		strays[i] = stray{Invitation: inv, email: keys[i].Email}
	}
	owners, err := e.ledger.Owners(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("look up candidate ids: %w", err)
	}
	records, err := lookup(ctx, e.ledger, keys)
	if err != nil {
		return nil, err
	}
	for i := range strays {
		row, _, err := e.index.locate(keys[i], e.outcomes)
		if err != nil {
			return nil, err
		}
		strays[i].owners = owners[i]
		strays[i].taken = row >= 0 || records[i].State != StateNone
	}
	return strays, nil
}

// warnDisplaced says once what was asked for and what came back, and remembers
// that this API answers so.
func (e *Engine) warnDisplaced(ctx context.Context, q question, j *judgement) error {
	for i, v := range j.verdicts {
		if v != displaced {
			continue
		}
		if !e.habits.otherAddresses.Load() {
			e.warn(fmt.Sprintf("the API was asked to invite %s and its answer names %s: people who are missing from such an answer stay "+
				"uncertain, until somebody says what the dashboard shows, with bulkinvite confirm --assume",
				MaskText(q.people[i].Email), MaskText(j.strays[0].CandidateEmail)))
		}
		return e.learnHabit(ctx, &e.habits.otherAddresses, rememberOtherAddresses)
	}
	return nil
}

// addressesCompared are how many entries of a read are held against the address
// that was sent: an API that shows others does so mostly.
const addressesCompared = 5

// seeOtherAddress remembers that the API's list shows somebody, known by their id,
// under an address that no loose form explains. As after such an answer, anybody
// may then stand there as somebody whom nobody asked for.
func (e *Engine) seeOtherAddress(ctx context.Context, r *reading, key Key, candidateID string) error {
	if key.Email == "" || r.byID == addressesCompared || e.habits.otherAddresses.Load() {
		return nil
	}
	r.byID++
	owners, err := e.ledger.Owners(ctx, []string{candidateID})
	if err != nil {
		return fmt.Errorf("whose the id of an entry is: %w", err)
	}
	for _, owner := range owners[0] {
		switch {
		case !owner.HasAddress():
			return nil
		case e.formOf(owner.Email) == e.formOf(key.Email):
			return e.learnHabit(ctx, &e.habits.listed, rememberListAddresses)
		}
	}
	return e.learnHabit(ctx, &e.habits.otherAddresses, rememberOtherAddresses)
}

package lists

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync/atomic"

	"bulkinvite/batch"
	"bulkinvite/batch/judge"
)

// What the ledger remembers of the addresses that the API shows.
const (
	rememberListTags       = "list_keeps_tags"          // the list once had one
	rememberListGmailTags  = "list_keeps_tags_at_gmail" // the same of Gmail's
	rememberOtherAddresses = "other_addresses"          // it once showed one that no loose form explains
	rememberListAddresses  = "list_addresses"           // the list once showed one as it was sent, or in a loose form
)

// Facts are what was learned of how the API answers. Whoever learns one tells
// all: a fact becomes true once and stays so. Its list may have other forms of
// addresses than its answers.
type Facts struct {
	Ledger   batch.Ledger
	Distrust atomic.Bool // a list has shown somebody of a refused request

	answers, list  shownTags
	otherAddresses atomic.Bool // an address was shown that no loose form explains
	listed         atomic.Bool // the list shows addresses as they were sent, or in a loose form
}

// shownTags are where +tags were once shown as they were sent.
type shownTags struct{ elsewhere, atGmail atomic.Bool }

func (s *shownTags) habits() batch.TagHabits {
	return batch.TagHabits{AtGmail: s.atGmail.Load(), Elsewhere: s.elsewhere.Load()}
}

// Recall reads what earlier runs remembered, and more facts by their names.
func (f *Facts) Recall(ctx context.Context, more map[string]*atomic.Bool) error {
	all := map[string]*atomic.Bool{
		batch.RememberTags: &f.answers.elsewhere, batch.RememberGmailTags: &f.answers.atGmail,
		rememberListTags: &f.list.elsewhere, rememberListGmailTags: &f.list.atGmail,
		rememberOtherAddresses: &f.otherAddresses, rememberListAddresses: &f.listed,
	}
	maps.Copy(all, more)
	for name, fact := range all {
		value, err := f.Ledger.Recall(ctx, name)
		if err != nil {
			return err
		}
		fact.Store(value != "")
	}
	return nil
}

// Learn remembers a fact.
func (f *Facts) Learn(ctx context.Context, fact *atomic.Bool, name string) error {
	if fact.Load() {
		return nil
	}
	fact.Store(true)
	if err := f.Ledger.Remember(ctx, name, "yes"); err != nil {
		return fmt.Errorf("remember: %w", err)
	}
	return nil
}

// AnswerTags returns where answers keep +tags, as far as is known.
func (f *Facts) AnswerTags() batch.TagHabits { return f.answers.habits() }

// OtherAddresses reports whether an address was ever shown that no loose form
// explains.
func (f *Facts) OtherAddresses() bool { return f.otherAddresses.Load() }

// SeeOtherAddress remembers that one was shown, and reports whether that is news.
func (f *Facts) SeeOtherAddress(ctx context.Context) (news bool, err error) {
	news = !f.otherAddresses.Load()
	return news, f.Learn(ctx, &f.otherAddresses, rememberOtherAddresses)
}

// SeeTags remembers that an answer has returned a +tag as it was sent.
func (f *Facts) SeeTags(ctx context.Context, q judge.Question, j *judge.Judgement) error {
	if f.answers.habits() == (batch.TagHabits{AtGmail: true, Elsewhere: true}) {
		return nil
	}
	for i, v := range j.Verdicts {
		if v != judge.Invited || !strings.Contains(j.Invitations[i].CandidateEmail, "+") {
			continue
		}
		if err := f.seeTag(ctx, q.People[i].Email, &f.answers, batch.RememberTags, batch.RememberGmailTags); err != nil {
			return err
		}
	}
	return nil
}

// seeListed remembers that the list shows an address as it was sent: its entries
// can be told from each other by their addresses.
func (f *Facts) seeListed(ctx context.Context, email string) error {
	if err := f.Learn(ctx, &f.listed, rememberListAddresses); err != nil {
		return err
	}
	return f.seeTag(ctx, email, &f.list, rememberListTags, rememberListGmailTags)
}

// seeTag remembers that the +tag of an address is kept, if it has one.
func (f *Facts) seeTag(ctx context.Context, email string, shown *shownTags, elsewhere, atGmail string) error {
	local, domain, _ := batch.SplitAddress(email)
	switch {
	case batch.TagOf(local) <= 0:
		return nil
	case batch.IsGmail(domain):
		return f.Learn(ctx, &shown.atGmail, atGmail)
	}
	return f.Learn(ctx, &shown.elsewhere, elsewhere)
}

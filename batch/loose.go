package batch

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// tagHabits say where an API is known to return +tags as they are sent. One that
// folds Gmail's addresses may keep those of others.
type tagHabits struct{ atGmail, elsewhere bool }

// keeps reports whether the API keeps the tags of a domain.
func (h tagHabits) keeps(domain string) bool {
	if isGmail(domain) {
		return h.atGmail
	}
	return h.elsewhere
}

func isGmail(domain string) bool { return domain == "gmail.com" || domain == "googlemail.com" }

// looseEmail returns what all spellings have in common under which an API may
// keep an address: Gmail's dots and +tags are dropped, googlemail.com is
// gmail.com, and characters are in Unicode's compatibility form. email is that
// of a Key.
//
// It finds people in what the API says, and makes it doubtful that somebody is
// not there. It never makes one person of two rows: jobs+ann@ and jobs+bob@ may
// be two people.
func looseEmail(email string, tags tagHabits) string {
	local, domain, found := cutLast(normalEmail(norm.NFKC.String(email)), '@')
	if !found {
		return local
	}
	if tag := tagOf(local); tag > 0 && !tags.keeps(domain) {
		local = local[:tag]
	}
	if isGmail(domain) {
		local, domain = strings.ReplaceAll(local, ".", ""), "gmail.com"
	}
	return local + "@" + domain
}

// isCanonical reports whether an address is one that an API may have made of
// others: it has no tag that could be dropped. An entry that has one of its own
// is somebody else's.
func isCanonical(email string, tags tagHabits) bool {
	local, domain, found := cutLast(email, '@')
	return found && (tagOf(local) <= 0 || tags.keeps(domain))
}

// tagOf returns where the +tag of an address begins; 0 or less if it has none.
func tagOf(local string) int { return strings.IndexByte(local, '+') }

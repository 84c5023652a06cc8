package batch

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// looseEmail returns what all spellings have in common under which an API may
// keep an address: Gmail's dots and +tags are dropped, googlemail.com is
// gmail.com, and characters are in Unicode's compatibility form. email is that
// of a Key. keepsTags is for an API that is known to return +tags as they are
// sent.
//
// It finds people in what the API says, and makes it doubtful that somebody is
// not there. It never makes one person of two rows: jobs+ann@ and jobs+bob@ may
// be two people.
func looseEmail(email string, keepsTags bool) string {
	folded := normalEmail(strings.TrimSpace(norm.NFKC.String(email)))
	local, domain, found := cutLast(folded, '@')
	if !found {
		return folded
	}
	if tag := strings.IndexByte(local, '+'); tag > 0 && !keepsTags {
		local = local[:tag]
	}
	if domain == "googlemail.com" {
		domain = "gmail.com"
	}
	if domain == "gmail.com" {
		local = strings.ReplaceAll(local, ".", "")
	}
	return local + "@" + domain
}

// isCanonical reports whether an address is one that an API may have made of
// others: nothing in it can be dropped. An entry that has a tag of its own is
// somebody else's.
func isCanonical(email string, keepsTags bool) bool {
	return email != "" && looseEmail(email, keepsTags) == email
}

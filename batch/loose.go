package batch

import (
	"strings"

	"golang.org/x/text/unicode/norm"
)

// TagHabits say where an API is known to return +tags as they are sent. One that
// folds Gmail's addresses may keep those of others.
type TagHabits struct{ AtGmail, Elsewhere bool }

// keeps reports whether the API keeps the tags of a domain.
func (h TagHabits) keeps(domain string) bool {
	if IsGmail(domain) {
		return h.AtGmail
	}
	return h.Elsewhere
}

// IsGmail reports whether a domain is one of Gmail's, where dots mean nothing.
func IsGmail(domain string) bool { return domain == "gmail.com" || domain == "googlemail.com" }

// LooseEmail returns what all spellings have in common under which an API may
// keep an address: Gmail's dots and +tags are dropped, googlemail.com is
// gmail.com, and characters are in Unicode's compatibility form. email is that
// of a Key.
//
// It finds people in what the API says, and makes it doubtful that somebody is
// not there. It never makes one person of two rows: jobs+ann@ and jobs+bob@ may
// be two people.
func LooseEmail(email string, tags TagHabits) string {
	local, domain, found := SplitAddress(NormalEmail(norm.NFKC.String(email)))
	if !found {
		return local
	}
	if tag := TagOf(local); tag > 0 && !tags.keeps(domain) {
		local = local[:tag]
	}
	if IsGmail(domain) {
		local, domain = strings.ReplaceAll(local, ".", ""), "gmail.com"
	}
	return local + "@" + domain
}

// IsCanonical reports whether an address is one that an API may have made of
// others: it has no tag that could be dropped. An entry that has one of its own
// is somebody else's.
func IsCanonical(email string, tags TagHabits) bool {
	local, domain, found := SplitAddress(email)
	return found && (TagOf(local) <= 0 || tags.keeps(domain))
}

// TagOf returns where the +tag of an address begins; 0 or less if it has none.
func TagOf(local string) int { return strings.IndexByte(local, '+') }

// HasForms reports whether the address of a key may have another loose form than
// its own.
func HasForms(email string) bool {
	return strings.IndexByte(email, '+') >= 0 || strings.HasSuffix(email, "@gmail.com") || strings.HasSuffix(email, "@googlemail.com") ||
		!isPlainLower(email)
}

package batch

import (
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// A Key is what may be invited only once. Two rows with the same key are the
// same invitation, however they are spelled. The API's base URL belongs to it
// too, but is the same for a whole run: the ledger adds it.
type Key struct {
	InterviewID string
	Email       string // or what stands for it, see Candidate.Key
}

// NewKey returns the key of an address in an interview, both in any spelling.
//
// Interview ids that are UUIDs are compared in lower case, all others as they
// are: they are opaque. Addresses are compared trimmed, in lower case, in Unicode
// normal form C, with the domain as an A-label. Dots and +tags are not folded:
// whether they matter is for the receiving mail server to say, and taking two
// people for one would lose one of them.
func NewKey(interviewID, email string) Key {
	return Key{InterviewID: NormalInterviewID(interviewID), Email: NormalEmail(email)}
}

// What stands before an id that stands for an address.
const (
	applicationPrefix = "application:"
	candidatePrefix   = "candidate:"
)

// ParseKey is NewKey for what people type: what stands for an address, see
// Candidate.Key, is taken as such.
func ParseKey(interviewID, person string) Key {
	if k := (Key{InterviewID: NormalInterviewID(interviewID), Email: person}); !k.HasAddress() {
		return k
	}
	return NewKey(interviewID, person)
}

// Key returns the candidate's key. Without an address, the id that the row
// names stands for it; the colon keeps it apart from every valid address.
func (c Candidate) Key() Key {
	switch {
	case c.Email != "":
		return NewKey(c.InterviewID, c.Email)
	case c.JobApplicationID != "":
		return Key{InterviewID: NormalInterviewID(c.InterviewID), Email: applicationPrefix + c.JobApplicationID}
	default:
		return Key{InterviewID: NormalInterviewID(c.InterviewID), Email: candidatePrefix + c.CandidateID}
	}
}

// HasAddress reports whether the key is that of an e-mail address, which the
// API's list can show, and not an id that stands for one.
func (k Key) HasAddress() bool {
	return !strings.HasPrefix(k.Email, applicationPrefix) && !strings.HasPrefix(k.Email, candidatePrefix)
}

// IsUUID reports whether s has the form 8-4-4-4-12 in hexadecimal digits.
func IsUUID(s string) bool {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return false
	}
	for i := range len(s) {
		if !isHex[s[i]] && i != 8 && i != 13 && i != 18 && i != 23 {
			return false
		}
	}
	return true
}

// isHex is a table because IsUUID runs several times per row.
var isHex = func() (table [256]bool) {
	for _, c := range "0123456789abcdefABCDEF" {
		table[c] = true
	}
	return table
}()

// NormalInterviewID returns an interview id as a Key has it.
func NormalInterviewID(id string) string {
	if hasCapital(id) && IsUUID(id) {
		return strings.ToLower(id)
	}
	return id
}

// hasCapital tells of most ids that there is nothing to do, and runs several
// times per row.
func hasCapital(s string) bool {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			return true
		}
	}
	return false
}

// maxAddress is more bytes than any address has, however it is spelled.
const maxAddress = 1 << 10

// NormalEmail returns an address as a Key has it.
func NormalEmail(email string) string {
	if isPlainLower(email) {
		return email // nine addresses of ten, and this runs once per row and answer
	}
	email = strings.TrimSpace(email)
	if len(email) > maxAddress {
		return email // no address, and an A-label of what an API can send would take minutes
	}
	// Lower case first: there are capitals that IDNA does not know, unlike
	// their small letters.
	local, domain, found := SplitAddress(norm.NFC.String(lower(norm.NFC.String(email))))
	if !found {
		return local
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		// Not a domain name. The API may still use such a text as an address,
		// so it gets the next best comparison.
		ascii = domain
	}
	return local + "@" + ascii
}

// lower returns s in lower case. Alone among all capitals, the one of the
// Turkish i has two characters as its small letter. Package unicode knows
// only of one, the plain i, which is somebody else.
func lower(s string) string {
	return strings.ToLower(strings.ReplaceAll(s, "\u0130", "i\u0307"))
}

// isPlainLower reports whether s has only characters that normalising leaves
// alone: ASCII, no capitals, no white space and no label that IDNA has to look at.
func isPlainLower(s string) bool {
	for i := range len(s) {
		if c := s[i]; c >= 0x80 || c <= ' ' || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return !strings.Contains(s, "xn--")
}

// SplitAddress returns what stands before and behind the last @ of an address.
func SplitAddress(address string) (local, domain string, found bool) {
	if i := strings.LastIndexByte(address, '@'); i >= 0 {
		return address[:i], address[i+1:], true
	}
	return address, "", false
}

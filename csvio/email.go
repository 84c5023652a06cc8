package csvio

import (
	"cmp"
	"fmt"
	"net/mail"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
)

// What RFC 5321 allows, in bytes.
const (
	maxLocal   = 64
	maxLabel   = 63
	maxAddress = 254
)

// emailProblem says what is wrong with an address, or "". The API takes an
// address that it cannot use without a word and leaves the person out, so this
// is the place to find it. The text does not repeat the address.
func emailProblem(s string) string {
	if isPlainAddress(s) {
		return ""
	}
	return slowEmailProblem(s)
}

// isPlainAddress recognises the shape that nearly all addresses have, without
// the parser. What it accepts, slowEmailProblem accepts too.
func isPlainAddress(s string) bool {
	at := strings.IndexByte(s, '@')
	if at < 1 || at > maxLocal || len(s) > maxAddress {
		return false
	}
	return isPlainLocal(s[:at]) && isPlainDomain(s[at+1:])
}

func isPlainLocal(local string) bool {
	return consistsOf(local, plainLocal) &&
		local[0] != '.' && local[len(local)-1] != '.' && !strings.Contains(local, "..")
}

// isPlainDomain leaves "--" to the slow way: it can be part of an A-label.
func isPlainDomain(domain string) bool {
	start, previous := 0, byte('.') // start is that of the label
	for i := range len(domain) {
		c := domain[i]
		switch {
		case classes[c]&alphanumeric != 0:
		case c == '-' && previous != '-' && previous != '.':
		case c == '.' && previous != '-' && previous != '.' && i-start <= maxLabel:
			start = i + 1
		default:
			return false
		}
		previous = c
	}
	last := domain[start:]
	return start > 0 && previous != '-' && previous != '.' && len(last) <= maxLabel && !isNumber(last) && !isInvalid(last)
}

func slowEmailProblem(s string) string {
	if problem := commonMistake(s); problem != "" {
		return problem
	}
	at := strings.LastIndexByte(s, '@')
	local, domain := s[:at], s[at+1:]
	switch {
	case local == "":
		return "has nothing before the @"
	case domain == "":
		return "has nothing after the @"
	case len(local) > maxLocal:
		return fmt.Sprintf("has more than %d bytes before the @", maxLocal)
	case len(s) > maxAddress:
		return fmt.Sprintf("is longer than %d bytes", maxAddress)
	case strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, ".."):
		return "has a dot too many before the @"
	}
	if problem := domainProblem(domain); problem != "" {
		return problem
	}
	if parsed, err := mail.ParseAddress(s); err != nil || parsed.Address != s {
		return "is not one that mail can be sent to"
	}
	return ""
}

// commonMistake tells what people put into such a cell besides an address. It
// leaves only texts with one @.
func commonMistake(s string) string {
	ats := strings.Count(s, "@")
	switch {
	case isFormula(s):
		return formulaProblem
	case strings.HasPrefix(s, "#") && spreadsheetError(s) == "":
		return "begins with #, as what is commented out"
	case len(s) >= 7 && strings.EqualFold(s[:7], "mailto:"):
		return `begins with "mailto:": leave that out`
	case ats == 0 && spreadsheetError(s) != "":
		return hasError(spreadsheetError(s))
	case ats == 0 && strings.ContainsAny(s, "\uff20\ufe6b"): // that look like one
		return oddCharacter(s)
	case ats == 0:
		return "has no @ in it"
	case ats > 1 && (strings.ContainsAny(s, ",;/|&") || strings.ContainsFunc(s, unicode.IsSpace)):
		return "is more than one: give each a row of its own"
	case ats > 1:
		return "has more than one @ in it"
	case strings.ContainsAny(s, "<>"):
		return "stands in < >: write it alone, without name and brackets"
	}
	if problem := cmp.Or(hiddenProblem(s), oddCharacter(s)); problem != "" {
		return problem
	}
	if i := strings.IndexAny(s, `"()[],;:\*`); i >= 0 {
		return fmt.Sprintf("has a %c in it", s[i])
	}
	return ""
}

func domainProblem(domain string) string {
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil || strings.HasPrefix(domain, ".") {
		return "has after the @ what is not the name of a domain"
	}
	labels := strings.Split(ascii, ".")
	if len(labels) < 2 {
		return "has no dot after the @"
	}
	for _, label := range labels {
		switch {
		case label == "":
			return "has a dot too many after the @"
		case len(label) > maxLabel:
			return fmt.Sprintf("has more than %d bytes between two dots", maxLabel)
		}
	}
	last := labels[len(labels)-1]
	if isNumber(last) {
		return "ends in a number"
	}
	if isInvalid(last) {
		return "ends in .invalid, where nobody has an address"
	}
	return ""
}

// isInvalid reports whether a domain is what addresses are replaced by that must
// not be seen.
func isInvalid(last string) bool { return strings.EqualFold(last, "invalid") }

func isNumber(s string) bool { return consistsOf(s, digit) }

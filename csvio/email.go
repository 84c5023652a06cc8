package csvio

import (
	"cmp"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// What RFC 5321 allows, in bytes.
const (
	maxLocal   = 64
	maxLabel   = 63
	maxAddress = 254
)

// emailProblem returns what is wrong with an address, without repeating it, or "".
// The API silently drops people whose address it cannot use, so that this is the
// place to find it.
func emailProblem(s string) string {
	if isPlainAddress(s) {
		return ""
	}
	return slowEmailProblem(s)
}

// isPlainAddress recognises the shape of nearly all addresses without the parser.
// slowEmailProblem accepts whatever it accepts.
func isPlainAddress(s string) bool {
	at := strings.IndexByte(s, '@')
	if at < 1 || at > maxLocal || len(s) > maxAddress {
		return false
	}
	local := s[:at]
	return consistsOf(local, &plainLocal) && local[0] != '.' && local[at-1] != '.' && !strings.Contains(local, "..") && isPlainDomain(s[at+1:])
}

// isPlainDomain leaves "--" to slowEmailProblem: it can be part of an A-label.
func isPlainDomain(domain string) bool {
	start, previous := 0, byte('.') // start is that of the label
	for i := range len(domain) {
		c := domain[i]
		switch {
		case alphanumeric[c]:
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

// commonMistake finds what people type into such a cell beside an address. It
// leaves only texts with one @.
func commonMistake(s string) string {
	ats := strings.Count(s, "@")
	switch {
	case isFormula(s):
		return formulaProblem
	case strings.HasPrefix(s, "#") && spreadsheetError(s) == "":
		return "begins with #, as what is commented out"
	case strings.Contains(strings.ToLower(s), "mailto:"):
		return `has "mailto:" in it: write the address alone`
	case strings.HasPrefix(s, "'"):
		return "begins with ', as spreadsheets mark a text: leave that out"
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

// isInvalid reports whether a top-level domain is the reserved one that privacy
// tools write.
func isInvalid(last string) bool { return strings.EqualFold(last, "invalid") }

func isNumber(s string) bool { return consistsOf(s, &digit) }

// oddCharacter names a character that nobody types into an address, since the eye
// does not find it: a quote or dash of a word processor, a full-width letter, or a
// look-alike of another script.
func oddCharacter(address string) string {
	odd := firstTypographic(address)
	if odd == 0 {
		odd = firstStranger(address)
	}
	if odd == 0 {
		return ""
	}
	return fmt.Sprintf("has a %c in it (%s): retype it", odd, characterName(odd))
}

// innerSigns stand inside words, and domains, of Catalan, Greek, Hebrew and
// Japanese.
const innerSigns = "\u00b7\u0375\u05f3\u05f4\u30fb"

// firstTypographic returns the first character of an address that is neither ASCII
// nor an ordinary letter or digit, or 0. Other forms and widths of letters are not
// ordinary, nor is a ı before the @, which programs set to Turkish make of I.
func firstTypographic(address string) rune {
	at := strings.LastIndexByte(address, '@')
	for i, r := range address {
		switch {
		case r == 'ı' && i < at:
			return r
		case r < utf8.RuneSelf, strings.ContainsRune(innerSigns, r):
		case !unicode.In(r, unicode.L, unicode.M, unicode.Nd), isOtherForm(r),
			'\u02b0' <= r && r <= '\u02ff', '\u01c0' <= r && r <= '\u01c3', '\u2100' <= r && r <= '\u214f':
			return r
		}
	}
	return 0
}

// isOtherForm reports whether a letter is the full-width, superscript, ligature
// or mathematical form of another one.
func isOtherForm(r rune) bool {
	s := string(r)
	return norm.NFKC.String(s) != norm.NFC.String(s)
}

// firstStranger returns the first letter of another script than most of its word,
// among scripts that look alike, or 0. An address in one script is as good as one
// in Latin; words end at the @, at the dots of the domain, and at the + of a tag.
func firstStranger(address string) rune {
	local, domain, _ := strings.Cut(address, "@")
	for _, word := range append(strings.Split(local, "+"), strings.Split(domain, ".")...) {
		most := mostOf(word)
		for _, r := range word {
			if script := scriptOf(r); script >= 0 && script != most {
				return r
			}
		}
	}
	return 0
}

// mostOf returns the script of most letters of a word, and Latin if several have
// as many.
func mostOf(word string) int {
	counts := make([]int, len(alikeScripts))
	for _, r := range word {
		if script := scriptOf(r); script >= 0 {
			counts[script]++
		}
	}
	most := 0
	for script, n := range counts {
		if n > counts[most] {
			most = script
		}
	}
	return most
}

// alikeScripts are scripts with letters that look alike.
var alikeScripts = []*unicode.RangeTable{
	unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee, unicode.Coptic, unicode.Lisu,
}

// scriptOf returns the index of a letter's script in alikeScripts, or -1.
func scriptOf(r rune) int {
	return slices.IndexFunc(alikeScripts, func(script *unicode.RangeTable) bool { return unicode.Is(script, r) })
}

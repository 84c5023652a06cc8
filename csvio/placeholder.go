package csvio

import (
	"regexp"
	"strings"
	"unicode"
)

// placeholders are what programs and people write where there is no value, in
// lower case. They are no ids, and nobody is called so.
var placeholders = map[string]bool{
	"null": true, "nil": true, "none": true, "undefined": true, "unknown": true, "nan": true,
	"na": true, "n/a": true, "n.a.": true, "n.a": true, "n/d": true, "k.a.": true, "s/d": true,
	`\n`: true, "tbd": true, "tba": true, "tbc": true, "missing": true, "not available": true, "not applicable": true,
	"no value": true, "no name": true, "no data": true, "not set": true, "not provided": true,
}

// maxPlaceholder is more bytes than the longest has.
const maxPlaceholder = 16

// placeholderInitials are how they begin: that rules nearly all cells out.
var placeholderInitials = func() (initial [256]bool) {
	for word := range placeholders {
		initial[word[0]] = true
		initial[word[0]&^0x20] = true // the capital letter
	}
	return initial
}()

var (
	// givenNames are placeholders that are names, too, if written as names are.
	givenNames = map[string]bool{"Na": true, "Nan": true, "Nil": true}
	// lastNames are those that are, behind another name.
	lastNames = map[string]bool{"Null": true, "None": true, "Nil": true, "Na": true, "Nan": true}
)

// isPlaceholder reports whether a cell says that it has no value: a word for
// that, in any case and in brackets or not, signs alone such as - or ?, or the
// #N/A of a spreadsheet.
func isPlaceholder(s string) bool {
	if s == "" {
		return false
	}
	if classes[s[0]]&alphanumeric != 0 {
		return isPlaceholderWord(s)
	}
	return isPlaceholderWord(trim(strings.Trim(s, `()[]<>{}"'`))) || !hasLetterOrDigit(s) || isNotFound(s)
}

func isPlaceholderWord(s string) bool {
	if s == "" || len(s) >= maxPlaceholder || !placeholderInitials[s[0]] {
		return false
	}
	var lower [maxPlaceholder]byte // strings.ToLower would allocate for most names
	for i := range len(s) {
		lower[i] = s[i]
		if 'A' <= s[i] && s[i] <= 'Z' {
			lower[i] += 'a' - 'A'
		}
	}
	return placeholders[string(lower[:len(s)])]
}

func hasLetterOrDigit(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

// isNotFound reports whether a text is what a spreadsheet shows if a look-up
// finds nothing: #N/A, and in other languages #NV or #N/D.
func isNotFound(s string) bool {
	return isSpreadsheetError(s) && strings.TrimRight(s, "!?") == s
}

// valueOf returns a cell trimmed, or "" if it has a placeholder.
func valueOf(cell string) string {
	s := trim(cell)
	if isPlaceholder(s) {
		return ""
	}
	return s
}

// isNoName reports whether a name consists of placeholders alone.
func isNoName(name string) bool {
	if isPlaceholder(name) {
		return !givenNames[name]
	}
	for word := range strings.FieldsSeq(name) {
		if !isPlaceholder(word) || givenNames[word] {
			return false
		}
	}
	return true
}

// joinedName makes one name of two cells. What is a placeholder in one of them
// is left out: but Null and None, written as names are, can be last names.
func joinedName(first, last string) string {
	first, last = trim(first), trim(last)
	if isPlaceholder(first) && !givenNames[first] {
		first = ""
	}
	if isPlaceholder(last) && (first == "" && !givenNames[last] || !lastNames[last]) {
		last = ""
	}
	return trim(first + " " + last)
}

// noPartOfName finds in a name a word that is a placeholder and nobody's name:
// a program has put the text together of parts, one of which was missing.
func noPartOfName(name string) string {
	if !strings.ContainsAny(name, `(<[\/`) && !strings.Contains(name, "ndefined") {
		return "" // as most
	}
	for word := range strings.FieldsSeq(name) {
		bare := word
		switch word[0] {
		case '(', '<', '[', '\\':
			bare = strings.Trim(word, "()<>[]")
		}
		if (bare != word || strings.ContainsAny(word, `\/`) || len(word) == len("undefined")) &&
			isPlaceholder(bare) && hasLetterOrDigit(bare) && !lastNames[bare] {
			return word
		}
	}
	return ""
}

// scientific is how spreadsheets write numbers that are too long for a cell:
// most of the digits are lost.
var scientific = regexp.MustCompile(`^\d([.,]\d+)?[eE]\+\d+$`)

// hasPlaceholder reports whether a word of a name is a placeholder that is not
// written as names are. In a list in capitals it may be a name all the same.
func hasPlaceholder(name string) bool {
	for word := range strings.FieldsSeq(name) {
		if isPlaceholderWord(word) && !lastNames[word] && word != "na" { // which is Portuguese
			return name != strings.ToUpper(name)
		}
	}
	return false
}

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

// maxPlaceholder is more than the longest has.
const maxPlaceholder = 16

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
	bare := trim(strings.Trim(s, `()[]<>{}"'`))
	if len(bare) < maxPlaceholder {
		var lower [maxPlaceholder]byte // strings.ToLower would allocate for most names
		for i := range len(bare) {
			lower[i] = bare[i]
			if 'A' <= bare[i] && bare[i] <= 'Z' {
				lower[i] += 'a' - 'A'
			}
		}
		if placeholders[string(lower[:len(bare)])] {
			return true
		}
	}
	return s != "" && (!hasLetterOrDigit(s) || isNotFound(s))
}

func hasLetterOrDigit(s string) bool {
	return s != "" && classes[s[0]]&alphanumeric != 0 ||
		strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
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

// noPartOfName finds in a name what is a placeholder and nobody's name: text
// that a program has put together of parts, one of which was missing.
var noPartOfName = regexp.MustCompile(`(?i)(?:^|\s)([(<\[](?:null|nil|none|n/a)[)>\]]|\\n|n/a|undefined)(?:\s|$)`)

// scientific is how spreadsheets write numbers that are too long for a cell:
// most of the digits are lost.
var scientific = regexp.MustCompile(`^\d([.,]\d+)?[eE]\+\d+$`)

// hasPlaceholder reports whether a word of a name is a placeholder that is not
// written as names are. In a list in capitals it may be a name all the same.
func hasPlaceholder(name string) bool {
	for word := range strings.FieldsSeq(name) {
		if len(word) < 2 || len(word) > 4 || word == "na" { // the longest is null
			continue
		}
		for known := range lastNames {
			if word != known && strings.EqualFold(word, known) {
				return name != strings.ToUpper(name)
			}
		}
	}
	return false
}

package csvio

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// isDamaged reports whether a program has read or written a text in the wrong
// encoding: its person would be greeted with it.
func isDamaged(s string) bool {
	if consistsOf(s, &undamaged) {
		return false
	}
	return hasUTF8Inside(s) || hasOddWord(s)
}

// A misreading is a character set in which programs read UTF-8 by mistake.
type misreading struct {
	set *charmap.Charmap
	// leads begin all letters of Western and Central Europe in UTF-8: none of them
	// stands before a sign, nor before the few letters that can follow.
	leads string
}

var misreadings = []misreading{
	{charmap.Windows1252, "\u00c2\u00c3\u00c4\u00c5"},
	{charmap.Windows1250, "\u00c2\u0102\u00c4\u0139"},
}

// quotation are signs that people write after any letter.
const quotation = "\u2018\u2019\u201a\u201c\u201d\u201e\u2026\u2013\u2014\u2039\u203a\u00ab\u00bb\u00b7\u00b4\u00a0"

// hasUTF8Inside reports whether a text has a character of UTF-8 that was read as
// windows-1252, windows-1250 or latin-1: Ã¼ is ü, and Ĺ‚ is ł.
func hasUTF8Inside(s string) bool {
	for _, m := range misreadings {
		before := ' '
		for i, r := range s {
			if r >= utf8.RuneSelf && m.hasSequence(s[i:], before) {
				return true
			}
			before = r
		}
	}
	return false
}

// hasSequence reports whether a text begins with the bytes of one character,
// each read as a character.
func (m *misreading) hasSequence(s string, before rune) bool {
	r, size := utf8.DecodeRuneInString(s)
	first, ok := m.byteOf(r)
	if !ok || first < 0xc2 {
		return false
	}
	length := 2
	if first >= 0xe0 {
		length++
	}
	if first >= 0xf0 {
		length++
	}
	sequence, sign := []byte{first}, false
	for _, next := range s[size:] {
		b, ok := m.byteOf(next)
		if !ok || b < 0x80 || b > 0xbf {
			return false
		}
		sequence = append(sequence, b)
		sign = sign || m.isTelling(before, r, next)
		if len(sequence) == length {
			// Half of the letters of Vietnamese are two signs of quotation behind an á.
			vietnamese := first == 0xe1 && sequence[1] >= 0xba && b != 0xa0
			return (sign || vietnamese) && utf8.Valid(sequence)
		}
	}
	return false
}

// isTelling reports whether no text has next after r: the two are bytes of one
// character.
func (m *misreading) isTelling(before, r, next rune) bool {
	quoted := strings.ContainsRune(quotation, next)
	switch {
	case !strings.ContainsRune(m.leads, r):
		return !unicode.IsLetter(next) && !quoted
	case next == '\u015e': // in words of Romanian in capitals
		return r != '\u00c2' && r != '\u0102'
	case r == '\u0102': // which ends them
		return !(quoted && unicode.IsLetter(before))
	case r == '\u0139': // in words of Slovak in capitals
		return !strings.ContainsRune("\u0160\u0164\u017d", next)
	}
	return true
}

// byteOf returns the byte of r in the set, or in latin-1 where the set has none.
func (m *misreading) byteOf(r rune) (byte, bool) {
	if 0x80 <= r && r <= 0x9f {
		return byte(r), true
	}
	return m.set.EncodeRune(r)
}

// hasOddWord reports whether a word has a character that no word has: a question
// mark in place of a letter, or what other encodings make of letters (√©, ├®, ³,
// Cyrillic among Latin letters, and Èâàí, which is Cyrillic).
func hasOddWord(s string) bool {
	const tooMany = 4 // accented letters of latin-1, one after the other
	before, script, accented := ' ', -1, 0
	for _, r := range s {
		letter := unicode.IsLetter(r)
		if accented++; r < '\u00c0' || r > '\u00ff' {
			accented = 0
		}
		switch {
		case accented == tooMany:
			return true
		case isStandIn(r) && unicode.IsLetter(before), isStandIn(before) && letter:
			return true
		case (r == '\u201a' || r == '\u201e') && unicode.IsLetter(before):
			return true // quotes that open
		case before >= 'a' && unicode.IsLower(before) && strings.ContainsRune("\u00c2\u00c3\u0102", r):
			return true // what follows was taken for a blank
		case !letter && !unicode.IsMark(r):
			script = -1
		case letter:
			found := scriptOf(r)
			if script >= 0 && found >= 0 && found != script {
				return true
			}
			script = found
		}
		before = r
	}
	return false
}

// isStandIn reports whether a sign inside a word replaces a lost letter.
func isStandIn(r rune) bool {
	return r == '?' || r == utf8.RuneError || strings.ContainsRune("\u00a8\u00b8\u02d8\u02d9\u02db\u02dd\u207f", r) ||
		r >= 0x80 && r < 0x2600 && (unicode.In(r, unicode.So, unicode.Sm, unicode.Sc, unicode.No) || r == '¶' || r == '§' || r == '¿' || r == '¡')
}

// lostLetter matches a replaced letter inside a word. At the end of one, ? may
// ask.
var lostLetter = regexp.MustCompile(`\pL[?\x{fffd}]\pL`)

// isDamagedHeader is isDamaged for a header, which may be a question.
func isDamagedHeader(s string) bool { return hasUTF8Inside(s) || lostLetter.MatchString(s) }

// escape matches a character as other formats write it.
var escape = regexp.MustCompile(`%[0-9A-F]{2}|=[0-9A-F]{2}|\\u[0-9a-fA-F]{4}|\\x[0-9a-fA-F]{2}`)

// hasEscape reports whether a name has a character written for URLs, e-mails or
// programs: %C3%A9, =C3=A9 or \u00e9.
func hasEscape(s string) bool { return strings.ContainsAny(s, `%=\`) && escape.MatchString(s) }

var entity = regexp.MustCompile(`&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});`)

// hasEntity reports whether a text has a character written for HTML, such as &amp;
// or &#252;.
func hasEntity(s string) bool {
	if !strings.Contains(s, "&") {
		return false
	}
	for _, found := range entity.FindAllString(s, -1) {
		if html.UnescapeString(found) != found {
			return true
		}
	}
	return false
}

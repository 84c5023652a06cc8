package csvio

import (
	"html"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// isDamaged reports whether a text shows that a program before this one has
// read or written it in the wrong encoding: whoever is called so would be
// greeted with it.
func isDamaged(s string) bool {
	if consistsOf(s, undamaged) {
		return false
	}
	return hasUTF8Inside(s) || hasOddWord(s)
}

// Letters and signs that are the bytes of other letters in UTF-8, read as
// windows-1252 or latin-1. They are told by three things.
const (
	// latinLeads begin all letters of Western and Central Europe in UTF-8: none of
	// the four stands before a sign, nor before the few letters that can follow.
	latinLeads = "\u00c2\u00c3\u00c4\u00c5"
	// quotation are the signs that people write behind any letter.
	quotation = "\u2018\u2019\u201a\u201c\u201d\u201e\u2026\u2013\u2014\u2039\u203a\u00ab\u00bb\u00b7\u00b4\u00a0"
)

// hasUTF8Inside reports whether somewhere in a text are the bytes of a character
// in UTF-8, read as windows-1252 or latin-1: Ã¼ is ü.
func hasUTF8Inside(s string) bool {
	for i, r := range s {
		if r < utf8.RuneSelf {
			continue
		}
		if first, ok := singleByte(r); ok && first >= 0xc2 && hasSequence(s[i:], r, first) {
			return true
		}
	}
	return false
}

// hasSequence reports whether a text begins with the bytes of one character,
// each read as a character: r, which is first, and those that follow.
func hasSequence(s string, r rune, first byte) bool {
	length := 2
	if first >= 0xe0 {
		length++
	}
	if first >= 0xf0 {
		length++
	}
	sequence, sign := []byte{first}, strings.ContainsRune(latinLeads, r)
	for _, next := range s[utf8.RuneLen(r):] {
		b, ok := singleByte(next)
		if !ok || b < 0x80 || b > 0xbf {
			return false
		}
		sequence = append(sequence, b)
		sign = sign || !unicode.IsLetter(next) && !strings.ContainsRune(quotation, next)
		if len(sequence) == length {
			return sign && utf8.Valid(sequence)
		}
	}
	return false
}

// singleByte returns the byte that is r in windows-1252, or in latin-1 where
// windows-1252 has none.
func singleByte(r rune) (byte, bool) {
	if r <= 0xff {
		return byte(r), true
	}
	return charmap.Windows1252.EncodeRune(r)
}

// hasOddWord reports whether a word has in it what no word has: a question mark
// in the place of a letter, or what other encodings make of letters (√©, ├®, ³,
// and Cyrillic among Latin letters).
func hasOddWord(s string) bool {
	before, script := ' ', -1
	for _, r := range s {
		letter := unicode.IsLetter(r)
		switch {
		case isStandIn(r) && unicode.IsLetter(before), isStandIn(before) && letter:
			return true
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

// isStandIn reports whether a sign stands in words only in the place of a letter
// that was lost.
func isStandIn(r rune) bool {
	return r == '?' || r == utf8.RuneError ||
		r >= 0x80 && r < 0x2600 && (unicode.In(r, unicode.So, unicode.Sm, unicode.Sc, unicode.No) || r == '¶' || r == '§' || r == '¿' || r == '¡')
}

var entity = regexp.MustCompile(`&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});`)

// hasEntity reports whether a text has in it what stands for a character in
// HTML, such as &amp; or &#252;.
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

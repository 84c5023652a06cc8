package csvio

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// oddCharacter says which character of an address is none that anybody types
// into one: a quote or a dash that a word processor has made, a letter of full
// width, or one that looks like another of another script. It names the
// character, because the eye does not find it.
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

// innerSigns stand inside words of Catalan, Greek, Hebrew and Japanese, also in
// names of domains.
const innerSigns = "\u00b7\u0375\u05f3\u05f4\u30fb"

// firstTypographic returns the first character of an address that is neither
// ASCII nor a letter or digit of a language, or 0. Letters of another width or
// form than the usual one are none, and neither are those that look like signs.
// Programs set to Turkish make ı of I: domains have it, mailboxes do not.
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

// firstStranger returns the first letter that is of another script than most
// letters of its word, where the scripts have letters that look alike, or 0.
// Words end at the @, at the dots of the domain, and at a tag's +: an address in
// one script is as good as one in Latin.
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

// mostOf returns the script that most letters of a word have, Latin if several
// do.
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

// alikeScripts are those with letters that look like letters of another one.
var alikeScripts = []*unicode.RangeTable{
	unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Armenian, unicode.Cherokee, unicode.Coptic, unicode.Lisu,
}

// scriptOf returns which of alikeScripts a letter is of, or -1.
func scriptOf(r rune) int {
	return slices.IndexFunc(alikeScripts, func(script *unicode.RangeTable) bool { return unicode.Is(script, r) })
}

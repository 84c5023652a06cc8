package csvio

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// placeholders are the words of programs and people for no value, by their first
// byte in either case: lower case, without blanks in abbreviations. They are
// neither ids nor names.
var placeholders = func() (words [256][]string) {
	for _, list := range []string{
		`null,nil,none,undefined,unknown,nan,na,n/a,n.a.,n.a,n/d,k.a.,s/d,n.v.,n/k,\n,tbd,tba,tbc,missing,unnamed,anonymous,xxx,xxxx,xxxxx`,
		`not available,not applicable,no value,no name,no data,not set,not provided,not given,not known,not specified,unspecified,name unknown`,
		`unbekannt,kein name,ohne name,keine angabe,keine angaben,nicht angegeben,nicht bekannt,nicht vorhanden,name unbekannt`,
		`sans nom,inconnu,inconnue,non renseigné,non renseigne,néant,non disponible,non communiqué`,
		`sin nombre,desconocido,desconocida,no disponible,sin datos,no aplica,no consta`,
		`sem nome,desconhecido,desconhecida,não informado,nao informado,não disponível,sem dados`,
		`senza nome,sconosciuto,sconosciuta,non fornito,onbekend,geen naam,niet bekend,naam onbekend`,
		`nieznany,nieznana,nieznane,brak,brak danych,brak imienia,nie dotyczy,nie podano`,
	} {
		for word := range strings.SplitSeq(list, ",") {
			words[word[0]] = append(words[word[0]], word)
			if capital := word[0] &^ 0x20; 'A' <= capital && capital <= 'Z' {
				words[capital] = append(words[capital], word)
			}
		}
	}
	return words
}()

var (
	// givenNames are placeholders that are names, too, if written as names are.
	givenNames = map[string]bool{"Na": true, "Nan": true, "Nil": true}
	// lastNames are those that are, behind another name.
	lastNames = map[string]bool{"Null": true, "None": true, "Nil": true, "Na": true, "Nan": true, "Brak": true}
)

// isPlaceholder reports whether a cell says that it has no value: by a word, in
// any case and in brackets or not, by signs alone such as - or ?, or by the #N/A
// of a spreadsheet.
func isPlaceholder(s string) bool {
	if s == "" {
		return false
	}
	if alphanumeric[s[0]] {
		return isPlaceholderWord(s)
	}
	return isPlaceholderWord(trim(strings.Trim(s, `()[]<>{}"'`))) || !hasLetterOrDigit(s) || isNotFound(s)
}

func isPlaceholderWord(s string) bool {
	if len(s) <= len("n . a .") && strings.Contains(s, " ") && strings.ContainsAny(s, "./") {
		s = strings.ReplaceAll(s, " ", "")
	}
	return s != "" && slices.ContainsFunc(placeholders[s[0]], func(word string) bool { return len(word) == len(s) && strings.EqualFold(word, s) })
}

func hasLetterOrDigit(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) })
}

// isNotFound reports whether a text is what a spreadsheet shows for a failed
// look-up: #N/A, and in other languages #NV or #N/D.
func isNotFound(s string) bool {
	return isSpreadsheetError(s) && strings.TrimRight(s, "!?") == s
}

// valueOf returns a trimmed cell, or "" for a placeholder.
func valueOf(cell string) string {
	s := trim(cell)
	if isPlaceholder(s) {
		return ""
	}
	return s
}

// isNoName reports whether a name consists of placeholders or of headers of names.
func isNoName(name string) bool {
	switch {
	case isPlaceholder(name):
		return !givenNames[name]
	case isNameHeader(name):
		return true
	}
	for word := range strings.FieldsSeq(name) {
		if (!isPlaceholder(word) || givenNames[word]) && !isNameHeader(word) {
			return false
		}
	}
	return true
}

// joinedName makes one name of two cells, without placeholders: but Null and None,
// written as names are, can be last names.
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

// nameOf returns a name, or "" if it is none.
func nameOf(name string) string {
	if isNoName(name) {
		return ""
	}
	return name
}

// isNameHeader reports whether a text is the header of a column of names and no
// name: a template, or a header in the middle of a list.
func isNameHeader(s string) bool {
	if !nameInside(s) {
		return false // as nearly all names
	}
	form := aliasForm(s)
	field, known := aliases[form]
	return known && (field == fieldFirstName || field == fieldLastName || strings.Contains(form, "name") || strings.Contains(form, "nom"))
}

// nameInside reports whether a text has "nam", "naa" or "nom" in it, in any case.
func nameInside(s string) bool {
	for i := range max(0, len(s)-2) {
		if s[i]|0x20 == 'n' {
			switch string([]byte{s[i+1] | 0x20, s[i+2] | 0x20}) {
			case "am", "aa", "om":
				return true
			}
		}
	}
	return false
}

// templates matches fields that a program should have filled in, between signs
// that no name has, or between equal signs close to a word; and tags of HTML.
var templates = regexp.MustCompile(`</?(?:a|b|br|div|em|font|i|p|span|strong|td|u)(?:[\s/][^<>]*)?>|` +
	`\{\{.*?(?:\}\}|$)|[$#]?\{[^{}]*\}|<%.*?%>|\*\|.*?\|\*|` +
	`(?:^|\s)((?:%+\pL[^%]*%+|#+\pL[\pL\pN_.]*#+|\$+\pL[\pL\pN_.]*\$+|\|+\pL[\pL\pN_.]*\|+))(?:\s|$)`)

// inBrackets matches texts between signs that may also enclose a part of a name.
var inBrackets = regexp.MustCompile(`[\[(<«‹_*~]+\s*(\pL[^\[(<«‹*~\])>»›]*\pL)\s*[\])>»›_*~]+`)

// noPartOfName returns the first part of a name that is a placeholder and no name:
// a program has put the text together, and one part was missing.
func noPartOfName(name string) string {
	if !strings.ContainsAny(name, "(<[\\/{%|*$#«‹_~") && !strings.Contains(name, "ndefined") {
		return "" // as most
	}
	if found := templates.FindString(name); found != "" {
		return trim(found)
	}
	for _, found := range inBrackets.FindAllStringSubmatch(name, -1) {
		form := aliasForm(found[1])
		_, either := nameWords[form]
		if isNameHeader(form) || strings.HasSuffix(form, "name") || either && form != "nom" { // who is one in Thailand
			return found[0]
		}
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

// scientific matches numbers too long for a cell as spreadsheets write them,
// without most of their digits.
var scientific = regexp.MustCompile(`^\d([.,]\d+)?[eE]\+\d+$`)

// hasPlaceholder reports whether a word of a name is a placeholder and not written
// as names are. In a list in capitals it may be a name.
func hasPlaceholder(name string) bool {
	for word := range strings.FieldsSeq(name) {
		if isPlaceholderWord(word) && !lastNames[word] && word != "na" { // which is Portuguese
			return name != strings.ToUpper(name)
		}
	}
	return false
}

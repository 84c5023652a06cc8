package csvio

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/runenames"

	"bulkinvite/batch"
)

const (
	maxID   = 128 // characters
	maxName = 300 // characters
)

// validate makes the candidate of a row, or its first problem in the order of the
// codes.
func (l *List) validate(row *batch.Row, cells *rawCells, p place) {
	c := &row.Candidate
	cells.unwrap()
	c.Name = cmp.Or(nameOf(trim(cells.Name)), nameOf(joinedName(cells.FirstName, cells.LastName)))
	c.Email = valueOf(cells.Email)
	if c.InterviewID = valueOf(cells.InterviewID); c.InterviewID == "" {
		c.InterviewID = l.opts.InterviewID
	}
	c.JobApplicationID, c.CandidateID = valueOf(cells.JobApplicationID), valueOf(plainID(cells.CandidateID))
	disable, known := parseBool(cells.DisableEmail)
	c.DisableEmail = disable || l.opts.DisableEmail
	row.Problem = l.shapeProblem(c, p)
	if row.Problem == nil {
		row.Problem = personProblem(c)
	}
	if row.Problem == nil && !known {
		row.Problem = wrong(batch.CodeInvalidValue, "disable_email_notification", cells.DisableEmail, "must be yes, no or empty")
	}
	if row.Problem != nil {
		row.Problem.Name = c.Name
		row.Problem.Value = cmp.Or(row.Problem.Value, cells.missing(row.Problem.Code))
		*c = batch.Candidate{}
	}
}

// missing returns the placeholder that stands where a value is missing, or "".
func (c *rawCells) missing(code batch.Code) string {
	switch code {
	case batch.CodeMissingInterviewID:
		return trim(c.InterviewID)
	case batch.CodeMissingEmail:
		return trim(c.Email)
	case batch.CodeMissingName:
		return trim(cmp.Or(c.Name, trim(c.FirstName)+" "+c.LastName))
	}
	return ""
}

// shapeProblem checks what concerns the row as a whole.
func (l *List) shapeProblem(c *batch.Candidate, p place) *batch.Problem {
	if p.torn {
		return &batch.Problem{Code: batch.CodeTooManyFields, Message: "the row has a carriage return in it that ends no line, and may be two rows: " +
			"save the list with the line ends of Unix or Windows, or put the cell in quotes"}
	}
	if p.surplus {
		return &batch.Problem{Code: batch.CodeTooManyFields, Message: fmt.Sprintf(
			"the row has %d fields and the header %d: put a cell with %s in it in quotes",
			p.fields, len(l.header), delimiterName(l.delim))}
	}
	if c.InterviewID == "" {
		return &batch.Problem{Code: batch.CodeMissingInterviewID, Message: "there is no interview id"}
	}
	if problem := idProblem(c.InterviewID); problem != "" {
		return wrong(batch.CodeInvalidInterviewID, "the interview id", c.InterviewID, problem)
	}
	return nil
}

// personProblem checks who is invited. An id of the application or of the
// candidate can replace name and address.
func personProblem(c *batch.Candidate) *batch.Problem {
	byID := c.JobApplicationID != "" || c.CandidateID != ""
	if c.Email == "" && !byID {
		return &batch.Problem{Code: batch.CodeMissingEmail, Message: "there is no e-mail address"}
	}
	if c.Email != "" {
		if problem := emailProblem(c.Email); problem != "" {
			wrong := wrong(batch.CodeInvalidEmail, "the e-mail address", c.Email, problem)
			wrong.Brief = strings.TrimPrefix(problem, "has ")
			return wrong
		}
	}
	if c.Name == "" && !byID {
		return &batch.Problem{Code: batch.CodeMissingName, Message: "there is no name"}
	}
	if problem := nameProblem(c.Name); problem != "" {
		return wrong(batch.CodeInvalidValue, "the name", c.Name, problem)
	}
	for _, id := range []struct{ what, value string }{
		{"job_application_id", c.JobApplicationID},
		{"candidate_id", c.CandidateID},
	} {
		if problem := idProblem(id.value); problem != "" && id.value != "" {
			return wrong(batch.CodeInvalidValue, id.what, id.value, problem)
		}
	}
	return nil
}

// wrong returns the problem of a field's value.
func wrong(code batch.Code, field, value, problem string) *batch.Problem {
	return &batch.Problem{Code: code, Message: field + " " + problem, Value: value}
}

// unwrap takes texts out of formulas: programs write ="0012" to keep spreadsheets
// from taking the id 0012 for a number.
func (c *rawCells) unwrap() {
	for _, cell := range []*string{&c.Name, &c.FirstName, &c.LastName, &c.Email, &c.InterviewID, &c.JobApplicationID, &c.CandidateID} {
		if !strings.HasPrefix(*cell, `="`) {
			continue
		}
		if text, closed := strings.CutSuffix((*cell)[len(`="`):], `"`); closed && !strings.Contains(strings.ReplaceAll(text, `""`, ""), `"`) {
			*cell = strings.ReplaceAll(text, `""`, `"`)
		}
	}
}

// plainID removes the ' that our block in results.csv puts before an id, in any
// column: failed.csv keeps that of our block as one of the user's.
func plainID(cell string) string {
	id := trim(cell)
	if rest, ok := strings.CutPrefix(id, "'"); ok && looksLikeFormula(rest) {
		return rest
	}
	return id
}

func delimiterName(delim rune) string {
	if delim == '\t' {
		return "a tab"
	}
	return fmt.Sprintf("%q", delim)
}

// trim removes white space and invisible characters at both ends.
func trim(s string) string {
	if s == "" || isVisibleASCII(s[0]) && isVisibleASCII(s[len(s)-1]) {
		return s
	}
	return strings.TrimFunc(s, isBlank)
}

// endOfFile ends files of DOS programs.
const endOfFile = '\x1a'

// isBlank reports whether a character is white space or invisible: zero-width
// spaces, byte order marks, soft hyphens, direction marks, fillers.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || r == endOfFile || unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point)
}

// hiddenProblem names a character of an id or address that cannot be seen, because
// nobody finds it otherwise.
func hiddenProblem(s string) string {
	for _, r := range s {
		switch {
		case r == ' ':
			return "has white space in it"
		case r == '\n' || r == '\r':
			return "has a line break in it"
		case unicode.IsSpace(r):
			return fmt.Sprintf("has white space in it (%s)", characterName(r))
		case isBlank(r) || !unicode.IsPrint(r):
			return fmt.Sprintf("has a character in it that cannot be seen (%s)", characterName(r))
		}
	}
	return ""
}

// characterName returns a code and a name such as U+200B, zero width space.
func characterName(r rune) string {
	name := fmt.Sprintf("%U", r)
	if known := runenames.Name(r); known != "" && !strings.HasPrefix(known, "<") { // <control>
		name += ", " + strings.ToLower(known)
	}
	return name
}

// A class is a set of ASCII characters. Nearly all cells have no others.
type class [256]bool

func classOf(characters string) (c class) {
	for _, character := range []byte(characters) {
		c[character] = true
	}
	return c
}

const (
	digits  = "0123456789"
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	signs   = "!\"#$%'()*+,-./:;<=>@[\\]^_`{|}~" // without ? and &
)

var (
	digit        = classOf(digits)
	alphanumeric = classOf(digits + letters)
	plainLocal   = classOf(digits + letters + "._+-")       // what isPlainAddress takes before the @
	plainName    = classOf(digits + letters + " .,'-")      // what names mostly have
	undamaged    = classOf(digits + letters + signs + " ")  // what stands for nothing else
	visible      = classOf(digits + letters + signs + "?&") // what stands for itself and is no space
)

func isVisibleASCII(b byte) bool { return visible[b] }

// consistsOf reports whether all characters of s are of a class.
func consistsOf(s string, c *class) bool {
	for i := range len(s) {
		if !c[s[i]] {
			return false
		}
	}
	return true
}

// idProblem returns what is wrong with an id, or "". Ids are opaque: not all are
// UUIDs.
func idProblem(id string) string {
	if found := spreadsheetError(id); found != "" {
		return hasError(found)
	}
	if isFormula(id) {
		return formulaProblem
	}
	if strings.IndexByte(id, '+') >= 0 && scientific.MatchString(id) {
		return "is a number in scientific notation, whose last digits are lost: format the column as text, and enter the ids anew"
	}
	if isPlaceholder(id) { // else that of --interview-id
		return "stands for no id"
	}
	if len(id) <= maxID && consistsOf(id, &visible) {
		return "" // all ids that were ever seen
	}
	if utf8.RuneCountInString(id) > maxID {
		return fmt.Sprintf("is longer than %d characters", maxID)
	}
	return hiddenProblem(id)
}

func nameProblem(name string) string {
	if name == "" || len(name) <= maxName && alphanumeric[name[0]] && consistsOf(name, &plainName) &&
		strings.ContainsFunc(name, unicode.IsLetter) && !strings.Contains(name, "ndefined") {
		return "" // most names
	}
	if found := spreadsheetError(name); found != "" {
		return hasError(found)
	}
	if found := noPartOfName(name); found != "" {
		return "has " + found + " in it, which is nobody's name"
	}
	if rest, found := strings.CutPrefix(name, "#"); found && startsWithLetter(rest) {
		return "begins with #, as what is commented out"
	}
	if isFormula(name) {
		return formulaProblem
	}
	if !strings.ContainsFunc(name, unicode.IsLetter) {
		return "has no letter in it"
	}
	if strings.IndexByte(name, '@') >= 0 && slices.ContainsFunc(strings.FieldsFunc(name, isAroundAddress), isAddress) {
		return "has an e-mail address in it: write the name alone"
	}
	if utf8.RuneCountInString(name) > maxName {
		return fmt.Sprintf("is longer than %d characters", maxName)
	}
	for _, r := range name {
		switch {
		case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			return "has a line break in it"
		case unicode.IsControl(r):
			if r >= 0x80 {
				return fmt.Sprintf("has a character in it that comes of a wrong encoding (%U): save the list as CSV UTF-8", r)
			}
			return fmt.Sprintf("has a control character in it (%U)", r)
		case r == utf8.RuneError:
			return "has a broken character in it (U+FFFD): save the list as CSV UTF-8"
		}
	}
	return ""
}

func startsWithLetter(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsLetter(r)
}

// formula matches the beginning of a formula that calls a function or names a
// cell.
var formula = regexp.MustCompile(`^=(?:[A-Za-z][A-Za-z.\d]*\(|\$?[A-Za-z]{1,3}\$?\d)`)

const formulaProblem = "is a formula: put the text that it shows in its place"

func isFormula(s string) bool { return strings.HasPrefix(s, "=") && formula.MatchString(s) }

// isAroundAddress reports whether a character can stand beside an address in a
// text.
func isAroundAddress(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`<>()[]",;:`, r) }

// spreadsheetError returns the first word of a text that a spreadsheet shows for a
// failed look-up or calculation, such as #N/A, #REF! and, in other languages, #NV
// and #WERT!; or "". A failed look-up must not greet somebody as #N/A.
func spreadsheetError(s string) string {
	if strings.IndexByte(s, '#') < 0 {
		return ""
	}
	for word := range strings.FieldsSeq(s) {
		if isSpreadsheetError(word) {
			return word
		}
	}
	return ""
}

func isSpreadsheetError(word string) bool {
	rest, found := strings.CutPrefix(word, "#")
	name := strings.TrimRight(rest, "!?")
	letters := strings.Trim(name, "¡")
	if !found || utf8.RuneCountInString(letters) < 2 ||
		strings.ContainsFunc(letters, func(r rune) bool { return !unicode.IsUpper(r) && r != '/' && r != '0' }) {
		return false
	}
	_, behind, _ := strings.Cut(letters, "/")
	notFound := letters == "NV" || utf8.RuneCountInString(letters) == 3 && utf8.RuneCountInString(behind) == 1
	return name != rest || notFound
}

func hasError(found string) string { return "has an error of the spreadsheet in it (" + found + ")" }

func parseBool(cell string) (value, ok bool) {
	switch strings.ToLower(valueOf(cell)) {
	case "true", "yes", "y", "t", "1", "ja", "oui", "si", "sí", "sì", "sim", "tak",
		"wahr", "vrai", "verdadero", "verdadeiro", "vero", "waar", "prawda": // as spreadsheets write it
		return true, true
	case "", "false", "no", "n", "f", "0", "nein", "non", "não", "nao", "nee", "nie",
		"falsch", "faux", "falso", "onwaar", "fałsz":
		return false, true
	}
	return false, false
}

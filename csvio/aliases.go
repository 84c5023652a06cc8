package csvio

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The fields that a column can be taken for.
const (
	fieldName = iota
	fieldFirstName
	fieldLastName
	fieldEmail
	fieldInterviewID
	fieldJobApplicationID
	fieldCandidateID
	fieldDisableEmail
	numFields
)

// fieldNames are the canonical headers, as the tags of rawCells spell them.
var fieldNames = []string{
	"name", "first_name", "last_name", "email", "interview_id", "job_application_id", "candidate_id", "disable_email_notification",
}

// aliases maps headers, in the form of aliasForm, to fields: English, German,
// French, Spanish, Portuguese, Italian, Dutch and Polish. It leaves out words that
// people use for columns of their own (status, row, error, first, last).
var aliases = func() map[string]int {
	all := map[string]int{}
	for field, words := range aliasWords {
		for word := range strings.FieldsSeq(words) {
			all[word] = field
		}
	}
	return all
}()

var aliasWords = map[int]string{
	fieldName: `name fullname candidate applicant
		kandidat bewerber bewerbername kandidatenname vollername vollstandigername
		vorundnachname vornamenachname vornameundnachname vorname/nachname
		candidat nomcomplet nometprenom nometprenoms nomprenom nom/prenom prenomnom prenometnom prenom/nom
		candidato nombrecompleto nombreyapellido nombreyapellidos nombresyapellidos nombreapellidos nombre/apellidos
		apellidosynombre apellidosynombres
		nomecompleto nomeesobrenome nomesobrenome nome/sobrenome nomeeapelido
		nomeecognome nomecognome nome/cognome cognomeenome cognomenome nominativo
		kandidaat volledigenaam voorenachternaam voornaamenachternaam
		kandydat imieinazwisko imienazwisko imie/nazwisko nazwiskoiimie`,
	fieldFirstName: `firstname givenname forename
		vorname vornamen prenom prenoms primernombre primeironome nomeproprio voornaam voornamen roepnaam imie imiona`,
	fieldLastName: `lastname surname familyname
		nachname familienname zuname nomdefamille apellido apellidos primerapellido apellidopaterno
		sobrenome apelido apelidos ultimonome cognome achternaam familienaam nazwisko`,
	fieldEmail: `email email1value mail emailaddress mailaddress emailid
		emailadresse mailadresse
		courriel mel adresseemail adressemail adressemel adressecourriel adresseelectronique adressedecourriel courrierelectronique
		adressedecourrierelectronique
		correo correoelectronico direcciondecorreo direcciondecorreoelectronico direcciondeemail direccionemail
		correioeletronico correioelectronico enderecodeemail enderecoeletronico enderecodecorreioeletronico enderecodecorreioelectronico
		indirizzoemail indirizzomail indirizzodiemail indirizzodiposta indirizzodipostaelettronica postaelettronica
		emailadres mailadres
		adresemail adresmail adrespocztyelektronicznej pocztaelektroniczna`,
	fieldInterviewID: `interviewid interview`,
	fieldDisableEmail: `disableemailnotification disableemailnotifications disableemail disableemails
		noemail noemails`,
}

// A nameWord is a header that stands for the whole name alone, and for a part of
// it beside another part.
type nameWord struct {
	surnameBeside []string // headers of first names
	firstName     bool     // beside a surname
}

var nameWords = map[string]nameWord{
	"name":    {surnameBeside: []string{"vorname", "vornamen"}},
	"naam":    {surnameBeside: []string{"voornaam", "voornamen", "roepnaam"}},
	"nom":     {surnameBeside: []string{"prenom", "prenoms"}, firstName: true}, // the latter in Catalan
	"nombre":  {firstName: true},
	"nombres": {firstName: true},
	"nome":    {firstName: true},
}

// normalHeader returns a header without case, white space, "_", dashes and
// invisible characters, for comparing headers.
func normalHeader(header string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || unicode.Is(unicode.Pd, r) || isBlank(r) || !unicode.IsPrint(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, header)
}

// aliasForm returns a header as aliases spells it: normalHeader without accents,
// which many leave out, and without the marks of mandatory fields. It is empty for
// a text that is too long for a header.
func aliasForm(header string) string {
	const longest = 200 // bytes; no alias has a third of that
	if len(header) > longest {
		return ""
	}
	form := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(header))
	form = strings.TrimRight(normalHeader(form), "*:")
	form = strings.Replace(form, "(s)", "", 1) // one or several: Prénom(s)
	form = mustOrMay.ReplaceAllString(form, "")
	if bare := ofCandidate.ReplaceAllString(form, ""); isPersonal(bare) {
		return bare
	}
	return form
}

// mustOrMay matches how forms mark mandatory and optional fields, and those that
// are somebody's own.
var mustOrMay = regexp.MustCompile(`\((required|optional|mandatory|pflicht(feld)?|obligatoire|f[ao]cultati[fv]o?|obb?ligatorio|obrigatorio|op[ct]ional|opcjonalne|verplicht|optioneel|wymagane|privat[eo]?|privée?|personal|personnel(le)?|personale)\)$`)

// ofCandidate matches what programs add to a header to say whose name or address
// the column has.
var ofCandidate = regexp.MustCompile(`^(candidate|applicant|bewerber|recipient)|` +
	`(des(bewerbers|kandidaten)|der(bewerberin|kandidatin)|du(candidat|postulant)|dela(candidate|candidata)|del(candidato|postulante)|` +
	`docandidato|dacandidata|(vande)?kandidaat|kandydata)$`)

// isPersonal reports whether a header stands for a name, a part of one, or an
// address.
func isPersonal(form string) bool {
	_, either := nameWords[form]
	field, known := aliases[form]
	return either || known && field <= fieldEmail
}

// fieldOf returns the field that a header stands for in any place. Ids need their
// exact names: "Application ID" and "Candidate ID" are ids of the program that
// exported the list.
func fieldOf(header string) (field int, known bool) {
	for _, field := range []int{fieldJobApplicationID, fieldCandidateID} {
		if trim(header) == fieldNames[field] {
			return field, true
		}
	}
	form := aliasForm(header)
	if _, either := nameWords[form]; either {
		return 0, false
	}
	field, known = aliases[form]
	return field, known
}

// recognize assigns columns to fields by their headers.
func (t *headerTry) recognize(opts Options) {
	for i, h := range t.header {
		if field, known := fieldOf(h); known && (field != fieldCandidateID || opts.Resend) {
			t.take(field, i, opts)
		}
	}
	for i, h := range t.header {
		if word, known := nameWords[aliasForm(h)]; known {
			t.take(t.meaning(word), i, opts)
		}
	}
	t.takeSpelled(opts)
	// A results.csv that is fed back has candidate_id in our own block.
	if opts.Resend && t.columns[fieldCandidateID] < 0 && !opts.Map.beats(fieldCandidateID) {
		for i, h := range t.header {
			if t.ours[i] && normalHeader(h) == normalHeader(fieldNames[fieldCandidateID]) {
				t.columns[fieldCandidateID] = i
				break
			}
		}
	}
}

// take assigns a column to a field, unless the column is ours or --map names
// another.
func (t *headerTry) take(field, column int, opts Options) {
	if t.ours[column] || opts.Map.beats(field) || slices.Contains(t.columns[:], column) {
		return
	}
	if other := t.columns[field]; other >= 0 {
		t.ambiguous(field, other, column)
		return
	}
	t.columns[field] = column
	t.known++
}

// meaning returns the field of a nameWord beside the columns assigned so far.
func (t *headerTry) meaning(word nameWord) int {
	first, last := t.columns[fieldFirstName], t.columns[fieldLastName]
	switch {
	case first >= 0 && last < 0 && t.isSurnameBeside(word, first):
		return fieldLastName
	case last >= 0 && first < 0 && word.firstName:
		return fieldFirstName
	}
	return fieldName
}

// isSurnameBeside reports whether a word means the surname beside this column of
// first names.
func (t *headerTry) isSurnameBeside(word nameWord, first int) bool {
	return slices.Contains(word.surnameBeside, aliasForm(t.header[first]))
}

// takeSpelled assigns a column with nearly the name job_application_id if no other
// column identifies people.
func (t *headerTry) takeSpelled(opts Options) {
	if t.columns[fieldEmail] >= 0 || t.columns[fieldCandidateID] >= 0 || t.columns[fieldJobApplicationID] >= 0 {
		return
	}
	for i, h := range t.header {
		if aliasForm(h) == aliasForm(fieldNames[fieldJobApplicationID]) {
			t.take(fieldJobApplicationID, i, opts)
		}
	}
}

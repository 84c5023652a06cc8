package csvio

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"bulkinvite/batch"
)

const allColumns = "name,email,interview_id,job_application_id,candidate_id,no email\n"

func TestRows(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, tc := range map[string]struct {
		row  string
		opts Options
		want batch.Candidate
		code batch.Code
		msg  string
	}{
		"trimmed": {row: " Ann \u200b,\u00a0ann@x.co\ufeff,\tiv ,,,",
			want: batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "iv"}},
		"trimmed of all that leaves no mark": {row: "\u00ad\ufeffAnn\u200d\u3164,\u200e\u202aann@x.co\u202c\u200f\u2060,\u034f\u180eiv\u2066\u2007,,,",
			want: batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "iv"}},
		"default interview": {row: "Ann,ann@x.co,,,,", opts: Options{InterviewID: "dv"},
			want: batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "dv"}},
		"texts in formulas": {row: `"=""Ann """"A"""" Lee""","=""ann@x.co""","=""0012""","=""NULL""","=""""",`,
			want: batch.Candidate{Name: `Ann "A" Lee`, Email: "ann@x.co", InterviewID: "0012"}},
		"formulas": {row: `"=""A""&B1",ann@x.co,iv,,,`,
			want: batch.Candidate{Name: `="A"&B1`, Email: "ann@x.co", InterviewID: "iv"}},
		"short row": {row: "Ann,ann@x.co,iv",
			want: batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "iv"}},
		"no e-mail": {row: "Ann,ann@x.co,iv,,,Yes",
			want: batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "iv", DisableEmail: true}},
		"no e-mail for all": {row: "Ann,ann@x.co,iv,,,no", opts: Options{DisableEmail: true},
			want: batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "iv", DisableEmail: true}},
		"by application": {row: ",,iv,app,,",
			want: batch.Candidate{InterviewID: "iv", JobApplicationID: "app"}},
		"by application, with address": {row: ",ann@x.co,iv,app,,",
			want: batch.Candidate{Email: "ann@x.co", InterviewID: "iv", JobApplicationID: "app"}},
		"candidate id ignored": {row: "Ann,ann@x.co,iv,,c d,",
			want: batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "iv"}},
		"re-sent": {row: ",,iv,,c1,", opts: Options{Resend: true},
			want: batch.Candidate{InterviewID: "iv", CandidateID: "c1"}},
		"surplus that is empty": {row: "Ann,ann@x.co,iv,,,,\u200b,",
			want: batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "iv"}},

		"surplus before all else": {row: ",,,,,,x", code: batch.CodeTooManyFields,
			msg: "the row has 7 fields and the header 6: put a cell with ',' in it in quotes"},
		"two rows that a carriage return ends": {row: "Ann,ann@x.co,iv\rBen,ben@x.co,iv", code: batch.CodeTooManyFields,
			msg: "the row has a carriage return in it that ends no line, and may be two rows: save the list with the line ends of Unix or Windows, or put the cell in quotes"},
		"two rows, the first with an empty end": {row: "Ann,ann@x.co,iv,\rBen,ben@x.co,iv", code: batch.CodeTooManyFields,
			msg: "the row has a carriage return in it that ends no line, and may be two rows: save the list with the line ends of Unix or Windows, or put the cell in quotes"},
		"carriage return in quotes": {row: "Ann,ann@x.co,iv,,\"a\rb\",",
			want: batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "iv"}},
		"carriage return twice": {row: "Ann,ann@x.co,iv\r\r",
			want: batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "iv"}},
		"nothing but a column of the user's": {row: ",,,,x,", code: batch.CodeMissingInterviewID, msg: "there is no interview id"},

		"no interview":      {row: "Ann,a,,,,", code: batch.CodeMissingInterviewID, msg: "there is no interview id"},
		"bad interview":     {row: "Ann,,a b,,,", code: batch.CodeInvalidInterviewID, msg: "the interview id has white space in it"},
		"hidden interview":  {row: "Ann,,a\u200bb,,,", code: batch.CodeInvalidInterviewID, msg: "the interview id has a character in it that cannot be seen (U+200B, zero width space)"},
		"long interview":    {row: "Ann,," + long(129) + ",,,", code: batch.CodeInvalidInterviewID, msg: "the interview id is longer than 128 characters"},
		"no address":        {row: ",,iv,,,x", code: batch.CodeMissingEmail, msg: "there is no e-mail address"},
		"no address, id":    {row: "Ann,,iv,,c1,", code: batch.CodeMissingEmail, msg: "there is no e-mail address"},
		"bad address":       {row: ",ann,iv,,,x", code: batch.CodeInvalidEmail, msg: "the e-mail address has no @ in it"},
		"bad address, app":  {row: ",ann,iv,app,,", code: batch.CodeInvalidEmail, msg: "the e-mail address has no @ in it"},
		"no name":           {row: "\u00a0,ann@x.co,iv,,,x", code: batch.CodeMissingName, msg: "there is no name"},
		"name of two lines": {row: "\"Ann\nAx\",ann@x.co,iv,,,", code: batch.CodeInvalidValue, msg: "the name has a line break in it"},
		"control character": {row: "A\x07nn,ann@x.co,iv,,,", code: batch.CodeInvalidValue, msg: "the name has a control character in it (U+0007)"},
		"broken character":  {row: "A\ufffdnn,ann@x.co,iv,,,", code: batch.CodeInvalidValue, msg: "the name has a broken character in it (U+FFFD): save the list as CSV UTF-8"},
		"long name":         {row: long(301) + ",ann@x.co,iv,,,", code: batch.CodeInvalidValue, msg: "the name is longer than 300 characters"},
		"name not found":    {row: "#N/A,ann@x.co,iv,,,", code: batch.CodeMissingName, msg: "there is no name"},
		"part of the name not found": {row: "Ann #N/A,ann@x.co,iv,,,", code: batch.CodeInvalidValue,
			msg: "the name has an error of the spreadsheet in it (#N/A)"},
		"interview not found": {row: "Ann,ann@x.co,#REF!,,,", opts: Options{InterviewID: "dv"}, code: batch.CodeInvalidInterviewID,
			msg: "the interview id has an error of the spreadsheet in it (#REF!)"},
		"application not found": {row: "Ann,ann@x.co,iv,#WERT!,,", code: batch.CodeInvalidValue,
			msg: "job_application_id has an error of the spreadsheet in it (#WERT!)"},
		"address not found": {row: "Ann,#N/A,iv,,,", code: batch.CodeMissingEmail, msg: "there is no e-mail address"},
		"address not computed": {row: "Ann,#REF!,iv,,,", code: batch.CodeInvalidEmail,
			msg: "the e-mail address has an error of the spreadsheet in it (#REF!)"},

		"placeholders for optional ids": {row: "Ann,ann@x.co,iv,NULL,(null),N/A", opts: Options{Resend: true},
			want: batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "iv"}},
		"placeholders beside an application": {row: "-,\\N,iv,app,,",
			want: batch.Candidate{InterviewID: "iv", JobApplicationID: "app"}},
		"placeholder for an interview, default": {row: "Ann,ann@x.co,None,,,", opts: Options{InterviewID: "dv"},
			want: batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "dv"}},
		"placeholder for an interview": {row: "Ann,ann@x.co, undefined ,,,", code: batch.CodeMissingInterviewID, msg: "there is no interview id"},
		"placeholder for all ids":      {row: ",,iv,NULL,NULL,", opts: Options{Resend: true}, code: batch.CodeMissingEmail, msg: "there is no e-mail address"},
		"name of signs":                {row: " ? ,ann@x.co,iv,,,", code: batch.CodeMissingName, msg: "there is no name"},
		"name of placeholders":         {row: "NULL NULL,ann@x.co,iv,,,", code: batch.CodeMissingName, msg: "there is no name"},
		"name with a placeholder": {row: "Ann (null),ann@x.co,iv,,,", code: batch.CodeInvalidValue,
			msg: "the name has (null) in it, which is nobody's name"},
		"name that is an address": {row: "ann@x.co,ann@x.co,iv,,,", code: batch.CodeInvalidValue,
			msg: "the name has an e-mail address in it: write the name alone"},
		"name with an address": {row: "Ann Lee <ann@x.co>,ann@x.co,iv,,,", code: batch.CodeInvalidValue,
			msg: "the name has an e-mail address in it: write the name alone"},
		"name with an @": {row: "Ann @ Acme,ann@x.co,iv,,,", want: batch.Candidate{Name: "Ann @ Acme", Email: "ann@x.co", InterviewID: "iv"}},
		"interview in scientific notation": {row: "Ann,ann@x.co,4.00012E+15,,,", code: batch.CodeInvalidInterviewID,
			msg: "the interview id is a number in scientific notation, whose last digits are lost: format the column as text, and enter the ids anew"},
		"application in scientific notation": {row: "Ann,ann@x.co,iv,\"4,00012E+15\",,", code: batch.CodeInvalidValue,
			msg: "job_application_id is a number in scientific notation, whose last digits are lost: format the column as text, and enter the ids anew"},
		"candidate in scientific notation": {row: "Ann,ann@x.co,iv,,4E+15,", opts: Options{Resend: true}, code: batch.CodeInvalidValue,
			msg: "candidate_id is a number in scientific notation, whose last digits are lost: format the column as text, and enter the ids anew"},
		"ids like numbers": {row: "Ann,ann@x.co,12e5,12E15,1.5E-3,", opts: Options{Resend: true},
			want: batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "12e5", JobApplicationID: "12E15", CandidateID: "1.5E-3"}},
		"name with a number sign": {row: "#1 Ann,ann@x.co,iv,,,",
			want: batch.Candidate{Name: "#1 Ann", Email: "ann@x.co", InterviewID: "iv"}},

		"bad application": {row: "Ann,ann@x.co,iv,a b,,", code: batch.CodeInvalidValue, msg: "job_application_id has white space in it"},
		"bad candidate id": {row: "Ann,ann@x.co,iv,,c d,", opts: Options{Resend: true}, code: batch.CodeInvalidValue,
			msg: "candidate_id has white space in it"},
		"bad boolean": {row: "Ann,ann@x.co,iv,,,maybe", code: batch.CodeInvalidValue, msg: "disable_email_notification must be yes, no or empty"},
	} {
		t.Run(name, func(t *testing.T) {
			rows := scanAll(t, openText(t, allColumns+tc.row+"\n", tc.opts))
			if len(rows) != 1 {
				t.Fatalf("%d rows", len(rows))
			}
			if diff := cmp.Diff(tc.want, rows[0].Candidate); diff != "" {
				t.Error(diff)
			}
			var problem *batch.Problem
			if tc.code != "" {
				problem = &batch.Problem{Code: tc.code, Message: tc.msg}
			}
			if diff := cmp.Diff(problem, rows[0].Problem, cmpopts.IgnoreFields(batch.Problem{}, "Name", "Value", "Brief")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPlaceholders(t *testing.T) {
	for _, s := range []string{"NULL", "Null", "(null)", "<NULL>", "[null]", "nil", "<nil>", "None", "N/A", "n/a", "N.A.", `\N`, "-", "--", "—", "?", "...", "*", "_",
		"#N/A", "#NV", "#N/D", "undefined", "NaN", "Unknown", "TBD", "Not available", "'null'", `"NULL"`,
		"k. A.", "K.A.", "n / a", "n. v.", "sin nombre", "Unbekannt", "kein Name", "Keine Angabe", "sans nom", "Inconnue", "non renseigné", "NON RENSEIGNÉ", "Desconocido",
		"sem nome", "não informado", "senza nome", "sconosciuto", "onbekend", "geen naam", "nieznany", "brak danych", "anonymous", "xxx", "XXXX"} {
		if !isPlaceholder(s) || !isNoName(s) {
			t.Errorf("%s is none", s)
		}
	}
	for _, s := range []string{"", "0", "a", "nullable", "Ann", "Nullmann", "None-1", "12", "#REF!", "#1", "n", "李", "no", "N1", "nulls", "e-1",
		"K. A. Antony", "Sinha", "Xx", "Ohne", "Bernard Inconnu"} {
		if isPlaceholder(s) || s != "" && isNoName(s) {
			t.Errorf("%s is one", s)
		}
	}
	for _, s := range []string{"First Name", "FIRSTNAME LASTNAME", "Vorname Nachname", "full_name", "Nombre completo", "first_name", "Name"} {
		if !isNoName(s) {
			t.Errorf("%s is the name of a column", s)
		}
	}
	for _, s := range []string{"Na", "Nan", "Nil", "Christopher Null", "Ann None", "Na Na", "Mel", "Nom", "Mail Lee", "Candidate", "Ann Name"} {
		if isNoName(s) {
			t.Errorf("%s is no name", s)
		}
	}
}

func TestPartsThatAreNoNames(t *testing.T) {
	for name, want := range map[string]string{
		"{{first_name}}": "{{first_name}}", "{first_name} Lee": "{first_name}", "%FIRSTNAME%": "%FIRSTNAME%", "*|FNAME|* *|LNAME|*": "*|FNAME|*",
		"[First Name]": "[First Name]", "<first name>": "<first name>", "Ann <Nachname>": "<Nachname>", "${name} Lee": "${name}", "{!Contact.FirstName}": "{!Contact.FirstName}",
		"«Vorname» «Name»": "«Vorname»", "<<FirstName>>": "<<FirstName>>", "[[ Recipient name ]]": "[[ Recipient name ]]", "<%= user.name %>": "<%= user.name %>",
		"%%First Name%%": "%%First Name%%", "#FIRSTNAME#": "#FIRSTNAME#", "$NAME$": "$NAME$", "|FNAME|": "|FNAME|", "Hi {{ contact.firstname | default: 'you' }}": "{{ contact.firstname | default: 'you' }}",
		"{{first_name": "{{first_name", "(Nombre) Lee": "(Nombre)", "__FIRST_NAME__": "__FIRST_NAME__",
		"Ann [Annie] Lee": "", "Иван «Ваня» Петров": "", "Melanie (Mel) Lee": "", "Ann (Candidate)": "", "Ke$ha Lee": "", "A$AP Rock$": "", "#1 Ann #2": "", "100% Ann 5%": "",
		"Ann | Lee | HR": "", "Ann *star*": "", "Nam Nguyen": "", "<Ann Lee>": "",
		"<b>Ann</b>": "<b>", "Ann<br/>Lee": "<br/>", `<span class="x">Ann`: `<span class="x">`, "Ann </p>": "</p>", "Ann <Bea> Lee": "",
		"Ann (null)": "(null)", "<nil> Lee": "<nil>", `Ann \N`: `\N`, "N/A Lee": "N/A", "Ann undefined": "undefined", "Undefined Lee": "Undefined", "Ann [NULL] Lee": "[NULL]",
		"Ann": "", "Li (Nan) Wu": "", "Ann (?)": "", "Ann/Bob": "", "Ann NULL": "", "Christine Lee": "", "(Ann) Lee": "", "A/B": "", "Ann - Lee": "",
	} {
		if got := noPartOfName(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

func TestPlaceholdersAmongNames(t *testing.T) {
	for _, s := range []string{"Ann NULL", "null Lee", "Ann none", "Ann NaN", "NIL Lee", "Ann NA", "Ann Unknown", "TBD Lee"} {
		if !hasPlaceholder(s) {
			t.Errorf("%s has none", s)
		}
	}
	for _, s := range []string{"Ann Lee", "Christopher Null", "Ann None", "Li Na", "Nan Li", "JEAN NULL", "Ana na Praia", "Nulla", "Nil Soler"} {
		if hasPlaceholder(s) {
			t.Errorf("%s has one", s)
		}
	}
}

func TestPlaceholdersInParts(t *testing.T) {
	for _, tc := range [][3]string{
		{"Ann", "Lee", "Ann Lee"}, {"Ann", "NULL", "Ann"}, {"NULL", "Lee", "Lee"}, {"Ann", "-", "Ann"}, {" N/A ", "Lee", "Lee"}, {"None", "None", ""},
		{"Christopher", "Null", "Christopher Null"}, {"Ann", "None", "Ann None"}, {"Ann", "null", "Ann"}, {"Nan", "Li", "Nan Li"}, {"Li", "Na", "Li Na"},
		{"undefined", "undefined", ""}, {"", "Nan", "Nan"}, {"null", "Null", ""}, {"Ann", "Unknown", "Ann"}, {"(null)", "Lee", "Lee"},
		{"Ann", "k. A.", "Ann"}, {"Anna", "Brak", "Anna Brak"}, {"sin nombre", "Lee", "Lee"},
	} {
		if got := joinedName(tc[0], tc[1]); got != tc[2] {
			t.Errorf("%q and %q: %q, want %q", tc[0], tc[1], got, tc[2])
		}
	}
}

func TestNamesAreJoined(t *testing.T) {
	in := openText(t, "surname,given name,email,interview\n Ax , Ann ,a@x.co,iv\n,Bob,b@x.co,iv\nCox,,c@x.co,iv\n,,d@x.co,iv\n", Options{})
	var got []string
	for _, row := range scanAll(t, in) {
		got = append(got, row.Candidate.Name)
	}
	if diff := cmp.Diff([]string{"Ann Ax", "Bob", "Cox", ""}, got); diff != "" {
		t.Error(diff)
	}
}

// What Excel, in several languages, and LibreOffice show in the place of what
// they could not find or compute.
func TestSpreadsheetErrors(t *testing.T) {
	for _, s := range []string{"#N/A", "#NV", "#N/D", "#Н/Д", "#NAME?", "#REF!", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!",
		"#BEZUG!", "#WERT!", "#VALEUR!", "#¡VALOR!", "#ÜBERLAUF!", "Ann #N/A", "#N/A Ax"} {
		if spreadsheetError(s) == "" {
			t.Errorf("%s is none", s)
		}
	}
	for _, s := range []string{"", "#", "Ann", "#1", "#Ann!", "Ann#N/A", "# N/A", "#NA", "Ann!", "WHO?", "#!", "C# DEV", "#AB/CD", "#A/", "#/A"} {
		if got := spreadsheetError(s); got != "" {
			t.Errorf("%s is %s", s, got)
		}
	}
}

func TestBooleans(t *testing.T) {
	for _, s := range []string{"true", "YES", "y", "T", " 1 ", "ja", "WAHR", "Oui", "sí", "PRAWDA"} {
		if value, ok := parseBool(s); !value || !ok {
			t.Errorf("%q is %v, %v", s, value, ok)
		}
	}
	for _, s := range []string{"", "false", "No", "n", "F", "0", "\u00a0", "Nein", "FALSCH", "não", "FAŁSZ"} {
		if value, ok := parseBool(s); value || !ok {
			t.Errorf("%q is %v, %v", s, value, ok)
		}
	}
	if _, ok := parseBool("2"); ok {
		t.Error("2 is a boolean")
	}
}

func TestEmailProblem(t *testing.T) {
	local64, label63 := strings.Repeat("l", 64), strings.Repeat("d", 63)
	for address, want := range map[string]string{
		"ann@x.co":                                 "",
		"Ann.O'Hara+tag@Mail.Example.CO":           "",
		"ann_b-c@xn--bcher-kva.example":            "",
		"ann@bücher.example":                       "",
		"jörg@bücher.example":                      "",
		"ann@3com.com":                             "",
		"ann@a.b1":                                 "",
		local64 + "@x.co":                          "",
		"ann@" + label63 + ".co":                   "",
		local64 + "x@x.co":                         "has more than 64 bytes before the @",
		"ann@" + label63 + "d.co":                  "has more than 63 bytes between two dots",
		"a@" + strings.Repeat("dddd.", 50) + "coo": "is longer than 254 bytes",
		"ann.example.com":                          "has no @ in it",
		"@x.co":                                    "has nothing before the @",
		"ann@":                                     "has nothing after the @",
		"ann@x@y.co":                               "has more than one @ in it",
		"ann@x.co; bob@x.co":                       "is more than one: give each a row of its own",
		"ann@x.co bob@x.co":                        "is more than one: give each a row of its own",
		"ann@x.co/bob@x.co":                        "is more than one: give each a row of its own",
		"ann@x.co\nbob@x.co":                       "is more than one: give each a row of its own",
		"Ann <ann@x.co>, Bob <bob@x.co>":           "is more than one: give each a row of its own",
		"Ann <ann@x.co>":                           "stands in < >: write it alone, without name and brackets",
		"mailto:ann@x.co":                          `has "mailto:" in it: write the address alone`,
		"<MAILTO:ann@x.co|ann@x.co>":               `has "mailto:" in it: write the address alone`,
		"[ann@x.co](mailto:ann@x.co)":              `has "mailto:" in it: write the address alone`,
		"ann ax@x.co":                              "has white space in it",
		"ann\u00a0ax@x.co":                         "has white space in it (U+00A0, no-break space)",
		"ann\nax@x.co":                             "has a line break in it",
		"ann@x.\u00adco":                           "has a character in it that cannot be seen (U+00AD, soft hyphen)",
		"ann\ufeff@x.co":                           "has a character in it that cannot be seen (U+FEFF, zero width no-break space)",
		"\u3164ann@x\u3164.co":                     "has a character in it that cannot be seen (U+3164, hangul filler)",
		"ann\x07@x.co":                             "has a character in it that cannot be seen (U+0007)",
		"ann\u200b@x.co":                           "has a character in it that cannot be seen (U+200B, zero width space)",
		"ann@x.co,":                                "has a , in it",
		"'ann@x.co":                                "begins with ', as spreadsheets mark a text: leave that out",
		"'ann@x.co'":                               "begins with ', as spreadsheets mark a text: leave that out",
		"\"ann\"@x.co":                             "has a \" in it",
		"ann(home)@x.co":                           "has a ( in it",
		"a@[127.0.0.1]":                            "has a [ in it",
		"a@127.0.0.1":                              "ends in a number",
		"a@x.123":                                  "ends in a number",
		"a@localhost":                              "has no dot after the @",
		".a@x.co":                                  "has a dot too many before the @",
		"a.@x.co":                                  "has a dot too many before the @",
		"a..b@x.co":                                "has a dot too many before the @",
		"a@x..co":                                  "has a dot too many after the @",
		"a@x.co.":                                  "has a dot too many after the @",
		"a@.x.co":                                  "has after the @ what is not the name of a domain",
		"a@-x.co":                                  "has after the @ what is not the name of a domain",
		"a@x-.co":                                  "has after the @ what is not the name of a domain",
		"a@x_y.co":                                 "has after the @ what is not the name of a domain",
		"a@xn--zzzzzz99999.co":                     "has after the @ what is not the name of a domain",
	} {
		if got := emailProblem(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

// What a word processor makes of quotes and dashes, and letters that only look as
// they should, are named.
func TestOddCharacters(t *testing.T) {
	for address, want := range map[string]string{
		"sean.o’brien@example.com":   "has a ’ in it (U+2019, right single quotation mark): retype it",
		"alı@example.com":            "has a ı in it (U+0131, latin small letter dotless i): retype it",
		"ann–lee@example.com":        "has a – in it (U+2013, en dash): retype it",
		"bea—ray@example.com":        "has a — in it (U+2014, em dash): retype it",
		"cid‑poe@example.com":        "has a ‑ in it (U+2011, non-breaking hyphen): retype it",
		"“ann”@example.com":          "has a “ in it (U+201C, left double quotation mark): retype it",
		"ann@exam−ple.com":           "has a − in it (U+2212, minus sign): retype it",
		"o´neill@example.com":        "has a ´ in it (U+00B4, acute accent): retype it",
		"oʼneill@example.com":        "has a ʼ in it (U+02BC, modifier letter apostrophe): retype it",
		"ann＠example.com":            "has a ＠ in it (U+FF20, fullwidth commercial at): retype it",
		"ａｎｎ@example.com":            "has a ａ in it (U+FF41, fullwidth latin small letter a): retype it",
		"ann@example．com":            "has a ． in it (U+FF0E, fullwidth full stop): retype it",
		"ann@example。com":            "has a 。 in it (U+3002, ideographic full stop): retype it",
		"ann…@example.com":           "has a … in it (U+2026, horizontal ellipsis): retype it",
		"\u212aann@example.com":      "has a \u212a in it (U+212A, kelvin sign): retype it",
		"ofﬁce@example.com":          "has a ﬁ in it (U+FB01, latin small ligature fi): retype it",
		"аnn@example.com":            "has a а in it (U+0430, cyrillic small letter a): retype it",
		"ann@gmаil.com":              "has a а in it (U+0430, cyrillic small letter a): retype it",
		"annο@example.com":           "has a ο in it (U+03BF, greek small letter omicron): retype it",
		"а.lee@example.com":          "has a а in it (U+0430, cyrillic small letter a): retype it",
		"ивaн@пример.рф":             "has a a in it (U+0061, latin small letter a): retype it",
		"josÃ©@example.com":          "has a © in it (U+00A9, copyright sign): retype it",
		"ann🎉@example.com":           "has a 🎉 in it (U+1F389, party popper): retype it",
		"jörg@bücher.example":        "",
		"иван@пример.рф":             "",
		"иван@example.com":           "",
		"иван+news@пример.рф":        "",
		"γιώργος@παράδειγμα.ελ":      "",
		"用户@例子.公司":                   "",
		"たろう@example.jp":             "",
		"サーバー@example.jp":            "",
		"홍길동@example.kr":             "",
		"संपर्क@डाटामेल.भारत":        "",
		"محمد@مثال.السعودية":         "",
		"ann@paral·lel.cat":          "",
		"zoe\u0308@example.com":      "",
		"dörte@sörensen.example.com": "",
	} {
		if got := emailProblem(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}

// What the fast way accepts the slow way accepts, and within the alphabet of
// the fast way, "--" aside, it is the other way round too.
func TestFastAndSlowAddressesAgree(t *testing.T) {
	label := rapid.StringMatching(`[a-zA-Z0-9-]{0,5}`)
	near := rapid.Custom(func(t *rapid.T) string {
		domain := strings.Join(rapid.SliceOfN(label, 0, 4).Draw(t, "labels"), ".")
		return rapid.StringMatching(`[a-zA-Z0-9._+-]{0,6}`).Draw(t, "local") +
			rapid.SampledFrom([]string{"@", "@", "@", "", "@@"}).Draw(t, "at") + domain
	})
	long := rapid.Custom(func(t *rapid.T) string {
		n := func(name string, lo, hi int) string { return strings.Repeat("a", rapid.IntRange(lo, hi).Draw(t, name)) }
		return n("local", 62, 66) + "@" + n("label", 61, 65) + "." + n("next", 61, 65) + "." + n("last", 50, 65) + ".co"
	})
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(near, long).Draw(t, "address")
		fast, slow := isPlainAddress(s), slowEmailProblem(s)
		if fast && slow != "" || !fast && slow == "" && !strings.Contains(s, "--") {
			t.Fatalf("%s: fast %v, slow %q", s, fast, slow)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		if s := rapid.String().Draw(t, "text"); isPlainAddress(s) && slowEmailProblem(s) != "" {
			t.Fatalf("%q: %s", s, slowEmailProblem(s))
		}
	})
}

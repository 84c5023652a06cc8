package csvio

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestColumns(t *testing.T) {
	for name, tc := range map[string]struct {
		header string
		opts   Options
		want   []Column
		delim  rune
	}{
		"canonical": {"name,email,interview_id", Options{},
			[]Column{{"name", "name", ""}, {"email", "email", ""}, {"interview_id", "interview_id", ""}}, ','},
		"spelled freely": {"Full  Name;E-Mail;INTERVIEW\u200b-ID", Options{},
			[]Column{{"name", "Full  Name", ""}, {"email", "E-Mail", ""}, {"interview_id", "INTERVIEW\u200b-ID", ""}}, ';'},
		"what cannot be seen": {"\u200e\ufeffName\u3164;E\u00ad-Mail\u00a0;Interview\u2060 \u202fID", Options{},
			[]Column{{"name", "\u200e\ufeffName\u3164", ""}, {"email", "E\u00ad-Mail\u00a0", ""}, {"interview_id", "Interview\u2060 \u202fID", ""}}, ';'},
		"parts of a name": {"Surname\tGiven Name\tMail Address\tInterview", Options{},
			[]Column{{"first_name", "Given Name", ""}, {"last_name", "Surname", ""}, {"email", "Mail Address", ""}, {"interview_id", "Interview", ""}}, '\t'},
		"quoted, semicolons": {`"name";"email";"interview_id"`, Options{},
			[]Column{{"name", "name", ""}, {"email", "email", ""}, {"interview_id", "interview_id", ""}}, ';'},
		"pipes, blank lines before": {"\n\r\nname|email|interview_id", Options{},
			[]Column{{"name", "name", ""}, {"email", "email", ""}, {"interview_id", "interview_id", ""}}, '|'},
		"another delimiter": {"name:email:interview_id", Options{Delimiter: ":"},
			[]Column{{"name", "name", ""}, {"email", "email", ""}, {"interview_id", "interview_id", ""}}, ':'},
		"all optional": {"name,email,interview_id,job_application_id,candidate_id,No E-Mail,status,row,error,last", Options{Resend: true},
			[]Column{{"name", "name", ""}, {"email", "email", ""}, {"interview_id", "interview_id", ""},
				{"job_application_id", "job_application_id", ""}, {"candidate_id", "candidate_id", ""}, {"disable_email_notification", "No E-Mail", ""}}, ','},
		"application stands for the person": {"job_application_id,Interview", Options{},
			[]Column{{"interview_id", "Interview", ""}, {"job_application_id", "job_application_id", ""}}, ','},
		"application spelled freely where nothing else names the person": {"Candidate,Interview ID,Job application ID", Options{},
			[]Column{{"name", "Candidate", ""}, {"interview_id", "Interview ID", ""}, {"job_application_id", "Job application ID", ""}}, ','},
		"ids of another program": {"Application ID,Candidate ID,Job Application ID,CANDIDATE_ID,Candidate Name,Candidate Email,Interview", Options{Resend: true},
			[]Column{{"name", "Candidate Name", ""}, {"email", "Candidate Email", ""}, {"interview_id", "Interview", ""}}, ','},
		"ids of another program, mapped": {"Application ID,Candidate ID,interview", Options{Resend: true, Map: mapping(t, "candidate_id=Candidate ID", "job_application_id=application id")},
			[]Column{{"interview_id", "interview", ""}, {"job_application_id", "Application ID", ""}, {"candidate_id", "Candidate ID", ""}}, ','},
		"left out": {"name,email,interview,job_application_id,candidate_id", Options{Resend: true, Map: mapping(t, "job_application_id=", "candidate_id= ")},
			[]Column{{"name", "name", ""}, {"email", "email", ""}, {"interview_id", "interview", ""}}, ','},
		"left out of our block": {"name,email,interview,candidate_id,invite_url,status,row", Options{Resend: true, Map: mapping(t, "candidate_id=")},
			[]Column{{"name", "name", ""}, {"email", "email", ""}, {"interview_id", "interview", ""}}, ','},
		"left out for all rows' own": {"name,first name,last name,email,interview", Options{InterviewID: "iv", Map: mapping(t, "interview_id=", "name=")},
			[]Column{{"first_name", "first name", ""}, {"last_name", "last name", ""}, {"email", "email", ""}}, ','},
		"candidate to re-send": {"candidate_id", Options{Resend: true, InterviewID: "iv"},
			[]Column{{"candidate_id", "candidate_id", ""}}, ','},
		"candidate_id does nothing by itself": {"name,email,interview_id,candidate_id,candidate id", Options{},
			[]Column{{"name", "name", ""}, {"email", "email", ""}, {"interview_id", "interview_id", ""}}, ','},
		"mapped": {"Name,E-Mail,Contact,Interview,ID", Options{Map: mapping(t, "email= con-tact", "interview_id=#5")},
			[]Column{{"name", "Name", ""}, {"email", "Contact", ""}, {"interview_id", "ID", ""}}, ','},
		"mapped, another delimiter": {"Who;Contact;Interview, or ID", Options{Map: mapping(t, "name=#1", "email=contact", "interview_id=Interview, or ID")},
			[]Column{{"name", "Who", ""}, {"email", "Contact", ""}, {"interview_id", "Interview, or ID", ""}}, ';'},
		"mapped parts of a name": {"name,vorname,surname,email,interview", Options{Map: mapping(t, "first_name=Vorname")},
			[]Column{{"first_name", "vorname", ""}, {"last_name", "surname", ""}, {"email", "email", ""}, {"interview_id", "interview", ""}}, ','},
		"mapped name beats its parts": {"display,first name,last name,email,interview", Options{Map: mapping(t, "name=Display")},
			[]Column{{"name", "display", ""}, {"email", "email", ""}, {"interview_id", "interview", ""}}, ','},
		"mapped candidate id does nothing by itself": {"name,email,interview,cid", Options{Map: mapping(t, "candidate_id=cid")},
			[]Column{{"name", "name", ""}, {"email", "email", ""}, {"interview_id", "interview", ""}}, ','},
		"mapped candidate id in our block": {"email,interview,candidate_id,invite_url,status,row", Options{Resend: true, Map: mapping(t, "candidate_id=candidate_id")},
			[]Column{{"email", "email", ""}, {"interview_id", "interview", ""}, {"candidate_id", "candidate_id", ""}}, ','},
		"results fed back": {"name,email,interview_id,candidate_id,invite_url,status,row", Options{Resend: true},
			[]Column{{"name", "name", ""}, {"email", "email", ""}, {"interview_id", "interview_id", ""}, {"candidate_id", "candidate_id", ""}}, ','},
	} {
		t.Run(name, func(t *testing.T) {
			in := openText(t, tc.header+"\n", tc.opts)
			if diff := cmp.Diff(tc.want, in.Columns()); diff != "" {
				t.Error(diff)
			}
			if in.Delimiter() != tc.delim {
				t.Errorf("delimiter %q, want %q", in.Delimiter(), tc.delim)
			}
			if rows := scanAll(t, in); len(rows) != 0 {
				t.Errorf("a header alone has rows: %v", rows)
			}
		})
	}
}

func TestHeaderErrors(t *testing.T) {
	for name, tc := range map[string]struct {
		header, want string
		opts         Options
	}{
		"a line in a cell": {header: `"name,email,interview,note";;`,
			want: `stdin:1: no column for name, email, interview_id; found "name,email,interview,note", "", ""; its first cell has a whole line in it, as if a spreadsheet with another list separator had saved it: import the list again as text, with the separator that it has`},
		"no hint at what is known": {header: "name,email,job_application_id",
			want: `stdin:1: no column for interview_id; found "name", "email", "job_application_id"; rename the columns in the first line, or name them with --map interview_id=HEADER, or give --interview-id for all rows`},
		"mapped to nothing": {header: "name,Contact ,interview", opts: Options{Map: mapping(t, "email=Kontact")},
			want: `stdin:1: --map email=Kontact names no column; found "name", "Contact ", "interview"; did you mean "Contact"?`},
		"mapped to nothing near": {header: "name;kontakt;interview", opts: Options{Map: mapping(t, "email=Ann's Mail")},
			want: `stdin:1: --map 'email=Ann'\''s Mail' names no column; found "name", "kontakt", "interview"; name one of these, or its number, such as --map email=#1`},
		"mapped beyond the last": {header: "name,email,interview", opts: Options{Map: mapping(t, "email=#4")},
			want: `stdin:1: --map email=#4 names no column; found "name", "email", "interview"; name one of these, or its number, such as --map email=#1`},
		"mapped to two": {header: "name,E-Mail,interview,e mail", opts: Options{Map: mapping(t, "email=email")},
			want: `stdin:1: --map email=email names two columns, 2 and 4; give a number: --map email=#2`},
		"mapped without a header": {header: "Ann,ann@x.co,iv", opts: Options{Map: mapping(t, "name=#1", "email=#2", "interview_id=#3")},
			want: `stdin:1: the first line does not name the columns: it is somebody's row; put a line above it: name,email,interview_id`},
		"mapped away": {header: "Email,interview", opts: Options{Map: mapping(t, "name=Email")},
			want: `stdin:1: no column for email; found "Email", "interview"; rename the columns in the first line, or name them with --map email=HEADER`},
		"mapped into our block": {header: "name,email,interview,error_code,error,row,attempts", opts: Options{Map: mapping(t, "email=error")},
			want: `stdin:1: --map email=error names no column; found "name", "email", "interview", "error_code", "error", "row", "attempts"; name one of these, or its number, such as --map email=#1`},
		"left out": {header: "name,email", opts: Options{InterviewID: "iv", Map: mapping(t, "email=")},
			want: `stdin:1: no column for email; found "name", "email"; leave out --map email=, or name the column with --map email=HEADER`},
		"left out beside a slip": {header: "Names,email", opts: Options{Map: mapping(t, "email=", "interview_id=")},
			want: `stdin:1: no column for name, email, interview_id; found "Names", "email"; did you mean "Names" for name? then add --map name=Names, or rename the columns in the first line; leave out --map email=, or name the column with --map email=HEADER; leave out --map interview_id=, or name the column with --map interview_id=HEADER, or give --interview-id for all rows`},
		"missing": {header: "wer,mail",
			want: `stdin:1: no column for name, interview_id; found "wer", "mail"; rename the columns in the first line, or name them with --map name=HEADER (or first_name and last_name), or give --interview-id for all rows`},
		"missing last name": {header: "given name;mail", opts: Options{InterviewID: "iv"},
			want: `stdin:1: no column for last_name; found "given name", "mail"; rename the columns in the first line, or name them with --map last_name=HEADER`},
		"another delimiter": {header: "name:email:interview_id",
			want: `stdin:1: no column for name, email, interview_id; found "name:email:interview_id"; the first line must name the columns; use --delimiter if it is none of , ; | tab`},
		"quoted twice": {header: `"""name""","""email"""`,
			want: `stdin:1: no column for name, email, interview_id; found "\"name\"", "\"email\""; the cells stand in two pairs of quotes: replace each """ by "`},
		"aligned": {header: "name      email     interview_id",
			want: `stdin:1: no column for name, email, interview_id; found "name      email     interview_id"; blanks align the cells, and nothing separates them: save the list as CSV (UTF-8)`},
		"wrong delimiter": {header: "name,email,interview_id", opts: Options{Delimiter: ";"},
			want: `stdin:1: no column for name, email, interview_id; found "name,email,interview_id"; leave out --delimiter, or give the one that the first line has`},
		"no header": {header: "Ann;ann@x.co;iv",
			want: `stdin:1: the first line does not name the columns: it is somebody's row; put a line above it: name,email,interview_id`},
		"two addresses": {header: "\nname,email,Mail,interview_id",
			want: `stdin:2: two columns for email: "email" and "Mail"; rename or remove one of them, or say which with --map email=#2`},
		"all at once": {header: "name,email,Mail",
			want: `stdin:1: two columns for email: "email" and "Mail"; no column for interview_id; found "name", "email", "Mail"; rename or remove one of them, or say which with --map email=#2; rename the columns in the first line, or name them with --map interview_id=HEADER, or give --interview-id for all rows`},
		"all at once, mapped": {header: "name,Kontakt", opts: Options{InterviewID: "iv", Map: mapping(t, "email=Kontact", "name=Who")},
			want: `stdin:1: --map name=Who names no column; --map email=Kontact names no column; found "name", "Kontakt"; name one of these, or its number, such as --map name=#1; did you mean "Kontakt"?`},
		"ids of another program alone": {header: "Application ID,interview",
			want: `stdin:1: no column for name, email; found "Application ID", "interview"; rename the columns in the first line, or name them with --map name=HEADER (or first_name and last_name) --map email=HEADER; if "Application ID" has job application ids of micro1, add --map 'job_application_id=Application ID'`},
		"an id is no name": {header: "Candidate ID,mail", opts: Options{InterviewID: "iv"},
			want: `stdin:1: no column for name; found "Candidate ID", "mail"; rename the columns in the first line, or name them with --map name=HEADER (or first_name and last_name)`},
		"name twice": {header: "name;first name;mail;interview",
			want: `stdin:1: two columns for name: "name" and "first name"; rename or remove one of them, or say which with --map name=#1`},
		"candidate id twice": {header: "candidate_id, candidate_id,interview", opts: Options{Resend: true},
			want: `stdin:1: two columns for candidate_id: "candidate_id" and " candidate_id"; rename or remove one of them, or say which with --map candidate_id=#1`},
		"slips": {header: "Nmea;Emial;Interview",
			want: `stdin:1: no column for name, email; found "Nmea", "Emial", "Interview"; did you mean "Emial" for email? then add --map name=HEADER (or first_name and last_name) --map email=Emial, or rename the columns in the first line`},
		"slips with a blank": {header: "Frist Name,Last Name, E Mial ,",
			want: `stdin:1: no column for first_name, email, interview_id; found "Frist Name", "Last Name", " E Mial ", ""; did you mean "Frist Name" for first_name and "E Mial" for email? then add --map 'first_name=Frist Name' --map 'email=E Mial', or rename the columns in the first line, or give --interview-id for all rows`},
		"many": {header: strings.Repeat("x,", 24) + "x",
			want: `stdin:1: no column for name, email, interview_id; found ` + strings.Repeat(`"x", `, 20) + `and 5 more; rename the columns in the first line, or name them with --map name=HEADER (or first_name and last_name) --map email=HEADER, or give --interview-id for all rows`},
	} {
		t.Run(name, func(t *testing.T) {
			tc.opts.Stdin = strings.NewReader(tc.header + "\nAnn,ann@x.co,1\n")
			_, err := Open(t.Context(), "-", tc.opts)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// An id that is only nearly called so is a warning.
func TestIDColumnWarns(t *testing.T) {
	for header, want := range map[string]int{"Candidate,Job application ID": 1, "name,job_application_id": 0, "name,email,Job Application ID": 0} {
		if got := warningTexts(openText(t, header+"\n", Options{InterviewID: "iv"})); len(got) != want {
			t.Errorf("%s: %q", header, got)
		}
	}
}

// Words of other languages are known, and those with two meanings by what stands
// beside them.
func TestColumnsInOtherLanguages(t *testing.T) {
	for header, want := range map[string]string{
		"Name;E-Mail-Adresse":                                      "name email",
		"Vorname;Nachname;E-Mail":                                  "first_name last_name email",
		"Name;Vorname;E-Mail":                                      "last_name first_name email",
		"Vorname;Familienname;Mailadresse":                         "first_name last_name email",
		"Vor- und Nachname;E-Mail Adresse *":                       "name email",
		"Prénom;Nom;Adresse e-mail":                                "first_name last_name email",
		"Pre\u0301nom;NOM DE FAMILLE;Courriel":                     "first_name last_name email",
		"Nom;Courriel":                                             "name email",
		"Nom et prénom;Adresse électronique":                       "name email",
		"Nombre;Apellidos;Correo electrónico":                      "first_name last_name email",
		"Nombre;Correo":                                            "name email",
		"Nombres;Apellido;Correo Electronico":                      "first_name last_name email",
		"Nombre completo;Dirección de correo":                      "name email",
		"Nome;Sobrenome;E-mail":                                    "first_name last_name email",
		"Nome;Apelido;Correio eletrónico":                          "first_name last_name email",
		"Nome completo;Endereço de e-mail":                         "name email",
		"Nome;Cognome;Indirizzo e-mail":                            "first_name last_name email",
		"Nome;Posta elettronica":                                   "name email",
		"Nome e cognome;Email":                                     "name email",
		"Voornaam;Achternaam;E-mailadres":                          "first_name last_name email",
		"Naam;Voornaam;E-mail":                                     "last_name first_name email",
		"Naam;Emailadres":                                          "name email",
		"Imię;Nazwisko;Adres e-mail":                               "first_name last_name email",
		"Imię i nazwisko;E-mail":                                   "name email",
		"Prénom(s);Nom(s);E-mail":                                  "first_name last_name email",
		"Nombre(s);Apellido(s);Correo":                             "first_name last_name email",
		"Apellido paterno;Apellido materno;Nombre(s);Correo":       "last_name - first_name email",
		"Prénom du candidat;Nom du candidat;E-mail du candidat":    "first_name last_name email",
		"Nom du candidat;Courriel":                                 "name email",
		"Name des Bewerbers;E-Mail des Bewerbers":                  "name email",
		"Vorname des Bewerbers;Name des Bewerbers;E-Mail":          "first_name last_name email",
		"Nombre del candidato;Apellidos del candidato;Email":       "first_name last_name email",
		"Nome da candidata;E-mail":                                 "name email",
		"Voornaam kandidaat;Achternaam kandidaat;E-mail kandidaat": "first_name last_name email",
		"Imię kandydata;Nazwisko kandydata;E-mail kandydata":       "first_name last_name email",
		"Applicant First Name;Applicant Last Name;Applicant Email;Applicant ID;Candidate Interview": "first_name last_name email - -",
		"Name;E-Mail (privat)":                     "name email",
		"Nom;Courriel (personnel)":                 "name email",
		"Nom;Cognoms;Nom de famille;E-Mail;Status": "first_name - last_name email -",
	} {
		in := openText(t, header+"\n", Options{InterviewID: "iv"})
		var got []string
		for i := range in.header {
			field := "-"
			if f := slices.Index(in.columns[:], i); f >= 0 {
				field = fieldNames[f]
			}
			got = append(got, field)
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s is taken for %s", header, got)
		}
	}
	for _, header := range []string{"Name;First Name;E-Mail", "Name;Vorname;Nachname;E-Mail", "Nombre completo;Nombre;E-Mail", "Correo;E-Mail;Nombre"} {
		in, err := Open(t.Context(), "-", Options{InterviewID: "iv", Stdin: strings.NewReader(header + "\n")})
		if err == nil || !strings.Contains(err.Error(), "two columns for") {
			t.Errorf("%s is taken for %v", header, in.Columns())
		}
	}
}

// The words for columns that people have for themselves must not be aliases.
func TestAliasesLeaveOwnColumnsAlone(t *testing.T) {
	for _, own := range []string{"status", "row", "error", "error_code", "attempts", "invite_url", "first", "last", "id", "notes", "title"} {
		if field, ok := fieldOf(own); ok {
			t.Errorf("%s is taken for %s", own, fieldNames[field])
		}
	}
}

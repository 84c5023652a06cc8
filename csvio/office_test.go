package csvio

import (
	"strings"
	"testing"
)

// Files as programs and people make them: what is read of each, or why it is not.
func TestFilesOfOffices(t *testing.T) {
	const list = "name,email\nAnn,ann@x.co\n"
	for name, tc := range map[string]struct{ text, want string }{
		"a table drawn with signs": {"+-----+----------+\n| name | email |\n+-----+----------+\n| Ann | ann@x.co |\n+-----+----------+\n", "4 Ann <ann@x.co>\n"},
		"Markdown":                 {"| name | email |\n|:---|---|\n| Ann | ann@x.co |\n", "3 Ann <ann@x.co>\n"},
		"SQL":                      {"INSERT INTO people (name, email) VALUES ('Ann', 'ann@x.co');\n", "stdin: is SQL; "},
		"UTF-32":                   {"\xff\xfe\x00\x00n\x00\x00\x00", "stdin: is UTF-32; "},
		"the end of a DOS file":    {list + "\x1a", "2 Ann <ann@x.co>\n"},
		"zeros at the end":         {list + strings.Repeat("\x00", 100), "stdin:3:1: the file ends in NUL bytes; "},
		"line ends lost":           {"name,email,Ann,ann@x.co,Bob,bob@x.co", "stdin:1: the names of the columns and somebody's row stand in one line; "},
		"line ends spelled":        {`name,email\nAnn,ann@x.co\n`, "stdin:1: the names of the columns and somebody's row stand in one line; "},
		"curly quotes":             {"“name”,“email”\n“Ann”,“ann@x.co”\n", "stdin:1: no column for name, email; found \"“name”\", \"“email”\"; the cells stand in “ instead of straight double quotes: "},
		"single quotes":            {"'name','email'\n'Lee, Ann','ann@x.co'\n", "stdin:1: no column for name, email; found \"'name'\", \"'email'\"; the cells stand in ' instead of straight double quotes: "},
		"a blank before a quote":   {"name, email\n\"Ann\", \"ann@x.co\"\n", "stdin:2:8: white space stands before the quote of a cell; "},
		"backslashes":              {"name,email\n\"Ann \\\"Annie\\\" Lee\",ann@x.co\n", "stdin:2:7: a quote inside a cell is written \\\"; "},
		"marked as required":       {"Name (required),E-Mail (Pflichtfeld)\nAnn,ann@x.co\n", "2 Ann <ann@x.co>\n"},
		"another hyphen":           {"Name;E\u2011Mail\nAnn;ann@x.co\n", "2 Ann <ann@x.co>\n"},
		"Google Contacts":          {"Name,Given Name,Family Name,E-mail 1 - Type,E-mail 1 - Value\nAnn Lee,Ann,Lee,* Home,ann@x.co\n,Bob,Ray,,bob@x.co\n", "2 Ann Lee <ann@x.co>\n3 Bob Ray <bob@x.co>\n"},
		"Qualtrics":                {"RecipientFirstName,RecipientLastName,RecipientEmail\nAnn,Lee,ann@x.co\n", "2 Ann Lee <ann@x.co>\n"},
		"dates and numbers":        {"name,email\n01.05.2026,ann@x.co\n12345,bob@x.co\n李,li@x.co\nR2,r@x.co\n", "2  <> invalid_value\n3  <> invalid_value\n4 李 <li@x.co>\n5 R2 <r@x.co>\n"},
		"rows commented out":       {"name,email\n#Ann,ann@x.co\nBob,#bob@x.co\n#1 Cyd,cyd@x.co\n", "2  <> invalid_value\n3  <> invalid_email\n4 #1 Cyd <cyd@x.co>\n"},
		"formulas":                 {"name,email\n\"=HYPERLINK(\"\"x\"\",\"\"Ann\"\")\",ann@x.co\nBob,\"=B2&\"\"@x.co\"\"\"\n=Cyd=,cyd@x.co\n", "2  <> invalid_value\n3  <> invalid_email\n4 =Cyd= <cyd@x.co>\n"},
		"hidden addresses":         {"name,email\nAnn,a***@x.co\nBob,redacted@privacy.invalid\n", "2  <> invalid_email\n3  <> invalid_email\n"},
	} {
		in, err := Open(t.Context(), "-", Options{InterviewID: "iv", Stdin: strings.NewReader(tc.text)})
		if err == nil {
			var got string
			if _, err = tryScan(t, in); err == nil {
				got = peopleOf(t, in)
			}
			in.Close()
			if err == nil && got != tc.want {
				t.Errorf("%s: people %q, want %q", name, got, tc.want)
			}
		}
		if err != nil && !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}

// What a program wrote for signs that it feared is looked at, not sent unseen.
func TestEscapesInNames(t *testing.T) {
	for _, s := range []string{"Jos%C3%A9 Lee", "Jos=C3=A9", "=?UTF-8?Q?Zo=C3=AB?=", `Jos\u00e9`, `Jos\xe9`, "Ann%20Lee"} {
		if !hasEscape(s) {
			t.Errorf("%s has no escape", s)
		}
	}
	for _, s := range append(realNames, "100% Ann", "Ann=Bob", `Ann\Bob`, "A=1", "50%off") {
		if hasEscape(s) {
			t.Errorf("%s has an escape", s)
		}
	}
}

// A program that makes headers pretty does so with ours, too.
func TestOurBlockMadePretty(t *testing.T) {
	in := openText(t, "Name,Email,Candidate Id,Invite Url,Status,Row\nAnn,ann@x.co,c0,u0,invited,2\n", Options{InterviewID: "iv"})
	results, _, _ := writeOutputs(t, in, t.TempDir())
	if want := "Name,Email,candidate_id,invite_url,status,row\nAnn,ann@x.co,c,u,invited,2\n"; results != want {
		t.Errorf("results %q, want %q", results, want)
	}
}

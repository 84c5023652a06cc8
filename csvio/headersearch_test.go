package csvio

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"
)

// peopleOf returns who an input's rows are, a line each.
func peopleOf(t testing.TB, in *Input) string {
	t.Helper()
	var b strings.Builder
	for _, row := range scanAll(t, in) {
		c := row.Candidate
		fmt.Fprintf(&b, "%d %s <%s>", row.Line, c.Name, c.Email)
		if row.Problem != nil {
			fmt.Fprintf(&b, " %s", row.Problem.Code)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestHeaderBelowNotes(t *testing.T) {
	const head, ann, below = "Name,Email\n", "Ann,ann@x.co\n", "the header is in line %d: what stands above it is not read"
	for name, tc := range map[string]struct {
		text string
		opts Options
		line int // of the header
	}{
		"LinkedIn":                   {"Notes:\n\"Some addresses are missing, because\"\n\n" + head + ann, Options{}, 4},
		"delimiters in the notes":    {"Made by x; on Monday; at noon\nA|B|C|D|E\n" + head + ann, Options{}, 3},
		"quotes in the notes":        {"The \"list\" of, June\n\"half a quote\n" + head + ann, Options{}, 3},
		"text behind a quote":        {"\"x\" y, z\n" + head + ann, Options{}, 2},
		"one of the fields above":    {"Name:,List of June\nName\nEmail,a@x.co,,\n" + head + ann, Options{}, 4},
		"a quoted note of two lines": {"\"two\nlines\"\n" + head + ann, Options{}, 3},
		"rows of delimiters":         {"List of June,\n,\n,\n,\n,\n,\n,\n,\n,\n,\n,\n,\n" + head + ann, Options{}, 13},
		"the tenth":                  {strings.Repeat("x,y\n", 9) + head + ann, Options{}, 10},
		"mapped":                     {"Notes\nWho,Contact\n" + ann, Options{Map: mapping(t, "name=who", "email=Contact")}, 2},
		"told delimiter":             {"a,b\n" + head + ann, Options{Delimiter: ","}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			tc.opts.InterviewID = "iv"
			in := openText(t, tc.text, tc.opts)
			if got, want := peopleOf(t, in), fmt.Sprintf("%d Ann <ann@x.co>\n", tc.line+1); got != want {
				t.Errorf("people %q, want %q", got, want)
			}
			if diff := cmp.Diff([]string{fmt.Sprintf(below, tc.line)}, warningTexts(in)); diff != "" {
				t.Error(diff)
			}
			results, failed, _ := writeOutputs(t, in, t.TempDir())
			if !strings.Contains(results, ",candidate_id,") || strings.Count(results, "\n") != 2 || strings.Count(failed, "\n") != 1 {
				t.Errorf("results %q, failed %q", results, failed)
			}
		})
	}
}

func TestHeaderBelowNotesErrors(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"too far below": {strings.Repeat("x,y\n", 10) + "Name,Email\n",
			`stdin:1: no column for name, email; found "x", "y"; rename`},
		"a column is missing": {"Notes:\n\nFirst Name,Last Name,Position,Firm\nAnn,Lee,Dev,Acme,ann@x.co\n",
			`stdin:3: no column for email; found "First Name", "Last Name", "Position", "Firm"; rename`},
		"somebody above it": {"Ann,ann@x.co\nName,Email\nBob,bob@x.co\n",
			"stdin:1: somebody's row stands above the header, which is in line 2; put the header above it, or remove that row"},
		"whole lines in a cell, and something behind one": {"\"name,email\";\n\"Ann,ann@x.co\";\n\"Bob,bob@x.co\";phoned\n",
			`stdin:1: no column for name, email; found "name,email", ""; its first cell has a whole line in it`},
		"nobody but people": {"Ann,ann@x.co\nBob,bob@x.co\n",
			"stdin:1: the first line does not name the columns: it is somebody's row; put a line above it: name,email,interview_id"},
	} {
		_, err := Open(t.Context(), "-", Options{InterviewID: "iv", Stdin: strings.NewReader(tc.text)})
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
}

func TestMarksAndLinesOfPrograms(t *testing.T) {
	const list = "\"name\";\"email\"\nAnn;ann@x.co\n"
	const mark = "\ufeff"
	for name, tc := range map[string]struct {
		text string
		line int
	}{
		"two marks":                     {mark + mark + list, 2},
		"three marks":                   {mark + mark + mark + list, 2},
		"a mark as letters":             {"ï»¿" + list, 2},
		"a mark and one as letters":     {mark + "ï»¿" + list, 2},
		"a mark as letters of a Mac":    {"Ôªø" + list, 2},
		"a mark as letters of DOS":      {"∩╗┐" + list, 2},
		"a mark as letters of Prague":   {"ď»ż" + list, 2},
		"a mark as letters, twice":      {"Ã¯Â»Â¿" + list, 2},
		"a mark as letters in quotes":   {`"ï»¿` + list[1:], 2},
		"two marks in quotes":           {`"` + mark + mark + list[1:], 2},
		"a mark and one in quotes":      {mark + `"` + mark + list[1:], 2},
		"line ends with two returns":    {strings.ReplaceAll(list, "\n", "\r\r\n"), 2},
		"the same, cells in quotes":     {strings.ReplaceAll("\"name\",\"email\"\n\"Ann\",\"ann@x.co\"\n", "\n", "\r\r\n"), 2},
		"UTF-16 with two marks":         {utf16Text(t, unicode.BigEndian, true, mark+list), 2},
		"sep= below a mark":             {mark + "sep=;\n" + list, 3},
		"sep= above a mark":             {"sep=;\r\n" + mark + list, 3},
		"sep= between marks":            {mark + "sep=;\n" + mark + list, 3},
		"PowerShell":                    {"#TYPE System.Management.Automation.PSCustomObject\r\n" + list, 3},
		"PowerShell below a mark":       {mark + "#TYPE Selected.User\n" + list, 3},
		"a mark below PowerShell":       {"#TYPE Selected.User\n" + mark + list, 3},
		"carriage returns alone":        {strings.ReplaceAll(list, "\n", "\r"), 2},
		"carriage returns alone, UTF16": {utf16Text(t, unicode.LittleEndian, true, strings.ReplaceAll(list, "\n", "\r")), 2},
		"sep= with nothing":             {"sep=;\n" + list, 3},
	} {
		t.Run(name, func(t *testing.T) {
			in := openText(t, tc.text, Options{InterviewID: "iv"})
			if got, want := peopleOf(t, in), fmt.Sprintf("%d Ann <ann@x.co>\n", tc.line); got != want {
				t.Errorf("people %q, want %q", got, want)
			}
			if texts := warningTexts(in); len(texts) > 0 {
				t.Errorf("warnings %q", texts)
			}
			results, _, _ := writeOutputs(t, in, t.TempDir())
			if want := strings.Contains(tc.text, mark) || in.bom; strings.HasPrefix(results, mark+"\"name\"") != want {
				t.Errorf("results %q", results)
			}
		})
	}
	cut := "sep=\nname;email\nAnn;ann@x.co\n"
	in := openText(t, cut, Options{InterviewID: "iv"})
	if got := peopleOf(t, in); got != "3 Ann <ann@x.co>\n" || len(in.Warnings()) != 1 {
		t.Errorf("a cut line sep=: %q, %q", got, warningTexts(in))
	}
}

func TestWholeLinesInQuotes(t *testing.T) {
	for name, tc := range map[string]struct{ text, want, results string }{
		"all": {"\"name,email\"\r\n\"Ann Lee,ann@x.co\"\r\n\"Bob \"\"Bo\"\" Ray,bob@x.co\"\r\n\r\n\"Cyd,\"\r\n",
			"2 Ann Lee <ann@x.co>\n3 Bob \"Bo\" Ray <bob@x.co>\n5  <> missing_email\n",
			"name,email,candidate_id,invite_url,status,row\r\nAnn Lee,ann@x.co,c,u,invited,2\r\n\"Bob \"\"Bo\"\" Ray\",bob@x.co,c,u,invited,3\r\n"},
		"cells in quotes within": {"\"name;email\"\n\"\"\"Lee; Ann\"\";ann@x.co\"\n\"\"\"B\nR\"\";bob@x.co\"\n\"Cyd;cyd@x.co\"\n",
			"2 Lee; Ann <ann@x.co>\n3  <> invalid_value\n5 Cyd <cyd@x.co>\n", ""},
		"some": {"\"name,email\"\nAnn,ann@x.co\n\"Bob,bob@x.co\"\n", "2 Ann <ann@x.co>\n3 Bob <bob@x.co>\n", ""},
		"the rows alone": {"name,email\n\"Ann,ann@x.co\"\n\"Bob,bob@x.co\"\n", "2 Ann <ann@x.co>\n3 Bob <bob@x.co>\n",
			"name,email,candidate_id,invite_url,status,row\nAnn,ann@x.co,c,u,invited,2\nBob,bob@x.co,c,u,invited,3\n"},
		"delimiters behind": {"\"name,email\";\r\n\"Ann Lee,ann@x.co\";\r\n\"Bob \"\"Bo\"\" Ray,bob@x.co\";\r\n;\r\n\"Cyd,\";;\r\n",
			"2 Ann Lee <ann@x.co>\n3 Bob \"Bo\" Ray <bob@x.co>\n5  <> missing_email\n",
			"name,email,candidate_id,invite_url,status,row\r\nAnn Lee,ann@x.co,c,u,invited,2\r\n\"Bob \"\"Bo\"\" Ray\",bob@x.co,c,u,invited,3\r\n"},
		"delimiters behind, some in quotes": {"name,email;;\n\"\"\"Lee, Ann\"\",ann@x.co\";;\nBob,bob@x.co;;\n", "2 Lee, Ann <ann@x.co>\n3 Bob <bob@x.co>\n", ""},
		"half a cell in quotes":             {"\"name,email\"\n\"\"\"Ann,ann@x.co\"\n\"Bob,bob@x.co\"\n", "2  <> missing_email\n3 Bob <bob@x.co>\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			in := openText(t, tc.text, Options{InterviewID: "iv"})
			if got := peopleOf(t, in); got != tc.want {
				t.Errorf("people %q, want %q", got, tc.want)
			}
			if texts := warningTexts(in); len(texts) != 1 || !strings.Contains(texts[0], "whole lines stand in") {
				t.Errorf("warnings %q", texts)
			}
			if results, _, _ := writeOutputs(t, in, t.TempDir()); tc.results != "" && results != tc.results {
				t.Errorf("results %q", results)
			}
		})
	}
}

func TestRowsWithAnotherDelimiter(t *testing.T) {
	const warning = "the header has %s between its cells and the rows have %s: both are read so"
	for name, tc := range map[string]struct{ text, warning, results string }{
		"commas":     {"name;email;note, or so\nAnn,ann@x.co,x\n,,\n", fmt.Sprintf(warning, "';'", "','"), "name,email,\"note, or so\",candidate_id,invite_url,status,row\nAnn,ann@x.co,x,c,u,invited,2\n"},
		"semicolons": {"name,email\nAnn;ann@x.co\n", fmt.Sprintf(warning, "','", "';'"), "name;email;candidate_id;invite_url;status;row\nAnn;ann@x.co;c;u;invited;2\n"},
		"tabs":       {"name,email\r\nAnn\tann@x.co\r\n", fmt.Sprintf(warning, "','", "a tab"), "name\temail\tcandidate_id\tinvite_url\tstatus\trow\r\nAnn\tann@x.co\tc\tu\tinvited\t2\r\n"},
	} {
		in := openText(t, tc.text, Options{InterviewID: "iv"})
		if diff := cmp.Diff([]string{tc.warning}, warningTexts(in)); diff != "" {
			t.Error(name, diff)
		}
		if results, _, _ := writeOutputs(t, in, t.TempDir()); results != tc.results {
			t.Errorf("%s: results %q", name, results)
		}
	}
	_, err := Open(t.Context(), "-", Options{InterviewID: "iv", Stdin: strings.NewReader("name;email\nAnn,ann@x.co\nBob,Ray,bob@x.co\n")})
	if want := "stdin:1: the header has ';' between its cells and the rows have ','; save the list with one of them in all lines"; errorText(err) != want {
		t.Errorf("%v, want %s", err, want)
	}
	in := openText(t, "name;email\nAnn\nBob, Jr.\n", Options{InterviewID: "iv"})
	if got, want := peopleOf(t, in), "2  <> missing_email\n3  <> missing_email\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestTheEndOfTheInput(t *testing.T) {
	for text, warned := range map[string]bool{
		"name,email\nAnn,ann@x.co\nBob,bob@x.co":   true,
		"name,email\nAnn,ann@x.co\nBob,bob@x.co\n": false,
		"name,email\r\nAnn,ann@x.co\r\nBob,b\r":    true,
		"name,email\nAnn,ann@x.co\n , \t":          false,
		"name,email":                               false,
		"name,email\rAnn,ann@x.co\rBob,bob@x":      true,
		"name,email\n\"Ann\",\"ann@x.co\"":         true,
	} {
		in := openText(t, text, Options{InterviewID: "iv"})
		if got := warningTexts(in); len(got) > 0 != warned || warned && !strings.Contains(got[0], "no line end") {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestTornRowsSayWhy(t *testing.T) {
	in := openText(t, "name,email\nAnn,ann@x.co\rBob,bob@x.co\nCyd,cyd@x.co\n", Options{InterviewID: "iv"})
	rows := scanAll(t, in)
	if len(rows) != 2 || rows[0].Problem == nil || !strings.Contains(rows[0].Problem.Message, "may be two rows") {
		t.Errorf("%+v", rows)
	}
}

func TestMarkInTheMiddle(t *testing.T) {
	_, err := tryScan(t, openText(t, "name,email\nAnn,ann@x.co\n\ufeff\"name\",\"email\"\n", Options{InterviewID: "iv"}))
	if want := "stdin:3:2: something that cannot be seen stands before the quote of a cell"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestRowsWithoutText(t *testing.T) {
	in := openText(t, "name,email,notes\n,,\nAnn,ann@x.co,\n\n\"\",\u00a0 ,\"\u200b\"\n,,call her\n,,,x\n,,\"\"\"\"\n,,\n\t,,,,\n", Options{InterviewID: "iv"})
	if got, want := peopleOf(t, in), "3 Ann <ann@x.co>\n6  <> missing_email\n7  <> too_many_fields\n8  <> missing_email\n"; got != want || in.BlankRows() != 4 {
		t.Errorf("%d left out, people %q, want %q", in.BlankRows(), got, want)
	}
	_, failed, counts := writeOutputs(t, in, t.TempDir())
	if counts != (Counts{Rows: 4, Results: 1, Failed: 3}) {
		t.Errorf("%+v, %q", counts, failed)
	}
	// What an older version said of them is no text of theirs.
	again := openText(t, "name,email,error_code,error,row,attempts\n,,missing_email,the row is empty: remove it,3,0\n", Options{InterviewID: "iv"})
	if got := peopleOf(t, again); got != "" || again.BlankRows() != 1 {
		t.Errorf("fed back: %q", got)
	}
	resent := openText(t, "name,email,candidate_id,invite_url,status,row\n,,c-1,u,invited,2\n,,,,,\n", Options{InterviewID: "iv", Resend: true})
	if got := scanAll(t, resent); len(got) != 1 || got[0].Candidate.CandidateID != "c-1" {
		t.Errorf("re-sent: %+v", got)
	}
}

func TestFilesThatAreNoLists(t *testing.T) {
	for name, tc := range map[string]struct{ file, text, want string }{
		"HTML":               {"x.xls", "<html><body><table><tr><td>name</td></tr></table>", "x.xls: is HTML, a web page, whatever its name; open it"},
		"HTML with a mark":   {"x.csv", "\ufeff\n <!DOCTYPE html>\n<title>Log in</title>", "x.csv: is HTML"},
		"HTML in UTF-16":     {"x.xls", utf16Text(t, unicode.LittleEndian, true, "<table><tr><td>name"), "x.xls: is HTML"},
		"XHTML":              {"x.csv", "<?xml version=\"1.0\"?><html xmlns=\"x\">", "x.csv: is HTML"},
		"a comment":          {"x.csv", "<!-- x --><table>", "x.csv: is HTML"},
		"XML of Excel":       {"x.xls", "<?xml version=\"1.0\"?>\n<?mso-application progid=\"Excel.Sheet\"?>\n<Workbook>", "x.xls: is an XML spreadsheet of Excel 2003, whatever its name; open it"},
		"XML":                {"x.csv", "<?xml version=\"1.0\"?><people/>", "x.csv: is XML; export"},
		"OpenDocument":       {"x.fods", "<?xml version=\"1.0\"?><office:document xmlns:office=\"urn:oasis:names:tc:opendocument:xmlns:office:1.0\">", "x.fods: is an OpenDocument file in XML"},
		"RTF":                {"x.csv", `{\rtf1\ansi name,email}`, "x.csv: is RTF"},
		"JSON array":         {"x.json", `[{"name": "Ann"}]`, "x.json: is JSON; export"},
		"JSON object":        {"x.json", "{\n  \"people\": []}", "x.json: is JSON"},
		"JSON lines":         {"x.csv", "{\"name\":\"Ann\"}\n{\"name\":\"Bob\"}\n", "x.csv: is JSON"},
		"JSON of arrays":     {"x.csv", "[ [\"name\",\"email\"] ]", "x.csv: is JSON"},
		"Google":             {"x.gsheet", `{"":"WARNING! DO NOT EDIT","doc_id":"1x","resource_key":"","email":"a@x.co"}`, "x.gsheet: only points to a Google Sheet, and has no rows"},
		"old Google":         {"x.gsheet", `{"url": "https://docs.google.com/open?id=1x"}`, "x.gsheet: only points to a Google Sheet"},
		"shortcut of a page": {"x.url", "[InternetShortcut]\r\nURL=https://docs.google.com/x\r\n", "x.url: only points to a page"},
		"MHTML":              {"x.xls", "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n", "x.xls: is a web page in one file (MHTML)"},
		"vCard":              {"x.csv", "BEGIN:VCARD\nN:Ann\n", "x.csv: has address cards"},
		"SYLK":               {"x.csv", "ID;PWXL;N;E\nP;PGeneral\n", "x.csv: is a SYLK file"},
		"Excel's lock":       {"~$people.xlsx", "\x03Ann                      \x03\x00A\x00n\x00n\x00", "~$people.xlsx: is what a spreadsheet program keeps beside a file that it has open, and has no rows; name that file: people.xlsx"},
		"LibreOffice's lock": {".~lock.people.csv#", ",ann,host,28.11.2026 10:00,file:///x;", ".~lock.people.csv#: is what a spreadsheet program keeps beside a file that it has open, and has no rows; name that file: people.csv"},
		"resource fork":      {"._people.csv", "\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X", "._people.csv: is what macOS keeps beside a file of the same name"},
		"in the cloud":       {".people.csv.icloud", "bplist00\xd3", ".people.csv.icloud: is a property list of macOS"},
		"shortcut":           {"people.csv.lnk", "L\x00\x00\x00\x01\x14\x02\x00", "people.csv.lnk: is a shortcut of Windows"},
		"Numbers":            {"x.numbers", zipOf(t, map[string]string{"Index/Document.iwa": "x", "Metadata/Properties.plist": "x"}), "x.numbers: is a document of Numbers"},
		"old Numbers":        {"x.csv", zipOf(t, map[string]string{"Index.zip": "x"}), "x.csv: is a document of Numbers"},
		"Word":               {"x.csv", zipOf(t, map[string]string{"word/document.xml": "x"}), "x.csv: is a Word document"},
		"Excel 2":            {"x.xls", "\x09\x00\x04\x00\x02\x00\x10\x00", "x.xls: is an old Excel workbook (.xls)"},
		"Excel 4":            {"x.xls", "\x09\x04\x06\x00\x00\x00\x10\x00", "x.xls: is an old Excel workbook (.xls)"},
		"tar":                {"x.tar", "people.csv" + strings.Repeat("\x00", 247) + "ustar\x0000", "x.tar: is a tar archive; unpack it, and name the list in it"},
		"tar.gz":             {"x.csv", gzipped(t, "people.csv"+strings.Repeat("\x00", 247)+"ustar  \x00"), "x.csv: is a tar archive"},
		"lz4":                {"x.csv", "\x04\x22\x4d\x18d", "x.csv: is compressed with LZ4"},
		"PGP":                {"x.csv", "-----BEGIN PGP MESSAGE-----\n\nhQ", "x.csv: is encrypted; decrypt it"},
		"age":                {"x.csv", "age-encryption.org/v1\n-> X25519", "x.csv: is encrypted"},
		"7-Zip":              {"x.csv", "7z\xbc\xaf\x27\x1c", "x.csv: is compressed with 7-Zip"},
	} {
		_, err := Open(t.Context(), writeFile(t, tc.file, tc.text), Options{})
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	for _, header := range []string{"[Name],[Email]", "{name},email", "ID;Prénom;Nom"} {
		if _, err := Open(t.Context(), writeFile(t, "x.csv", header+"\n"), Options{}); err == nil || !strings.Contains(err.Error(), "no column for") {
			t.Errorf("%s: %v", header, err)
		}
	}
}

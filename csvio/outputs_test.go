package csvio

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/unicode"

	"bulkinvite/batch"
)

func TestWrite(t *testing.T) {
	for name, tc := range map[string]struct {
		input           string
		opts            Options
		results, failed string
	}{
		"user's bytes stay": {
			input: "Name ,\"email\",interview_id,notes\r\n" +
				" Ann,\"ann@x.co\",iv,\"a \"\"b\"\"\nc\r\nd\"\r\n" +
				"\r\nBob,bob,iv\r\n",
			results: "Name ,\"email\",interview_id,notes,candidate_id,invite_url,status,row\r\n" +
				" Ann,\"ann@x.co\",iv,\"a \"\"b\"\"\nc\r\nd\",c,u,invited,2\r\n",
			failed: "Name ,\"email\",interview_id,notes,error_code,error,row,attempts\r\n" +
				"Bob,bob,iv,,invalid_email,the e-mail address has no @ in it,4,0\r\n",
		},
		"header only, mark": {
			input:   "\ufeffname;email;interview_id",
			results: "\ufeffname;email;interview_id;candidate_id;invite_url;status;row\n",
			failed:  "\ufeffname;email;interview_id;error_code;error;row;attempts\n",
		},
		"UTF-16 becomes UTF-8 with commas": {
			input:   utf16Text(t, unicode.LittleEndian, true, "name\temail\tinterview_id\nAx, Ann\tann@x.co\tiv\n\"Bo\tb\"\tbob\tiv\n"),
			results: "\ufeffname,email,interview_id,candidate_id,invite_url,status,row\n\"Ax, Ann\",ann@x.co,iv,c,u,invited,2\n",
			failed: "\ufeffname,email,interview_id,error_code,error,row,attempts\n" +
				"\"Bo\tb\",bob,iv,invalid_email,the e-mail address has no @ in it,3,0\n",
		},
		"another encoding gets a mark": {
			input:   "name;email;interview_id\nZo\xeb;zoe@x.co;iv\n",
			opts:    Options{Encoding: "windows-1252"},
			results: "\ufeffname;email;interview_id;candidate_id;invite_url;status;row\nZoë;zoe@x.co;iv;c;u;invited;2\n",
			failed:  "\ufeffname;email;interview_id;error_code;error;row;attempts\n",
		},
		"UTF-8 that is declared stays without a mark": {
			input:   "name,email,interview_id\nZoë,zoe@x.co,iv\n",
			opts:    Options{Encoding: "utf-8"},
			results: "name,email,interview_id,candidate_id,invite_url,status,row\nZoë,zoe@x.co,iv,c,u,invited,2\n",
			failed:  "name,email,interview_id,error_code,error,row,attempts\n",
		},
		"too many fields": {
			input:   head + "Ax, Ann,ann@x.co,iv,\n",
			results: "name,email,interview_id,candidate_id,invite_url,status,row\n",
			failed: "name,email,interview_id,error_code,error,row,attempts\n" +
				"Ax, Ann,ann@x.co,too_many_fields,\"the row has 5 fields and the header 3: put a cell with ',' in it in quotes\",2,0,iv\n",
		},
		"names of ours": {
			input: "name,email,interview_id,Status,status_input,row,error\nAnn,ann@x.co,iv,1,2,3,4\n",
			results: "name,email,interview_id,Status_input_2,status_input,row_input,error,candidate_id,invite_url,status,row\n" +
				"Ann,ann@x.co,iv,1,2,3,4,c,u,invited,2\n",
			failed: "name,email,interview_id,Status,status_input,row_input,error_input,error_code,error,row,attempts\n",
		},
		"names of our block in another case": {
			input:   "name,Status,email,interview_id,Candidate_ID,Invite_URL,STATUS,ROW,Error_Code,Error,Row,Attempts\nAnn,1,ann@x.co,iv,c0,u0,s,9,a,b,c,d\n",
			results: "name,Status_input,email,interview_id,candidate_id,invite_url,status,row\nAnn,1,ann@x.co,iv,c,u,invited,2\n",
			failed:  "name,Status,email,interview_id,error_code,error,row,attempts\n",
		},
		"a part of our block in another case": {
			input:   "name,email,interview_id,Error,row,Error_Code,status,ATTEMPTS\nAnn,ann@x.co,iv,b,c,a,mine,d\n",
			results: "name,email,interview_id,status_input,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,mine,c,u,invited,2\n",
			failed:  "name,email,interview_id,status,error_code,error,row,attempts\n",
		},
		"less than our block in another case": {
			input:   "name,email,interview_id,Error_Code,Error,Row\nAnn,ann@x.co,iv,a,b,7\n",
			results: "name,email,interview_id,Error_Code,Error,Row_input,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,a,b,7,c,u,invited,2\n",
			failed:  "name,email,interview_id,Error_Code_input,Error_input,Row_input,error_code,error,row,attempts\n",
		},
		"both blocks fed back": {
			input: "name,email,interview_id,error_code,error,row,attempts,candidate_id,invite_url,status,row\n" +
				"Ann,ann@x.co,iv,a,b,c,d,e,f,g,h\nBob,,iv,a,b,c\n",
			results: "name,email,interview_id,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,c,u,invited,2\n",
			failed:  "name,email,interview_id,error_code,error,row,attempts\nBob,,iv,missing_email,there is no e-mail address,3,0\n",
		},
		"a remark and an empty column behind our block": {
			input: "name,email,interview_id,error_code,error,row,attempts,Remark,\n" +
				"Ann,ann@x.co,iv,a,b,c,d,phoned,\nBob,,iv,a,b,c,d,\"phoned, too\",x\n",
			results: "name,email,interview_id,Remark,,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,phoned,,c,u,invited,2\n",
			failed: "name,email,interview_id,Remark,,error_code,error,row,attempts\n" +
				"Bob,,iv,\"phoned, too\",x,missing_email,there is no e-mail address,3,0\n",
		},
		"our block before the user's columns": {
			input:   "error_code,error,row,attempts,name,email,interview_id\na,b,c,d,Ann,ann@x.co,iv\n",
			results: "name,email,interview_id,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,c,u,invited,2\n",
			failed:  "name,email,interview_id,error_code,error,row,attempts\n",
		},
		"a column put into our block, and ours moved": {
			input:   "error,name,email,interview_id,error_code,Remark,row,attempts,status\nb,Ann,ann@x.co,iv,a,phoned,c,d,mine\n",
			results: "name,email,interview_id,Remark,status_input,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,phoned,mine,c,u,invited,2\n",
			failed:  "name,email,interview_id,Remark,status,error_code,error,row,attempts\n",
		},
		"one of our columns removed": {
			input:   "name,email,interview_id,error_code,error,attempts\nAnn,ann@x.co,iv,a,b,0\n",
			results: "name,email,interview_id,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,c,u,invited,2\n",
			failed:  "name,email,interview_id,error_code,error,row,attempts\n",
		},
		"one of those of several files removed": {
			input:   "name,email,interview_id,candidate_id,invite_url,file,row\nAnn,ann@x.co,iv,c1,u1,a.csv,2\n",
			results: "name,email,interview_id,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,c,u,invited,2\n",
			failed:  "name,email,interview_id,error_code,error,row,attempts\n",
		},
		"columns that others have, too": {
			input:   "name,email,interview_id,error,row,attempts\nAnn,ann@x.co,iv,a,b,0\n",
			results: "name,email,interview_id,error,row_input,attempts,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,a,b,0,c,u,invited,2\n",
			failed:  "name,email,interview_id,error_input,row_input,attempts_input,error_code,error,row,attempts\n",
		},
		"a part of our block, and a file of the user's": {
			input:   "name,email,interview_id,file,error_code,error,row,attempts,invite_url,row\nAnn,ann@x.co,iv,f,a,b,c,d,v,7\n",
			results: "name,email,interview_id,file,invite_url_input,row_input,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,f,v,7,c,u,invited,2\n",
			failed:  "name,email,interview_id,file,invite_url,row_input,error_code,error,row,attempts\n",
		},
		"failed re-sends keep whom": {
			input:   "name,email,interview_id,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,c1,u,invited,2\nBob,,,c2,u,invited,3\n",
			opts:    Options{Resend: true},
			results: "name,email,interview_id,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,c,u,invited,2\n",
			failed: "name,email,interview_id,candidate_id,error_code,error,row,attempts\n" +
				"Bob,,,c2,missing_interview_id,there is no interview id,3,0\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			results, failed, counts := writeOutputs(t, openText(t, tc.input, tc.opts), t.TempDir())
			if diff := cmp.Diff(tc.results, results); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(tc.failed, failed); diff != "" {
				t.Error(diff)
			}
			if counts.Rows != counts.Results+counts.Failed {
				t.Errorf("counts %+v", counts)
			}
		})
	}
}

// writeTwo writes the outputs, r.csv and f.csv, of two rows into a new folder.
func writeTwo(t *testing.T, rows string, outcomes [2]batch.Outcome) (dir string) {
	t.Helper()
	dir = t.TempDir()
	out, err := NewOutputs(openText(t, head+rows, Options{}), dir+"/r.csv", dir+"/f.csv")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Write(t.Context(), func(row *batch.Row) (batch.Outcome, error) { return outcomes[row.Index], nil }); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestWriteHidesFormulas(t *testing.T) {
	dir := writeTwo(t, "Ann,ann@x.co,iv\n=Bob,bob@x.co,iv\n", [2]batch.Outcome{
		{Status: batch.StatusInvited, CandidateID: "-c1", InviteURL: "@u"},
		{Code: batch.CodeRefused, Error: "=HYPERLINK(\"x\")", Attempts: 2},
	})
	if got, want := readFile(t, dir+"/r.csv"), "name,email,interview_id,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,'-c1,'@u,invited,2\n"; got != want {
		t.Errorf("results %s", got)
	}
	if got, want := readFile(t, dir+"/f.csv"), "name,email,interview_id,error_code,error,row,attempts\n=Bob,bob@x.co,iv,refused,\"'=HYPERLINK(\"\"x\"\")\",3,2\n"; got != want {
		t.Errorf("failed %s", got)
	}
	rows := scanAll(t, openText(t, readFile(t, dir+"/r.csv"), Options{Resend: true}))
	if id := rows[0].Candidate.CandidateID; id != "-c1" {
		t.Errorf("fed back, the id is %s", id)
	}
}

// A NUL would make results.csv a file that nothing here reads again.
func TestWriteTakesNoNUL(t *testing.T) {
	dir := writeTwo(t, "Ann,ann@x.co,iv\nBob,bob@x.co,iv\n", [2]batch.Outcome{
		{Status: batch.StatusInvited, CandidateID: "c\x001", InviteURL: "u\x00"},
		{Code: batch.CodeRefused, Error: "no\x00"},
	})
	for _, name := range []string{"/r.csv", "/f.csv"} {
		if rows := scanAll(t, openText(t, readFile(t, dir+name), Options{})); len(rows) != 1 || rows[0].Problem != nil {
			t.Errorf("%s, fed back, has %+v", name, rows)
		}
	}
}

// With each column cut out of a header of its own, this takes minutes.
func TestWriteVeryManyColumns(t *testing.T) {
	header, cells := "name,email,interview_id"+strings.Repeat(",x", 100_000), "Ann,ann@x.co,iv"+strings.Repeat(",1", 100_000)
	results, failed, _ := writeOutputs(t, openText(t, header+"\n"+cells+"\n", Options{}), t.TempDir())
	if want := header + ",candidate_id,invite_url,status,row\n" + cells + ",c,u,invited,2\n"; results != want {
		t.Error("the results are others")
	}
	if want := header + ",error_code,error,row,attempts\n"; failed != want {
		t.Error("the header of the failed rows is another")
	}
}

func TestWriteReplacesWholeOrNotAtAll(t *testing.T) {
	in := openText(t, head+"Ann,ann@x.co,iv\nBob,bob@x.co,iv\n", Options{})
	dir := t.TempDir()
	for _, name := range []string{"r.csv", "f.csv"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("old"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := NewOutputs(in, dir+"/r.csv", dir+"/f.csv")
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the ledger is gone")
	_, err = out.Write(t.Context(), func(row *batch.Row) (batch.Outcome, error) {
		if row.Index == 1 {
			return batch.Outcome{}, broken
		}
		return batch.Outcome{Status: batch.StatusInvited}, nil
	})
	if !errors.Is(err, broken) || readFile(t, dir+"/r.csv") != "old" || readFile(t, dir+"/f.csv") != "old" {
		t.Errorf("error %v; the old files must stay", err)
	}
	assertNames(t, dir, "f.csv", "r.csv")

	counts, err := out.Write(t.Context(), func(row *batch.Row) (batch.Outcome, error) { return batch.Outcome{}, nil })
	if err != nil || counts != (Counts{Rows: 2, Failed: 2}) {
		t.Errorf("%+v, %v; a row without an outcome must not be lost", counts, err)
	}
	assertNames(t, dir, "f.csv", "r.csv")
	for _, name := range []string{"r.csv", "f.csv"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func assertNames(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestNewOutputsRefuses(t *testing.T) {
	name := writeFile(t, "in.csv", head)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.Mkdir("folder", 0o700))
	must(os.Mkdir("closed", 0o500))
	must(os.Symlink("in.csv", "link.csv"))
	must(os.Link("in.csv", "hard.csv"))
	must(os.WriteFile("old.csv", nil, 0o600))
	must(os.Symlink("old.csv", "oldlink.csv"))
	must(os.Symlink(".", "here"))
	must(os.Symlink("gone.csv", "nowhere.csv"))
	in, err := Open(t.Context(), name, Options{})
	must(err)
	defer in.Close()
	for _, tc := range []struct{ results, failed, want string }{
		{"in.csv", "f.csv", "output in.csv is the input; name another file"},
		{"r.csv", "link.csv", "output link.csv is the input; name another file"},
		{"r.csv", "hard.csv", "output hard.csv is the input; name another file"},
		{"new.csv", "./new.csv", "outputs new.csv and ./new.csv are the same file; name two"},
		{"new.csv", "here/new.csv", "outputs new.csv and here/new.csv are the same file; name two"},
		{"old.csv", "oldlink.csv", "outputs old.csv and oldlink.csv are the same file; name two"},
		{"folder", "f.csv", "output folder is a folder; name a file in it"},
		{"nowhere.csv", "f.csv", "output nowhere.csv is a symbolic link that leads nowhere; name the file itself"},
		{"/dev/null", "f.csv", "output /dev/null is not a regular file; name one"},
		{"none/r.csv", "f.csv", "output none/r.csv cannot be written: its folder: no such file or directory"},
		{"closed/r.csv", "f.csv", "output closed/r.csv cannot be written: no file can be made in its folder: permission denied"},
	} {
		if strings.HasPrefix(tc.results, "closed") && os.Geteuid() == 0 {
			continue // nothing is closed to root
		}
		if _, err := NewOutputs(in, tc.results, tc.failed); err == nil || err.Error() != tc.want {
			t.Errorf("%s and %s: error %v, want %s", tc.results, tc.failed, err, tc.want)
		}
	}
	if _, err := os.Stat("f.csv"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("NewOutputs made a file")
	}
}

func TestRedirectedInputIsNoOutput(t *testing.T) {
	f, err := os.Open(writeFile(t, "in.csv", head))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, err := Open(t.Context(), "-", Options{Stdin: f})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if _, err := NewOutputs(in, "r.csv", "in.csv"); err == nil {
		t.Error("the input may be overwritten")
	}
}

func TestOutputsFollowLinks(t *testing.T) {
	in := openText(t, head+"Ann,ann@x.co,iv\n", Options{})
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/real.csv", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real.csv", dir+"/results.csv"); err != nil {
		t.Fatal(err)
	}
	results, _, _ := writeOutputs(t, in, dir)
	if readFile(t, dir+"/real.csv") != results || results == "" {
		t.Error("the link was not followed")
	}
}

func TestDefaultOutputs(t *testing.T) {
	for name, want := range map[string]string{
		"candidates.csv":        "candidates",
		"lists/may.2026.TSV.gz": "lists/may.2026",
		"x.failed.csv":          "x.failed",
		"plain":                 "plain",
		"data.bin":              "data.bin",
		"book.xlsx":             "book",
		"Book.XLSM":             "Book",
		"book.xlsx.zst":         "book",
		"people.csv.zst":        "people",
		"dir.csv/.csv":          "dir.csv/.csv",
		"-":                     "stdin",
	} {
		results, failed := DefaultOutputs(name)
		if results != want+".results.csv" || failed != want+".failed.csv" {
			t.Errorf("%s: %s, %s", name, results, failed)
		}
	}
}

func TestDefaultOutputsWithWords(t *testing.T) {
	results, failed := DefaultOutputs("lists/book.xlsx.gz", "", "Q1/2 \n.", "rehearsal")
	if results != "lists/book.Q1_2 _..rehearsal.results.csv" || failed != "lists/book.Q1_2 _..rehearsal.failed.csv" {
		t.Errorf("%s, %s", results, failed)
	}
	if got := NumberedOutput(results, 1); got != results {
		t.Errorf("the first is %s", got)
	}
	if got := NumberedOutput("a.b/people.results.csv", 12); got != "a.b/people.results (12).csv" {
		t.Errorf("the twelfth is %s", got)
	}
}

func TestWrittenHere(t *testing.T) {
	for text, want := range map[string]bool{
		"":       true,
		"\ufeff": true,
		"name,email,error_code,error,row,attempts\n":                     true,
		"\ufeffname;email;candidate_id;invite_url;status;row;remark\r\n": true,
		"name:candidate_id:invite_url:status:row\n":                      true,
		"name|error_code|error|file|row|attempts\n\"":                    true,
		"name,status,row\nerror_code,error,row,attempts\n":               false,
		"\"error_code,error,row,attempts":                                false,
		"\n":                                                             false,
	} {
		if got := WrittenHere(writeFile(t, "people.results.csv", text), ':'); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
	if WrittenHere("nowhere.csv", ',') || WrittenHere(".", ',') {
		t.Error("what cannot be read is taken for an output")
	}
}

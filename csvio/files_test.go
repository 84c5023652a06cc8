package csvio

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"
)

// writeFiles puts files into a folder of their own and moves there. Their names
// are a.csv, b.csv and so on.
func writeFiles(t *testing.T, texts ...string) (names []string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for i, text := range texts {
		name := string(rune('a'+i)) + ".csv"
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	return names
}

func openFiles(t *testing.T, opts Options, texts ...string) *Input {
	t.Helper()
	in, err := OpenAll(t.Context(), writeFiles(t, texts...), opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close() })
	return in
}

func TestFiles(t *testing.T) {
	for name, tc := range map[string]struct {
		files           []string
		opts            Options
		results, failed string
	}{
		"each has its own header and delimiter": {
			files: []string{
				"Name,E-Mail,Interview,notes\r\nAnn,ann@x.co,iv,\"1,\"\"2\"\"\"\r\nBob,bob,iv,3\r\n",
				"extra;mail;Full Name;Interview ID;Notes\n\n1,2;cem@x.co;Cem;iv;\"a;b\"\n;dan;Dan;iv;\n",
			},
			results: "Name,E-Mail,Interview,notes,extra,candidate_id,invite_url,status,file,row\r\n" +
				"Ann,ann@x.co,iv,\"1,\"\"2\"\"\",,c,u,invited,a.csv,2\r\n" +
				"Cem,cem@x.co,iv,\"a;b\",\"1,2\",c,u,invited,b.csv,3\r\n",
			failed: "Name,E-Mail,Interview,notes,extra,error_code,error,file,row,attempts\r\n" +
				"Bob,bob,iv,3,,invalid_email,the e-mail address has no @ in it,a.csv,3,0\r\n" +
				"Dan,dan,iv,,,invalid_email,the e-mail address has no @ in it,b.csv,4,0\r\n",
		},
		"equal headers and surplus cells": {
			files: []string{
				"name,email,interview_id,x,x,\nAnn,ann@x.co,iv,1,2,3\n",
				"\ufeffx,name,email,interview_id,,,x,x\n1,Bob,bob@x.co,iv,2,3,4,5\n1,Cem,cem@x.co,iv,2,3,4,5,surplus\n",
			},
			results: "\ufeffname,email,interview_id,x,x,,,x,candidate_id,invite_url,status,file,row\n" +
				"Ann,ann@x.co,iv,1,2,3,,,c,u,invited,a.csv,2\n" +
				"Bob,bob@x.co,iv,1,4,2,3,5,c,u,invited,b.csv,2\n",
			failed: "\ufeffname,email,interview_id,x,x,,,x,error_code,error,file,row,attempts\n" +
				"Cem,cem@x.co,iv,1,4,2,3,5,too_many_fields,\"the row has 9 fields and the header 8: put a cell with ',' in it in quotes\",b.csv,3,0,surplus\n",
		},
		"names of ours": {
			files: []string{
				"name,email,interview_id,file,error_code,error,row,attempts\nAnn,ann@x.co,iv,f,a,b,c,d\n",
				"name,email,interview_id,File,Status\nBob,bob@x.co,iv,g,s\n",
			},
			results: "name,email,interview_id,file_input,Status_input,candidate_id,invite_url,status,file,row\n" +
				"Ann,ann@x.co,iv,f,,c,u,invited,a.csv,2\n" +
				"Bob,bob@x.co,iv,g,s,c,u,invited,b.csv,2\n",
			failed: "name,email,interview_id,file_input,Status,error_code,error,file,row,attempts\n",
		},
		"mapped by number": {
			files: []string{"name,x,interview_id\nAnn,ann@x.co,iv\n", "name,y,interview_id,x\nBob,bob@x.co,iv,1\n"},
			opts:  Options{Map: mapping(t, "email=#2")},
			results: "name,x,interview_id,x,candidate_id,invite_url,status,file,row\n" +
				"Ann,ann@x.co,iv,,c,u,invited,a.csv,2\nBob,bob@x.co,iv,1,c,u,invited,b.csv,2\n",
			failed: "name,x,interview_id,x,error_code,error,file,row,attempts\n",
		},
		"nobody": {
			files:   []string{"\ufeffname;email;interview_id", "name,email,interview_id,notes\n"},
			results: "\ufeffname;email;interview_id;notes;candidate_id;invite_url;status;file;row\n",
			failed:  "\ufeffname;email;interview_id;notes;error_code;error;file;row;attempts\n",
		},
		"workbooks with line breaks among lists": {
			files: []string{
				bookOfRows(t, []any{"Candidates"}, bookHead, []any{"Ann", "ann@x.co", "iv", "1\n2"}, nil, []any{"Bob", "bob@x.co", "iv"}),
				"Mail;Name;Interview ID;More\nCem@x.co;Cem;iv;\"3\n4\"\ndan;Dan;iv;\n",
				bookOfRows(t, []any{"Name", "Mail", "Interview", "More"}, []any{"Eve\n", "eve@x.co", "iv", "a;b"}, []any{"Fay", "fay", "iv"}),
			},
			results: "\ufeffName,E-Mail,Interview ID,Notes,More,candidate_id,invite_url,status,file,row\n" +
				"Ann,ann@x.co,iv,\"1\n2\",,c,u,invited,a.csv,3\n" +
				"Bob,bob@x.co,iv,,,c,u,invited,a.csv,5\n" +
				"Cem,Cem@x.co,iv,,\"3\n4\",c,u,invited,b.csv,2\n" +
				"\"Eve\n\",eve@x.co,iv,,a;b,c,u,invited,c.csv,2\n",
			failed: "\ufeffName,E-Mail,Interview ID,Notes,More,error_code,error,file,row,attempts\n" +
				"Dan,dan,iv,,,invalid_email,the e-mail address has no @ in it,b.csv,3,0\n" +
				"Fay,fay,iv,,,invalid_email,the e-mail address has no @ in it,c.csv,3,0\n",
		},
		"the sheet of workbooks is not that of lists": {
			files: []string{head + "Ann,ann@x.co,iv\n", bookOf(t, func(book *excelize.File) {
				if _, err := book.NewSheet("June"); err != nil {
					t.Fatal(err)
				}
				setRows(t, book, "June", bookHead, []any{"Bob", "bob@x.co", "iv"})
			})},
			opts: Options{Sheet: "june"},
			results: "\ufeffname,email,interview_id,Notes,candidate_id,invite_url,status,file,row\n" +
				"Ann,ann@x.co,iv,,c,u,invited,a.csv,2\nBob,bob@x.co,iv,,c,u,invited,b.csv,2\n",
			failed: "\ufeffname,email,interview_id,Notes,error_code,error,file,row,attempts\n",
		},
		"one is as it was": {
			files:   []string{"name,email,interview_id,file\nAnn,ann@x.co,iv,f\n"},
			results: "name,email,interview_id,file,candidate_id,invite_url,status,row\nAnn,ann@x.co,iv,f,c,u,invited,2\n",
			failed:  "name,email,interview_id,file,error_code,error,row,attempts\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			results, failed, counts := writeOutputs(t, openFiles(t, tc.opts, tc.files...), t.TempDir())
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

// Some files have the whole name and others its parts: what failed must still
// be the same people, and only for these two columns is more than one allowed.
func TestFailedRowsOfSeveralFilesFedBack(t *testing.T) {
	in := openFiles(t, Options{},
		"First Name,Last Name,email,interview\nAnn,Ax,ann,iv\n", "Name,Mail,Interview ID\nBob Bax,bob,iv\n")
	_, failed, _ := writeOutputs(t, in, t.TempDir())
	fixed := strings.NewReplacer("ann,", "ann@x.co,", "bob,", "bob@x.co,").Replace(failed)
	again := openText(t, fixed, Options{})
	var names []string
	for _, row := range scanAll(t, again) {
		names = append(names, row.Candidate.Name)
	}
	if diff := cmp.Diff([]string{"Ann Ax", "Bob Bax"}, names); diff != "" {
		t.Error(diff)
	}
	_, failedAgain, _ := writeOutputs(t, again, t.TempDir())
	if want := "First Name,Last Name,email,interview,Name,error_code,error,row,attempts\n"; failedAgain != want {
		t.Errorf("%q, want %q", failedAgain, want)
	}
}

func TestFilesAsOneInput(t *testing.T) {
	texts := []string{head + "Ann,ann@x.co,iv\n", "\ufeff" + head}
	in := openFiles(t, Options{}, texts...)
	if in.Name() != "a.csv, b.csv" {
		t.Error(in.Name())
	}
	lines := fmt.Sprintf("%x\n%x\n", sha256.Sum256([]byte(texts[0])), sha256.Sum256([]byte(texts[1])))
	if want := fmt.Sprintf("%x", sha256.Sum256([]byte(lines))); in.SHA256() != want {
		t.Errorf("%s, want %s", in.SHA256(), want)
	}
	if _, err := in.At(1000); err == nil {
		t.Error("a row far behind the last")
	}
	for _, name := range []string{"a.csv", "b.csv"} {
		want := "output " + name + " is the input; name another file"
		if _, err := NewOutputs(in, "r.csv", name); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestOpenAllRefuses(t *testing.T) {
	writeFiles(t, head+"Ann,ann@x.co,iv\n", "name,mial,interview_id\n")
	if err := os.Symlink("a.csv", "link.csv"); err != nil {
		t.Fatal(err)
	}
	redirected, err := os.Open("a.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer redirected.Close()
	for want, names := range map[string][]string{
		"a.csv: is named twice; name it once":               {"a.csv", "a.csv"},
		"stdin: is named twice; name it once":               {"-", "-"},
		"link.csv: is the same file as a.csv; name it once": {"a.csv", "link.csv"},
		"stdin: is the same file as a.csv; name it once":    {"a.csv", "-"},
		"c.csv: cannot be read: no such file or directory":  {"a.csv", "c.csv"},
		"b.csv:1: no column for email; found \"name\", \"mial\", \"interview_id\"; rename the columns in the first line, or name them with --map email=HEADER": {"a.csv", "b.csv"},
	} {
		if _, err := redirected.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		in, err := OpenAll(t.Context(), names, Options{Stdin: redirected})
		if err == nil || err.Error() != want {
			t.Errorf("%v: %v, want %s", names, err, want)
		}
		if err == nil {
			in.Close()
		}
	}
}

// What breaks one file stops all, and is told with its name.
func TestBrokenFileAmongSeveral(t *testing.T) {
	in := openFiles(t, Options{}, head+"Ann,ann@x.co,iv\n", head+"Bob,bob@x.co,iv\n\"Cem,")
	rows, err := tryScan(t, in)
	const want = "b.csv:3:1: quote is not closed: the cell that begins here goes on to the end of the file; add the closing quote, or remove this one"
	if err == nil || err.Error() != want || len(rows) != 2 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
}

// Whatever is in the files: the rows of all come in order, can be found again,
// and each is in one of the outputs with the user's cells as they were.
func TestRoundTripOfFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	rapid.Check(t, func(rt *rapid.T) {
		var names []string
		var want [][]string // the cells, and the file
		for i := range rapid.IntRange(2, 4).Draw(rt, "files") {
			name := string(rune('a'+i)) + ".csv"
			delim := rapid.SampledFrom([]rune(",;\t|")).Draw(rt, "delimiter")
			text, records := drawTable(rt, delim, rapid.Bool().Draw(rt, "CRLF"))
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				rt.Fatal(err)
			}
			names = append(names, name)
			for _, record := range records[1:] {
				want = append(want, append(padded(record), name))
			}
		}
		in, err := OpenAll(t.Context(), names, Options{})
		if err != nil {
			rt.Fatal(err)
		}
		defer in.Close()
		rows := scanAll(t, in)
		for i, row := range rows {
			found, err := in.At(row.Offset)
			if row.Index != i || names[row.File] != want[i][len(want[i])-1] {
				rt.Fatalf("row %d is %+v", i, row)
			}
			row.Index, row.Number, row.Line, row.File = 0, 0, 0, 0
			if diff := cmp.Diff(row, found); diff != "" || err != nil {
				rt.Fatal(diff, err)
			}
		}
		results, failed, counts := outputTexts(t, in)
		if counts.Rows != len(want) || counts.Results+counts.Failed != len(want) {
			rt.Fatalf("%d rows, counts %+v", len(want), counts)
		}
		good, bad := readBack(rt, results, in.delim)[1:], readBack(rt, failed, in.delim)[1:]
		for i, row := range rows {
			next, file := &good, 3
			if row.Problem != nil {
				next, file = &bad, 2
			}
			cells := slices.Concat((*next)[0][:ownColumns], (*next)[0][ownColumns+5:], (*next)[0][ownColumns+file:][:1])
			*next = (*next)[1:]
			if diff := cmp.Diff(want[i], cells); diff != "" {
				rt.Fatal(diff)
			}
		}
	})
}

// One export of several that is empty is said: the others hide it. A single one
// without rows ends the run in its own way.
func TestFileWithoutRowsAmongOthers(t *testing.T) {
	in := openFiles(t, Options{InterviewID: "iv"}, "name,email\nAnn,ann@x.co\n", "name,email\n,\n")
	scanAll(t, in)
	if diff := cmp.Diff([]string{"b.csv: has no rows; look at where it comes from"}, warningTexts(in)); diff != "" {
		t.Error(diff)
	}
	one := openText(t, "name,email\n", Options{InterviewID: "iv"})
	scanAll(t, one)
	if texts := warningTexts(one); len(texts) > 0 {
		t.Errorf("warnings %q of a single input", texts)
	}
}

// What has nothing in it has no rows either, and ends in the same way.
func TestFileWithoutAnything(t *testing.T) {
	const nothing = "there is nothing in it, not even a header; look at where it comes from"
	for name, text := range map[string]string{
		"empty": "", "blank": "\n\r\n\n", "a mark": "\ufeff", "a line sep=": "sep=;\n", "gzip": gzipped(t, ""), "workbook": bookOfRows(t),
		"delimiters": ";;;\n;;;\n",
	} {
		t.Run(name, func(t *testing.T) {
			in := openText(t, text, Options{})
			if rows := scanAll(t, in); len(rows) > 0 || len(in.Columns()) > 0 {
				t.Errorf("rows %v, columns %v", rows, in.Columns())
			}
			if diff := cmp.Diff([]string{nothing}, warningTexts(in)); diff != "" {
				t.Error(diff)
			}
		})
	}
	in := openFiles(t, Options{InterviewID: "iv"}, "", "name;email\nAnn;ann@x.co\n")
	if got := peopleOf(t, in); got != "2 Ann <ann@x.co>\n" {
		t.Errorf("people %q beside an empty file", got)
	}
	if diff := cmp.Diff([]string{"a.csv: " + nothing}, warningTexts(in)); diff != "" {
		t.Error(diff)
	}
	results, _, _ := writeOutputs(t, in, t.TempDir())
	if want := "name;email;candidate_id;invite_url;status;file;row\nAnn;ann@x.co;c;u;invited;b.csv;2\n"; results != want {
		t.Errorf("results %q, want %q", results, want)
	}
}

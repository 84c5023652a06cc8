package csvio

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"bulkinvite/batch"
)

const head = "name,email,interview_id\n"

// utf16Text encodes a text with the given byte order, and with a mark if bom.
func utf16Text(t *testing.T, order unicode.Endianness, bom bool, text string) string {
	t.Helper()
	policy := unicode.IgnoreBOM
	if bom {
		policy = unicode.UseBOM
	}
	s, err := unicode.UTF16(order, policy).NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpenReadsEveryEncoding(t *testing.T) {
	text := head + "José Núñez,jose@x.co,iv-1\n"
	for name, tc := range map[string]struct {
		input string
		opts  Options
	}{
		"UTF-8":             {input: text},
		"UTF-8 said":        {input: text, opts: Options{Encoding: "utf-8"}},
		"UTF-8 with mark":   {input: "\ufeff" + text},
		"mark beats option": {input: "\ufeff" + text, opts: Options{Encoding: "windows-1252"}},
		"mark of another":   {input: "\ufeff" + encoded(t, charmap.Windows1252, text), opts: Options{Encoding: "windows-1252"}},
		"mark, UTF-16":      {input: "\ufeff" + utf16Text(t, unicode.LittleEndian, false, text), opts: Options{Encoding: "utf-16le"}},
		"UTF-16LE":          {input: utf16Text(t, unicode.LittleEndian, true, text)},
		"UTF-16BE":          {input: utf16Text(t, unicode.BigEndian, true, text)},
		"UTF-16LE no mark":  {input: utf16Text(t, unicode.LittleEndian, false, text), opts: Options{Encoding: "utf-16"}},
		"UTF-16BE no mark":  {input: utf16Text(t, unicode.BigEndian, false, text), opts: Options{Encoding: "utf-16"}},
		"windows-1252": {
			input: strings.NewReplacer("é", "\xe9", "ú", "\xfa", "ñ", "\xf1").Replace(text),
			opts:  Options{Encoding: "windows-1252"},
		},
		"UTF-16LE said":    {input: utf16Text(t, unicode.LittleEndian, false, text), opts: Options{Encoding: "utf-16le"}},
		"UTF-16BE said":    {input: utf16Text(t, unicode.BigEndian, false, text), opts: Options{Encoding: "UTF-16BE"}},
		"mark beats order": {input: utf16Text(t, unicode.BigEndian, true, text), opts: Options{Encoding: "utf-16le"}},
		"latin1":           {input: encoded(t, charmap.ISO8859_1, text), opts: Options{Encoding: "latin1"}},
		"iso-8859-15":      {input: encoded(t, charmap.ISO8859_15, text), opts: Options{Encoding: "ISO-8859-15"}},
		"macintosh":        {input: encoded(t, charmap.Macintosh, text), opts: Options{Encoding: "macintosh"}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.opts.Stdin = iotest.OneByteReader(strings.NewReader(tc.input))
			in, err := Open(t.Context(), "-", tc.opts)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			want := batch.Candidate{Name: "José Núñez", Email: "jose@x.co", InterviewID: "iv-1"}
			if rows := scanAll(t, in); len(rows) != 1 || rows[0].Candidate != want {
				t.Errorf("rows %+v", rows)
			}
			if sum := sha256.Sum256([]byte(tc.input)); in.SHA256() != hex.EncodeToString(sum[:]) {
				t.Error("the hash is not that of the bytes as they came")
			}
		})
	}
}

func encoded(t testing.TB, e encoding.Encoding, text string) string {
	t.Helper()
	s, err := e.NewEncoder().String(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestOpenReadsTheWorldsEncodings(t *testing.T) {
	for label, name := range map[string]string{
		"windows-1250": "Łukasz Żółć", "iso-8859-2": "Łukasz Żółć",
		"windows-1251": "Юлия Фёдорова", "koi8-r": "Юлия Фёдорова", "cp866": "Юлия Фёдорова",
		"windows-1253": "Γιώργος", "iso-8859-7": "Γιώργος", "windows-1254": "Işıl Çağrı",
		"windows-1255": "דוד", "windows-1256": "محمد", "windows-1257": "Žaneta Ķirse", "windows-1258": "Đăng",
		"gbk": "模联", "gb18030": "王小明𠮷", "big5": "陳大文", "shift_jis": "表太郎ｶﾅ", "euc-jp": "佐藤桜",
		"iso-2022-jp": "佐藤桜", "euc-kr": "김민수",
	} {
		enc, err := htmlindex.Get(label)
		if err != nil {
			t.Fatal(err)
		}
		text := encoded(t, enc, head+name+",a@x.co,iv-1\n")
		rows := scanAll(t, openText(t, text, Options{Encoding: label}))
		if len(rows) != 1 || rows[0].Candidate.Name != name {
			t.Errorf("%s: %+v", label, rows)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	broken16 := utf16Text(t, unicode.LittleEndian, true, head+"A") + "\x00\xd8" + "A\x00"
	for name, tc := range map[string]struct {
		input string
		opts  Options
		want  string
	}{
		"pdf": {"%PDF-1.7", Options{}, "x.csv: is a PDF; export the list as CSV (UTF-8)"},
		"windows-1252": {head + "Ann,ann@x.co,1\nJos\xe9 N\xfa\xf1ez,jose@x.co,iv\n", Options{},
			`x.csv:3:4: not UTF-8; in windows-1252 this line reads "José Núñez,jose@x.co,iv"; if that is right, add --encoding windows-1252, else the encoding in which it was saved, such as windows-1250, windows-1251, macintosh, gb18030 or shift_jis`},
		"cut off at the end": {head + "Jos\xc3", Options{},
			`x.csv:2:4: not UTF-8; in windows-1252 this line reads "JosÃ"; if that is right, add --encoding windows-1252, else the encoding in which it was saved, such as windows-1250, windows-1251, macintosh, gb18030 or shift_jis`},
		"not what its mark says": {"\ufeff" + head + "Jos\xe9", Options{},
			`x.csv:2:4: not UTF-8, although it begins with the mark of UTF-8; in windows-1252 this line reads "José"; if that is right, add --encoding windows-1252, else the encoding in which it was saved, such as windows-1250, windows-1251, macintosh, gb18030 or shift_jis`},
		"UTF-8 further down than its mark is believed": {"\ufeff" + head + strings.Repeat("Ann,ann@x.co,1\n", scanBuffer/10) + "Zoë,z@x.co,1\n", Options{Encoding: "windows-1252"},
			"x.csv: is UTF-8 and not windows-1252; leave out --encoding"},
		"NUL": {head + "Ä\x00,", Options{}, "x.csv:2:2: a NUL byte: this is no text; save the list again as CSV (UTF-8)"},
		"UTF-16 without mark, named otherwise": {utf16Text(t, unicode.LittleEndian, false, head), Options{Encoding: "windows-1252"},
			"x.csv:1:2: a NUL byte: this is no UTF-8 text; if it is UTF-16 without a byte order mark, add --encoding utf-16"},
		"UTF-16 without mark": {utf16Text(t, unicode.LittleEndian, false, head), Options{},
			"x.csv:1:2: a NUL byte: this is no UTF-8 text; if it is UTF-16 without a byte order mark, add --encoding utf-16"},
		"broken UTF-16": {broken16, Options{}, "x.csv:2:2: broken UTF-16; save the list again as CSV (UTF-8)"},
		"encoding":      {head, Options{Encoding: "klingon"}, `encoding "klingon": is not known; use utf-8, utf-16, windows-1252, windows-1251, iso-8859-15, macintosh, gb18030, shift_jis or another name from https://encoding.spec.whatwg.org/#names-and-labels`},
		"delimiter":     {head, Options{Delimiter: ",,"}, `delimiter ",,": must be one character other than a quote or a line break, or the word tab`},
		"interview":     {head, Options{InterviewID: "a b"}, `interview id "a b": has white space in it`},
		"UTF-8 as windows-1252": {head + "Zoë,z@x.co,1\n", Options{Encoding: "windows-1252"},
			"x.csv: is UTF-8 and not windows-1252; leave out --encoding"},
		"not even windows-1252": {head + "\x8d\x93,", Options{},
			"x.csv:2:1: not UTF-8; save the list as CSV (UTF-8), or add --encoding with the encoding in which it was saved, such as windows-1250, windows-1251, macintosh, gb18030 or shift_jis"},
		"not windows-1252": {head + "J\x81s,j@x.co,1\n", Options{Encoding: "cp1252"},
			"x.csv:2:2: not windows-1252: there is no such character in it; give the --encoding in which the list was saved, or save it again as CSV (UTF-8)"},
		"not Japanese": {head + "Ann,ann@x.co,1\nJos\xe9,j@x.co,1\n", Options{Encoding: "sjis"},
			"x.csv:3:4: not shift_jis: there is no such character in it; give the --encoding in which the list was saved, or save it again as CSV (UTF-8)"},
		"cut off in a character": {head + "\x95", Options{Encoding: "shift_jis"},
			"x.csv:2:1: not shift_jis: there is no such character in it; give the --encoding in which the list was saved, or save it again as CSV (UTF-8)"},
		"UTF-8 as gbk": {head + "王小明李四光,z@x.co,1\n", Options{Encoding: "gbk"}, "x.csv: is UTF-8 and not gbk; leave out --encoding"},
		"UTF-8 as big5": {head + "王小明李四,z@x.co,1\n", Options{Encoding: "big5"},
			"x.csv:2:1: not big5: there is no such character in it; leave out --encoding: so far it is UTF-8"},
		"no encoding": {head, Options{Encoding: "x-user-defined"}, fmt.Sprintf("encoding %q: %v", "x-user-defined", CheckEncoding("x-user-defined"))},
		"torn header": {"name,email,interview_id,notes\rAnn,ann@x.co,1,\nBob,bob@x.co,1,\n", Options{}, "x.csv:1: lines end with a carriage return alone, as on old Macs; save the list with the line ends of Unix or Windows"},
		"open quote in header": {"name,\"email,interview_id\n", Options{},
			"x.csv:1:6: quote is not closed: the cell that begins here goes on to the end of the file; add the closing quote, or remove this one"},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := Open(t.Context(), writeFile(t, "x.csv", tc.input), tc.opts)
			if err == nil {
				in.Close()
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			if inputErr := (*InputError)(nil); !errors.As(err, &inputErr) {
				t.Errorf("a %T is not for the user to fix", err)
			}
		})
	}
}

func TestOpenUnreadable(t *testing.T) {
	writeFile(t, "x.csv", head)
	if err := os.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"missing.csv": "missing.csv: cannot be read: no such file or directory",
		"folder":      "folder: is a folder; name a file",
		"x.csv\u00a0": `"x.csv\u00a0": cannot be read: no such file or directory`,
		"a\nb.csv":    `"a\nb.csv": cannot be read: no such file or directory`,
		"-":           "stdin: there is no standard input",
		"":            "the input has no name; name a file, or - for standard input",
	} {
		if _, err := Open(t.Context(), name, Options{}); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
	_, err := Open(t.Context(), "-", Options{Stdin: iotest.ErrReader(errors.New("input/output error"))})
	if want := "stdin: cannot be read: input/output error"; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Open(ctx, "x.csv", Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v of a cancelled Open", err)
	}
}

func TestOpenNamesTheFolderThatIsFull(t *testing.T) {
	t.Setenv("TMPDIR", "/nowhere")
	_, err := Open(t.Context(), "-", Options{Stdin: strings.NewReader(head)})
	want := "write a temporary copy of the input in /nowhere: no such file or directory; " +
		"free some space there, or set TMPDIR to another folder"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if inputErr := (*InputError)(nil); errors.As(err, &inputErr) {
		t.Error("the input is not to blame")
	}
}

func TestOpenLeavesNoFile(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	in := openText(t, head+"Ann,ann@x.co,1\n", Options{})
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("%v, %v while the input is open", entries, err)
	}
	if rows := scanAll(t, in); len(rows) != 1 {
		t.Errorf("rows %v", rows)
	}
}

func TestExcerptAcrossBuffers(t *testing.T) {
	// The wrong byte is the first of the second buffer.
	row := "x,x@x.co,1,filling\n"
	text := "name,email,interview_id,notes\n" + strings.Repeat(row, scanBuffer/len(row)+1)
	text = text[:scanBuffer-5] + "\nJos\xe9,j@x.co\n"
	_, err := Open(t.Context(), "-", Options{Stdin: strings.NewReader(text)})
	if err == nil || !strings.Contains(err.Error(), `reads "José,j@x.co"`) {
		t.Errorf("error %v", err)
	}
}

func TestExcelsOwnLineTellsTheDelimiter(t *testing.T) {
	for name, tc := range map[string]struct {
		line, delimiter string
		opts            Options
	}{
		"semicolon":     {line: "sep=;\n", delimiter: ";"},
		"Windows":       {line: "sep=;\r\n", delimiter: ";"},
		"in capitals":   {line: "SEP=,\n", delimiter: ","},
		"in quotes":     {line: "\"sep=;\"\n", delimiter: ";"},
		"tab":           {line: "sep=\t\n", delimiter: "\t"},
		"unusual":       {line: "sep=§\n", delimiter: "§"},
		"a mark before": {line: "\ufeffsep=^\n", delimiter: "^"},
		"option wins":   {line: "sep=,\n", delimiter: ";", opts: Options{Delimiter: ";"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := tc.line + strings.NewReplacer(",", tc.delimiter).Replace(head+"Ann,ann@x.co,iv-1\n")
			in := openText(t, text, tc.opts)
			want := batch.Candidate{Name: "Ann", Email: "ann@x.co", InterviewID: "iv-1"}
			if rows := scanAll(t, in); len(rows) != 1 || rows[0].Candidate != want || rows[0].Line != 3 {
				t.Errorf("rows %+v", rows)
			}
			results, _, _ := writeOutputs(t, in, t.TempDir())
			if strings.Contains(strings.ToLower(results), "sep=") {
				t.Errorf("results %q", results)
			}
		})
	}
	in := openText(t, utf16Text(t, unicode.LittleEndian, true, "sep=;\r\nname;email;interview_id\r\n"), Options{})
	if in.Delimiter() != ';' {
		t.Errorf("delimiter %q of UTF-16", in.Delimiter())
	}
}

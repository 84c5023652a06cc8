package csvio

import (
	"bufio"
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const (
	saveHint   = "open it in Excel or LibreOffice, and save it as .xlsx or as CSV (UTF-8)"
	exportHint = "export the list as CSV (UTF-8) or as .xlsx"
)

// A format is something else that people take for a list.
type format struct{ what, hint string }

var oldOffice = format{"is an old Excel workbook (.xls) or another old document of Office", "save it as .xlsx, or " + csvHint}

var numbersFile = format{"is a document of Numbers or another program of Apple's", "export it from there: File, Export To, CSV or Excel"}

// binaries are formats with known first bytes.
var binaries = []struct {
	magic string
	format
}{
	{"\x09\x00\x04\x00", oldOffice}, // Excel 2 to 4, before they were wrapped into OLE
	{"\x09\x02\x06\x00", oldOffice},
	{"\x09\x04\x06\x00", oldOffice},
	{"PK\x05\x06", format{"is an empty zip archive", "name the list"}},
	{"%PDF-", format{"is a PDF", "export the list as CSV (UTF-8)"}},
	{"\x1f\x8b", format{"is compressed twice", "unpack it once"}},
	{"\x28\xb5\x2f\xfd", format{"is compressed twice", "unpack it once"}},
	{"\xfd7zXZ", format{"is compressed with xz", "unpack it, or use gzip or zstd"}},
	{"BZh9", format{"is compressed with bzip2", "unpack it, or use gzip or zstd"}},
	{"7z\xbc\xaf", format{"is compressed with 7-Zip", "unpack it, or use gzip or zstd"}},
	{"\x04\x22\x4d\x18", format{"is compressed with LZ4", "unpack it, or use gzip or zstd"}},
	{"Rar!", format{"is compressed with RAR", "unpack it, or use gzip or zstd"}},
	{"SQLite f", format{"is an SQLite database", "export the list as CSV (UTF-8)"}},
	{"PAR1", format{"is a Parquet file", exportHint}},
	{"\x89PNG", format{"is a picture", "name the CSV file"}},
	{"\xff\xd8\xff", format{"is a picture", "name the CSV file"}},
	{"\xff\xfe\x00\x00", format{"is UTF-32", "save the list as CSV (UTF-8)"}},
	{"\x00\x00\xfe\xff", format{"is UTF-32", "save the list as CSV (UTF-8)"}},
	{"\x7fELF", format{"is a program", "name the CSV file"}},
	{"\x00\x05\x16\x07", format{"is what macOS keeps beside a file of the same name without ._ (AppleDouble), and has no rows", "name that file"}},
	{"bplist00", format{"is a property list of macOS: a file that is still in the cloud, or a setting", "download the list, and name it"}},
	{"\x4c\x00\x00\x00\x01\x14\x02\x00", format{"is a shortcut of Windows", "name the file that it leads to"}},
}

// texts are formats with a known beginning and, if words has any, one of them near
// it.
var texts = []struct {
	begins *regexp.Regexp
	words  []string
	format
}{
	{markup, []string{"urn:schemas-microsoft-com:office:spreadsheet", "excel.sheet"},
		format{"is an XML spreadsheet of Excel 2003, whatever its name", saveHint}},
	{markup, []string{"urn:oasis:names:tc:opendocument"}, format{"is an OpenDocument file in XML", saveHint}},
	{markup, []string{"<html", "<!doctype html", "<table", "<head", "<body", "<meta", "<div", "<script", "<style"},
		format{"is HTML, a web page, whatever its name", saveHint + "; if it is a page to log in or an error, fetch the list again"}},
	{markup, nil, format{"is XML", exportHint}},
	{regexp.MustCompile(`^\{\\rtf`), nil, format{"is RTF, a document of a word processor", "copy its table into a spreadsheet, and save that as .xlsx or as CSV (UTF-8)"}},
	{regexp.MustCompile(`(?i)^(?:mime-version|from|content-type):`), []string{"multipart/related", "text/html"},
		format{"is a web page in one file (MHTML), whatever its name", saveHint}},
	{json, []string{"docs.google.com", `"doc_id"`},
		format{"only points to a Google Sheet, and has no rows", "open the sheet, and download it as .xlsx or CSV (File, Download)"}},
	{json, nil, format{"is JSON", exportHint}},
	{regexp.MustCompile(`(?i)^\[internetshortcut\]`), nil,
		format{"only points to a page, and has no rows", "download the list from there as .xlsx or CSV"}},
	{regexp.MustCompile(`(?i)^(?:insert into|create table)\s`), nil, format{"is SQL", exportHint}},
	{regexp.MustCompile(`(?i)^begin:vcard`), nil, format{"has address cards (vCard)", exportHint}},
	{regexp.MustCompile(`^ID;P(?:WXL|CALC|SCALC)`), nil, format{"is a SYLK file", saveHint}},
	{regexp.MustCompile(`^(?:-----BEGIN PGP MESSAGE|age-encryption\.org|-----BEGIN AGE)`), nil, format{"is encrypted", "decrypt it"}},
	{regexp.MustCompile(`^version https://git-lfs`), nil, format{"only points to a file that Git LFS keeps", "fetch it with git lfs pull"}},
}

var (
	markup = regexp.MustCompile(`^<[a-zA-Z!?/]`)
	json   = regexp.MustCompile(`^(?:\{\s*["}]|\[\s*[{\["])`)
)

// tarMagicEnd is where the mark of a tar archive ends, behind the name of its first
// file.
const tarMagicEnd = 262

// refuseBinary refuses an input that is no text, by its format.
func refuseBinary(name string, head []byte) error {
	if found, ok := lockFile(name); ok {
		return found.refuse(name)
	}
	if len(head) >= tarMagicEnd && bytes.HasPrefix(head[tarMagicEnd-len("ustar"):], []byte("ustar")) {
		return format{"is a tar archive", "unpack it, and name the list in it"}.refuse(name)
	}
	for _, b := range binaries {
		if bytes.HasPrefix(head, []byte(b.magic)) {
			return b.refuse(name)
		}
	}
	return nil
}

// refuseText refuses a text that is no list, by its format.
func refuseText(name string, text *bufio.Reader) error {
	begin, _ := text.Peek(4 << 10) // what cannot be read is found by the next read
	head := strings.TrimLeftFunc(string(begin), isBlank)
	lower := strings.ToLower(head)
	for _, t := range texts {
		if t.begins.MatchString(head) &&
			(t.words == nil || slices.ContainsFunc(t.words, func(word string) bool { return strings.Contains(lower, word) })) {
			return t.refuse(name)
		}
	}
	return nil
}

func (f format) refuse(name string) error {
	return &InputError{File: name, Message: f.what, Hint: f.hint}
}

// lockFile reports whether a name is that of the lock file of Excel or
// LibreOffice.
func lockFile(name string) (format, bool) {
	base := filepath.Base(name)
	of, excel := strings.CutPrefix(base, "~$")
	if !excel {
		var office bool
		if of, office = strings.CutPrefix(base, ".~lock."); !office {
			return format{}, false
		}
		of = strings.TrimSuffix(of, "#")
	}
	return format{"is what a spreadsheet program keeps beside a file that it has open, and has no rows", "name that file: " + of}, true
}

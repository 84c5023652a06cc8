package csvio

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
	"slices"

	"golang.org/x/text/encoding/charmap"
)

// marks are what a byte order mark looks like: as it is, as programs show it that
// have read UTF-8 as something else, once or twice, or UTF-16 in windows-1252.
var marks = func() []string {
	const mark = "\ufeff"
	found := []string{mark, "ÿþ", "þÿ"}
	for _, page := range []*charmap.Charmap{
		charmap.Windows1252, charmap.Windows1250, charmap.Windows1251, charmap.Windows1253, charmap.Windows1254, charmap.Windows1257,
		charmap.ISO8859_2, charmap.ISO8859_15, charmap.Macintosh, charmap.CodePage437, charmap.CodePage850, charmap.CodePage852, charmap.CodePage866,
	} {
		once, _ := page.NewDecoder().String(mark) // they decode any byte
		twice, _ := page.NewDecoder().String(once)
		found = append(found, twice, once)
	}
	return found
}()

// excelDelimiter is the line with which a list tells Excel its delimiter.
var excelDelimiter = regexp.MustCompile(`^(?:(?i)sep=(.)|"(?i)sep=(.)")\r?\n`)

// powerShellType is the line with which PowerShell tells what the rows were.
var powerShellType = regexp.MustCompile(`^"?#TYPE [^\r\n]*\r?\n`)

// maxHeadLine is how long such a line may be, in bytes.
const maxHeadLine = 1 << 10

// takeHead takes from the beginning of a text what is not of its rows: byte order
// marks that are left, of which each program on the way may have put one, and the
// lines of Excel and PowerShell, but for their ends: a blank line in their place
// keeps the numbers of those below. It returns the text that is left.
func (s *spooler) takeHead(text *bufio.Reader) *bufio.Reader {
	var ends bytes.Buffer // of lines that were taken
	for s.takeMark(text) || s.takeLine(text, &ends) {
		continue
	}
	if s.takeQuotedMark(text) {
		ends.WriteByte('"')
	}
	if ends.Len() == 0 {
		return text
	}
	return bufio.NewReaderSize(io.MultiReader(&ends, text), scanBuffer)
}

func (s *spooler) takeMark(text *bufio.Reader) bool {
	head, _ := text.Peek(maxMark) // what cannot be read is found by the next read
	mark := markOf(head)
	_, _ = text.Discard(len(mark)) // it was seen
	s.bom = s.bom || mark != ""
	return mark != ""
}

// takeQuotedMark takes marks that stand in the quotes of the first cell, where a
// program has put what it took for letters, and the quote before them.
func (s *spooler) takeQuotedMark(text *bufio.Reader) bool {
	head, _ := text.Peek(1 + maxMark) // as above
	rest, quoted := bytes.CutPrefix(head, []byte{'"'})
	if !quoted || markOf(rest) == "" {
		return false
	}
	_, _ = text.Discard(1) // it was seen
	for s.takeMark(text) {
		continue
	}
	return true
}

// markOf returns the mark that a text begins with, or "".
func markOf(head []byte) string {
	i := slices.IndexFunc(marks, func(mark string) bool { return bytes.HasPrefix(head, []byte(mark)) })
	if i < 0 {
		return ""
	}
	return marks[i]
}

// maxMark is more bytes than the longest of marks has.
const maxMark = 32

func (s *spooler) takeLine(text *bufio.Reader, ends *bytes.Buffer) bool {
	head, _ := text.Peek(maxHeadLine)
	line := powerShellType.Find(head)
	if m := excelDelimiter.FindSubmatch(head); m != nil && s.delimiter == "" {
		delimiter := string(m[1]) + string(m[2])
		if CheckDelimiter(delimiter) != nil {
			return false
		}
		s.delimiter, line = delimiter, m[0]
	}
	if line == nil {
		return false
	}
	ends.Write(line[len(trimLineEnd(line)):])
	_, _ = text.Discard(len(line)) // it was seen
	return true
}

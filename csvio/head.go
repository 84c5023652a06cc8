package csvio

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
)

// marks are what a byte order mark looks like: as it is, and as programs show it
// that have read UTF-8 in another encoding (windows-1252, Mac Roman,
// windows-1251, two code pages of DOS) or UTF-16 in windows-1252.
var marks = []string{"\ufeff", "ï»¿", "Ôªø", "п»ї", "´╗┐", "∩╗┐", "ÿþ", "þÿ"}

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
	if ends.Len() == 0 {
		return text
	}
	return bufio.NewReaderSize(io.MultiReader(&ends, text), scanBuffer)
}

func (s *spooler) takeMark(text *bufio.Reader) bool {
	head, _ := text.Peek(maxMark) // what cannot be read is found by the next read
	for _, mark := range marks {
		if bytes.HasPrefix(head, []byte(mark)) {
			_, _ = text.Discard(len(mark)) // it was seen
			s.bom = true
			return true
		}
	}
	return false
}

// maxMark is the length of the longest of marks, in bytes.
const maxMark = 9

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

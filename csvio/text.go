package csvio

import (
	"bufio"
	"bytes"
	"io"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// marks are the spellings of a byte order mark: itself, and what programs make of
// it that read UTF-8 in another encoding, once or twice, or UTF-16 as
// windows-1252.
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

// excelDelimiter matches the line that declares the delimiter to Excel.
var excelDelimiter = regexp.MustCompile(`^(?:(?i)sep=(.)|"(?i)sep=(.)")\r?\n`)

// powerShellType matches the line that declares the type of the rows in
// PowerShell.
var powerShellType = regexp.MustCompile(`^"?#TYPE [^\r\n]*\r?\n`)

// takeHead removes from the beginning of a text the byte order marks, as each
// program on the way may have added one, and the lines for Excel and PowerShell.
// It keeps the ends of these lines, so that rows keep their numbers. A program that
// took a mark for letters has put it into the quotes of the first cell.
func (s *spooler) takeHead(text *bufio.Reader) *bufio.Reader {
	const longest = 4 << 10
	head, _ := text.Peek(longest) // what cannot be read is found by the next read
	rest, kept := head, []byte(nil)
	for taken := true; taken; {
		rest = s.cutMarks(rest)
		line := s.headLine(rest)
		kept = append(kept, line[len(trimLineEnd(line)):]...)
		rest, taken = rest[len(line):], len(line) > 0
	}
	if cell, quoted := bytes.CutPrefix(rest, []byte{'"'}); quoted && len(s.cutMarks(cell)) < len(cell) {
		kept, rest = append(kept, '"'), s.cutMarks(cell)
	}
	_, _ = text.Discard(len(head) - len(rest)) // it was seen
	if len(kept) == 0 {
		return text
	}
	return bufio.NewReaderSize(io.MultiReader(bytes.NewReader(kept), text), scanBuffer)
}

// cutMarks returns a text without the marks that it begins with.
func (s *spooler) cutMarks(text []byte) []byte {
	for {
		i := slices.IndexFunc(marks, func(mark string) bool { return bytes.HasPrefix(text, []byte(mark)) })
		if i < 0 {
			return text
		}
		text, s.bom = text[len(marks[i]):], true
	}
}

// headLine returns the line for Excel or PowerShell that a text begins with.
func (s *spooler) headLine(text []byte) []byte {
	m := excelDelimiter.FindSubmatch(text)
	if m == nil || s.delimiter != "" {
		return powerShellType.Find(text)
	}
	delimiter := string(m[1]) + string(m[2])
	if CheckDelimiter(delimiter) != nil {
		return nil
	}
	s.delimiter = delimiter
	return m[0]
}

const pipeHint = "look whether the program that writes into the pipe has failed"

// endLines checks how the lines in the spool end.
func (s *spooler) endLines() error {
	if s.strayCR && s.pos.lines == 0 {
		if err := s.turnReturns(); err != nil {
			return err
		}
	}
	const enough = 512 // bytes, to see that there is text
	size := min(enough, s.pos.offset)
	tail, err := readSpool(s.spool, s.pos.offset-size, size)
	if err != nil {
		return spoolError(err)
	}
	last := string(tail[bytes.LastIndexByte(tail, '\n')+1:])
	if s.pos.lines == 0 || !strings.ContainsFunc(last, func(r rune) bool { return !isBlank(r) && !strings.ContainsRune(`,;|"`, r) }) {
		return nil
	}
	w := Warning{Kind: WarnCutOff, Message: "the last line has no line end, and all others have: the list may have been cut off there",
		Hint: "look whether its last row is whole, and no row is missing"}
	if s.pipe {
		w.Hint = pipeHint
	}
	s.warnings = append(s.warnings, w)
	return nil
}

// turnReturns replaces carriage returns, the line ends of old Macs, by line feeds.
func (s *spooler) turnReturns() error {
	buf := make([]byte, scanBuffer)
	s.strayCR = false
	for at := int64(0); at < s.pos.offset; at += int64(len(buf)) {
		buf = buf[:min(int64(len(buf)), s.pos.offset-at)]
		if _, err := s.spool.ReadAt(buf, at); err != nil {
			return spoolError(err)
		}
		s.pos.lines += bytes.Count(buf, []byte{'\r'})
		if _, err := s.spool.WriteAt(bytes.ReplaceAll(buf, []byte{'\r'}, []byte{'\n'}), at); err != nil {
			return spoolError(err)
		}
	}
	return nil
}

// singleReturns reads \r\r\n as \r\n if the first line ends so: a program has put
// \r before the \n of \r\n.
func singleReturns(text *bufio.Reader) *bufio.Reader {
	head, _ := text.Peek(scanBuffer) // what cannot be read is found by the next read
	first, _, found := bytes.Cut(head, []byte{'\n'})
	if !found || !bytes.HasSuffix(first, []byte("\r\r")) {
		return text
	}
	return bufio.NewReaderSize(&returnDropper{text: text}, scanBuffer)
}

// A returnDropper drops a carriage return that stands before \r\n.
type returnDropper struct{ text *bufio.Reader }

func (d *returnDropper) Read(p []byte) (n int, err error) {
	for n < len(p) {
		b, err := d.text.ReadByte()
		if err != nil {
			return n, err
		}
		if next, _ := d.text.Peek(2); b != '\r' || string(next) != "\r\n" {
			p[n] = b
			n++
		}
	}
	return n, nil
}

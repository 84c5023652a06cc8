package csvio

import (
	"bufio"
	"bytes"
	"strings"

	"golang.org/x/text/transform"
)

const pipeHint = "look whether the program that writes into the pipe has failed"

// endLines looks at how the lines of a text end, once it is in the spool.
func (s *spooler) endLines() error {
	if s.strayCR && s.pos.lines == 0 {
		if err := s.turnReturns(); err != nil {
			return err
		}
	}
	const enough = 512 // bytes, to see that there is text
	tail := make([]byte, min(enough, s.pos.offset))
	if _, err := s.spool.ReadAt(tail, s.pos.offset-int64(len(tail))); err != nil {
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

// turnReturns makes line ends of the carriage returns of a text that has no
// others: programs of old Macs wrote it.
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

// singleReturns takes one of the carriage returns from each line end of a text
// whose first line has two: a program has put \r before the \n of \r\n.
func singleReturns(text *bufio.Reader) *bufio.Reader {
	head, _ := text.Peek(scanBuffer) // what cannot be read is found by the next read
	first, _, _ := bytes.Cut(head, []byte{'\n'})
	if len(first) == len(head) || !bytes.HasSuffix(first, []byte("\r\r")) {
		return text
	}
	return bufio.NewReaderSize(transform.NewReader(text, returnDropper{}), scanBuffer)
}

// A returnDropper drops a carriage return that stands before \r\n.
type returnDropper struct{ transform.NopResetter }

// Transform implements transform.Transformer.
func (returnDropper) Transform(dst, src []byte, atEOF bool) (written, read int, err error) {
	for read < len(src) {
		rest := src[read:]
		switch {
		case written == len(dst):
			return written, read, transform.ErrShortDst
		case rest[0] != '\r':
			dst[written] = rest[0]
			written++
		case len(rest) < len("\r\r\n") && !atEOF:
			return written, read, transform.ErrShortSrc
		case !bytes.HasPrefix(rest, []byte("\r\r\n")):
			dst[written] = '\r'
			written++
		}
		read++
	}
	return written, read, nil
}

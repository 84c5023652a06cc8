package csvio

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/batch/file"
)

// spooled is what copying an input has shown.
type spooled struct {
	size  int64  // bytes in the spool
	sum   string // SHA-256 of the bytes as they came
	bom   bool   // the input was anything but plain UTF-8: with a byte order mark, in another encoding, or a workbook
	utf16 bool

	strayCR bool // there may be a carriage return that is no part of a line end

	delimiter string // that the input declares, or ""

	workbook bool      // what the spool has is a sheet of it
	named    string    // that sheet, if it was named
	warnings []Warning // about no single rows
}

// createSpool returns an empty file without a name.
func createSpool() (*os.File, error) {
	f, err := file.Unlinked("bulkinvite-spool-")
	if err != nil {
		return nil, spoolError(err)
	}
	return f, nil
}

func spoolError(err error) error {
	return fmt.Errorf("write a temporary copy of the input in %s: %w; free some space there, or set TMPDIR to another folder",
		os.TempDir(), file.Bare(err))
}

// readSpool returns a part of a spool.
func readSpool(spool *os.File, offset, size int64) ([]byte, error) {
	part := make([]byte, size)
	_, err := spool.ReadAt(part, offset)
	return part, err
}

// A spooler copies one input into the spool as UTF-8.
type spooler struct {
	ctx   context.Context
	name  string
	opts  Options
	spool *os.File

	pipe bool // it is read from one

	spooled
	bomUTF8 bool         // the input itself says that it is UTF-8
	zeros   bool         // a NUL among the first two bytes: UTF-16 without a mark?
	decoded string       // the encoding that the input is decoded from; "" for UTF-8
	witness *utf8Witness // nil unless that is neither UTF-8 nor UTF-16
	pos     position     // of the end of the spool
	column  int          // characters before it in its line

	sheets []string  // of the workbook, that have cells
	toRead *workbook // the workbook, if its sheets are read one by one
}

// copy copies src, and hashes it meanwhile: for a large input that takes as long as
// reading it.
func (s *spooler) copy(src io.Reader) (spooled, error) {
	var g errgroup.Group
	sum := sha256.New()
	hashed, seen := io.Pipe()
	g.Go(batch.Guard(func() error {
		defer hashed.Close() // or who writes would wait for ever
		_, err := io.CopyBuffer(sum, hashed, make([]byte, scanBuffer))
		return err
	}))
	err := s.copyAll(io.TeeReader(src, seen))
	_ = seen.Close() // as it always does
	if err := cmp.Or(err, g.Wait()); err != nil {
		return spooled{}, err
	}
	s.sum, s.size = hex.EncodeToString(sum.Sum(nil)), s.pos.offset
	return s.spooled, nil
}

func (s *spooler) copyAll(src io.Reader) error {
	input, err := unpack(src)
	if err != nil {
		return s.readError(err)
	}
	head, err := input.Peek(tarMagicEnd)
	if err != nil && !errors.Is(err, io.EOF) {
		return s.readError(err)
	}
	switch {
	case bytes.HasPrefix(head, []byte(zipMagic)):
		return s.copyWorkbook(input)
	case bytes.HasPrefix(head, []byte(oleMagic)):
		return s.refuseOLE(input)
	}
	return s.copyText(input, head)
}

// copyText copies a text that begins with head.
func (s *spooler) copyText(input *bufio.Reader, head []byte) error {
	if err := refuseBinary(s.name, head); err != nil {
		return err
	}
	decoded, err := s.decode(input, head)
	if err != nil {
		return s.readError(err)
	}
	text := s.takeHead(singleReturns(decoded))
	if err := refuseText(s.name, text); err != nil {
		return err
	}
	if err := s.write(text); err != nil {
		return err
	}
	if err := s.endLines(); err != nil {
		return err
	}
	if s.witness != nil && s.witness.isUTF8() {
		return &InputError{File: s.name, Message: "is UTF-8 and not " + s.decoded, Hint: "leave out --encoding"}
	}
	return nil
}

// decode returns a reader of the text in UTF-8.
func (s *spooler) decode(input *bufio.Reader, head []byte) (*bufio.Reader, error) {
	s.bomUTF8 = bytes.HasPrefix(head, []byte{0xef, 0xbb, 0xbf})
	s.utf16 = bytes.HasPrefix(head, []byte{0xff, 0xfe}) || bytes.HasPrefix(head, []byte{0xfe, 0xff})
	s.bom = s.bomUTF8 || s.utf16
	s.zeros = len(head) >= 2 && (head[0] == 0) != (head[1] == 0)
	name, declared, _ := findEncoding(s.opts.Encoding) // it was validated
	if s.bomUTF8 {
		_, _ = input.Discard(3) // it was seen
		if name == "" || showsUTF8(input, isUTF16(name)) {
			return input, nil
		}
		s.bomUTF8 = false
		head, _ = input.Peek(2) // what cannot be read is found by the next read
	}
	switch {
	case s.utf16, isUTF16(name):
		s.utf16, s.bom, s.decoded = true, true, "UTF-16"
		return decoding(input, utf16Decoder(name, head)), nil
	case declared != nil && name != encodingUTF8:
		s.bom, s.decoded = true, name
		s.witness = newUTF8Witness(input, declared)
		return decoding(s.witness, declared.NewDecoder()), nil
	}
	return input, nil // a decoder would put U+FFFD in the place of bytes that are wrong
}

// showsUTF8 reports whether a text with the mark of UTF-8, declared to be in
// another encoding, begins with UTF-8 all the same; ascii says whether ASCII alone
// is enough. Some programs put that mark before any text.
func showsUTF8(input *bufio.Reader, ascii bool) bool {
	head, _ := input.Peek(scanBuffer) // what cannot be read is found by the next read
	w := utf8Witness{}
	w.look(head)
	return !w.broken && bytes.IndexByte(head, 0) < 0 && (ascii || w.accents > 0)
}

// write copies text into the spool, up to the first wrong byte.
func (s *spooler) write(text io.Reader) error {
	buf := make([]byte, scanBuffer)
	held := 0 // bytes at the start of buf that may begin a character
	for {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		n, err := text.Read(buf[held:])
		if err != nil && !errors.Is(err, io.EOF) {
			return s.readError(err)
		}
		chunk := buf[:held+n]
		good, wrong := s.inspect(chunk, errors.Is(err, io.EOF))
		if wrong {
			return s.explain(chunk, good, text)
		}
		if _, err := s.spool.Write(chunk[:good]); err != nil {
			return spoolError(err)
		}
		s.advance(chunk[:good])
		if errors.Is(err, io.EOF) {
			return nil
		}
		held = copy(buf, chunk[good:])
	}
}

// inspect returns how many bytes of p are whole and good characters, and whether
// the next byte is wrong rather than cut off.
func (s *spooler) inspect(p []byte, atEOF bool) (good int, wrong bool) {
	if utf8.Valid(p) && bytes.IndexByte(p, 0) < 0 && !(s.decoded != "" && bytes.ContainsRune(p, utf8.RuneError)) {
		return len(p), false
	}
	for good < len(p) {
		r, size := utf8.DecodeRune(p[good:])
		if r == utf8.RuneError && size == 1 && !atEOF && !utf8.FullRune(p[good:]) {
			return good, false
		}
		// Decoders say with U+FFFD that something was broken.
		if r == 0 || r == utf8.RuneError && (size == 1 || s.decoded != "") {
			return good, true
		}
		good += size
	}
	return good, false
}

func (s *spooler) advance(p []byte) {
	s.pos.offset += int64(len(p))
	s.pos.lines += bytes.Count(p, []byte{'\n'})
	i := bytes.LastIndexByte(p, '\n')
	if i >= 0 {
		s.column = 0
	}
	s.column += utf8.RuneCount(p[i+1:])
	// One that p cuts off from its line feed counts, too: it only makes the rows
	// be looked at.
	s.strayCR = s.strayCR || bytes.Count(p, []byte{'\r'}) > bytes.Count(p, []byte("\r\n"))
}

// explain says what is wrong with the byte chunk[at].
func (s *spooler) explain(chunk []byte, at int, rest io.Reader) error {
	before := s.lastBytes(chunk[:at])
	s.advance(chunk[:at])
	e := &InputError{File: s.name, Line: s.pos.lines + 1, Column: s.column + 1}
	const save = "save the list again as CSV (UTF-8)"
	switch {
	case len(bytes.Trim(chunk[at:], "\x00")) == 0 && !s.zeros:
		e.Message, e.Hint = "the file ends in NUL bytes", "a crash or a full disk cut it off, or a failed copy: fetch it again"
	case chunk[at] == 0 && s.zeros && !s.utf16:
		e.Message, e.Hint = "a NUL byte: this is no UTF-8 text", "if it is UTF-16 without a byte order mark, add --encoding utf-16"
	case chunk[at] == 0:
		e.Message, e.Hint = "a NUL byte: this is no text", save
	case s.utf16:
		e.Message, e.Hint = "broken UTF-16", save
	case s.decoded != "":
		e.Message = fmt.Sprintf("not %s: there is no such character in it", s.decoded)
		e.Hint = "give the --encoding in which the list was saved, or save it again as CSV (UTF-8)"
		if s.witness.accents > 0 && !s.witness.broken {
			e.Hint = "leave out --encoding: so far it is UTF-8"
		}
	default:
		// What cannot be read any more is only missing from the message.
		more, _ := io.ReadAll(io.LimitReader(rest, excerptWidth))
		e.notUTF8(before, append(chunk[at:len(chunk):len(chunk)], more...), s.bomUTF8)
	}
	return e
}

// lastBytes returns the end of the spool with p behind it.
func (s *spooler) lastBytes(p []byte) []byte {
	if len(p) >= excerptWidth || s.pos.offset == 0 {
		return p
	}
	from := max(0, s.pos.offset-excerptWidth)
	last, err := readSpool(s.spool, from, s.pos.offset-from)
	if err != nil {
		return p // it is only for a message
	}
	return append(last, p...)
}

// readErrors are the errors of compressed inputs.
var readErrors = []struct {
	err           error
	message, hint string
}{
	{errTrailing, "something else follows the compressed data", "unpack it yourself and look at it, or fetch it again"},
	{io.ErrUnexpectedEOF, "the compressed data ends early", "fetch the file again"},
	{zstd.ErrWindowSizeExceeded, fmt.Sprintf("needs more than %d MiB of memory to unpack", maxWindow>>20), "unpack it yourself"},
	{errDamaged, "the compressed data is damaged", "fetch the file again"},
}

func (s *spooler) readError(err error) error {
	if errors.Is(err, errBomb) {
		e := bombError(err)
		e.File = s.name
		return e
	}
	for _, known := range readErrors {
		if errors.Is(err, known.err) {
			return &InputError{File: s.name, Message: known.message, Hint: known.hint, Err: err}
		}
	}
	return unreadable(s.name, err)
}

package csvio

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxRecord  = 1 << 20 // bytes of one record
	scanBuffer = 64 << 10
	atBuffer   = 4 << 10 // with less encoding/csv would make a buffer of its own
)

var errTooLarge = errors.New("record too large")

// A position is a place in the spool between two lines.
type position struct {
	offset int64 // bytes before it
	lines  int   // line ends before it
	rows   int   // records and blank lines before it, which a spreadsheet shows as rows
}

// A record is one record of the spool. Its slice is valid until the next read; its
// strings stay.
type record struct {
	row    int      // as a spreadsheet counts, from 1
	line   int      // at which it starts, from 1
	offset int64    // at which it starts
	size   int      // bytes, with its line end
	fields []string // decoded
}

// A recordReader reads records from the spool with encoding/csv, and notes where
// each of them stands.
type recordReader struct {
	spool window
	src   *bufio.Reader // reads spool
	csv   *csv.Reader   // reads src
	pos   position      // of src
}

func newRecordReader(spool *os.File, size int64, delim rune, buffer int) *recordReader {
	r := &recordReader{spool: window{File: spool, size: size}}
	r.src = bufio.NewReaderSize(&r.spool, buffer)
	r.csv = csv.NewReader(r.src)
	r.csv.Comma = delim
	r.csv.FieldsPerRecord = -1
	r.csv.ReuseRecord = true
	return r
}

// seek moves r to pos.
func (r *recordReader) seek(pos position) {
	r.pos = pos
	r.spool.at = pos.offset
	r.src.Reset(&r.spool)
}

// read returns the next record that is not a blank line, or io.EOF. After any
// error r must not be used again.
func (r *recordReader) read() (record, error) {
	r.skipBlankLines()
	start := r.csv.InputOffset()
	fields, err := r.csv.Read()
	if errors.Is(err, io.EOF) {
		return record{}, io.EOF
	}
	size := int(r.csv.InputOffset() - start)
	if err == nil && size > maxRecord {
		err = errTooLarge
	}
	if err != nil {
		return record{}, r.explain(err)
	}
	rec := record{row: r.pos.rows + 1, line: r.pos.lines + 1, offset: r.pos.offset, size: size, fields: fields}
	last := len(fields) - 1
	firstLine, _ := r.csv.FieldPos(0)
	lastLine, _ := r.csv.FieldPos(last)
	r.pos.lines += lastLine - firstLine + strings.Count(fields[last], "\n") + 1
	r.pos.rows++
	r.pos.offset += int64(size)
	return rec, nil
}

// skipBlankLines counts the blank lines, which encoding/csv would skip uncounted.
func (r *recordReader) skipBlankLines() {
	for {
		r.spool.limit = r.pos.offset + maxRecord
		line, _ := r.src.Peek(2) // what cannot be read csv finds too
		var size int
		switch {
		case len(line) > 0 && line[0] == '\n':
			size = 1
		case len(line) > 1 && line[0] == '\r' && line[1] == '\n':
			size = 2
		default:
			return
		}
		r.pos.offset += int64(size)
		r.pos.lines++
		r.pos.rows++
		_, _ = r.src.Discard(size) // it was seen
	}
}

// isTorn reports whether a cell without quotes has a carriage return. To
// encoding/csv that is an ordinary character; the program that wrote it may have
// ended a row so, as on old Macs, with the next person in this row's other cells.
func (l *List) isTorn(rec record) (bool, error) {
	if !slices.ContainsFunc(rec.fields, func(s string) bool { return strings.Contains(s, "\r") }) {
		return false, nil
	}
	raw, err := readSpool(l.spool, rec.offset, int64(rec.size))
	if err != nil {
		return false, err
	}
	cells, _ := splitRaw(nil, raw, l.delim) // a record that was read has no fault
	return slices.ContainsFunc(cells, func(cell []byte) bool {
		// At the end of a cell it tears nothing: \r\r\n is what becomes of \r\n when
		// a program puts \r before each \n once more, and our columns come behind it.
		return !bytes.HasPrefix(cell, []byte{'"'}) && bytes.Contains(bytes.TrimRight(cell, "\r\t "), []byte{'\r'})
	}), nil
}

// explain replaces an error of encoding/csv by one with the place and kind of the
// fault in the record at r.pos.
func (r *recordReader) explain(err error) error {
	if parseErr := (*csv.ParseError)(nil); !errors.As(err, &parseErr) && !errors.Is(err, errTooLarge) {
		return err
	}
	raw, readErr := readSpool(r.spool.File, r.pos.offset, min(maxRecord+1, r.spool.size-r.pos.offset))
	if readErr != nil {
		return readErr
	}
	raw = cutRecord(raw)
	return r.syntaxError(raw, r.pos.lines+1, len(raw) > maxRecord, err)
}

// cutRecord returns the first record of b with its line end, the first with an
// even number of quotes before it. If there is none, a quote is out of place.
func cutRecord(b []byte) []byte {
	end, quotes := 0, 0
	for {
		i := bytes.IndexByte(b[end:], '\n')
		if i < 0 {
			return b
		}
		quotes += bytes.Count(b[end:end+i], []byte{'"'})
		end += i + 1
		if quotes%2 == 0 {
			return b[:end]
		}
	}
}

// A window reads the spool from a place on, up to a limit: a quote that is not
// closed must not fill the memory.
type window struct {
	*os.File
	size  int64 // of the spool
	at    int64
	limit int64
}

func (w *window) Read(p []byte) (int, error) {
	left := min(w.size, w.limit) - w.at
	switch {
	case w.at >= w.size:
		return 0, io.EOF
	case left <= 0:
		return 0, errTooLarge
	}
	n, err := w.ReadAt(p[:min(int64(len(p)), left)], w.at)
	w.at += int64(n)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // somebody has cut the spool
	}
	return n, err
}

func trimLineEnd(raw []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))
}

type faultKind int

const (
	noFault         faultKind = iota
	faultBare                 // a quote inside a cell that is not quoted
	faultAfterQuote           // something between a closing quote and the delimiter
	faultUnclosed
)

// A quoteFault is the first place in a record that breaks the rules of quoting.
type quoteFault struct {
	kind faultKind
	at   int // offset in the record
	cell int // offset at which the cell begins
}

// splitRaw appends to cells the cells of a record as they are written, with their
// quotes. It follows the rules of encoding/csv.
func splitRaw(cells [][]byte, raw []byte, delim rune) ([][]byte, quoteFault) {
	raw = trimLineEnd(raw)
	sep := utf8.AppendRune(nil, delim)
	for start := 0; ; {
		end, fault := cellEnd(raw, start, sep)
		if fault.kind != noFault {
			return nil, fault
		}
		cells = append(cells, raw[start:end])
		if end == len(raw) {
			return cells, quoteFault{}
		}
		start = end + len(sep)
	}
}

func cellEnd(raw []byte, start int, sep []byte) (int, quoteFault) {
	if start == len(raw) || raw[start] != '"' {
		end := len(raw)
		if i := bytes.Index(raw[start:], sep); i >= 0 {
			end = start + i
		}
		if i := bytes.IndexByte(raw[start:end], '"'); i >= 0 {
			return 0, quoteFault{kind: faultBare, at: start + i, cell: start}
		}
		return end, quoteFault{}
	}
	for at := start + 1; ; at += 2 {
		i := bytes.IndexByte(raw[at:], '"')
		if i < 0 {
			return 0, quoteFault{kind: faultUnclosed, at: start, cell: start}
		}
		at += i
		after := raw[at+1:]
		switch {
		case len(after) == 0 || bytes.HasPrefix(after, sep):
			return at + 1, quoteFault{}
		case after[0] != '"':
			return 0, quoteFault{kind: faultAfterQuote, at: at, cell: start}
		}
	}
}

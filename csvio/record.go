package csvio

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
)

const (
	maxRecord  = 1 << 20 // bytes of one record
	scanBuffer = 64 << 10
	atBuffer   = 4 << 10
)

var errTooLarge = errors.New("record too large")

// A position is a place in the spool between two records.
type position struct {
	offset int64 // bytes before it
	lines  int   // line ends before it
}

// A record is one record of the spool. Its slices are valid until the next
// read; the strings stay.
type record struct {
	line   int      // at which it starts, from 1
	offset int64    // at which it starts
	raw    []byte   // with its line end
	fields []string // decoded
}

// A recordReader reads records from the spool. It cuts them out of the file
// itself and leaves only what is inside them to encoding/csv: that way their
// bytes, offsets and true line numbers are known, and a quote that is not
// closed cannot fill the memory.
type recordReader struct {
	src  *bufio.Reader
	pos  position // of src
	long []byte   // a record that did not fit into one line or buffer
	feed feed
	csv  *csv.Reader // reads feed
}

func newRecordReader(delim rune, buffer int) *recordReader {
	r := &recordReader{src: bufio.NewReaderSize(nil, buffer)}
	r.csv = csv.NewReader(&r.feed)
	r.csv.Comma = delim
	r.csv.FieldsPerRecord = -1
	r.csv.ReuseRecord = true
	return r
}

// reset makes r read src, which begins at pos.
func (r *recordReader) reset(src io.Reader, pos position) {
	r.src.Reset(src)
	r.pos = pos
}

// read returns the next record that is not a blank line, or io.EOF. After
// another error r must not be used again.
func (r *recordReader) read() (record, error) {
	raw, err := r.readRaw()
	tooLarge := errors.Is(err, errTooLarge)
	if err != nil && !tooLarge {
		return record{}, err
	}
	rec := record{raw: raw, line: r.pos.lines + 1, offset: r.pos.offset}
	r.advance(raw)
	r.feed.rest = raw
	if rec.fields, err = r.csv.Read(); err != nil || tooLarge {
		return record{}, r.syntaxError(raw, rec.line, tooLarge, err)
	}
	return rec, nil
}

// readRaw returns the next record with its line end. A record ends at the
// first line end with an even number of quotes before it. Where that is not
// so, a quote is out of place, and the parser will say so.
func (r *recordReader) readRaw() ([]byte, error) {
	r.long = r.long[:0]
	open := false
	for {
		part, err := r.src.ReadSlice('\n')
		if bytes.Count(part, []byte{'"'})%2 == 1 {
			open = !open
		}
		whole := part
		if len(r.long) > 0 || err != nil || open {
			r.long = append(r.long, part...)
			whole = r.long
		}
		switch {
		case errors.Is(err, io.EOF) && isBlank(whole):
			return nil, io.EOF
		case err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF):
			return nil, err
		case len(whole) > maxRecord:
			return whole, errTooLarge
		case errors.Is(err, bufio.ErrBufferFull), err == nil && open:
		case isBlank(whole):
			r.advance(whole)
		default:
			return whole, nil
		}
	}
}

func (r *recordReader) advance(raw []byte) {
	r.pos.offset += int64(len(raw))
	r.pos.lines += bytes.Count(raw, []byte{'\n'})
}

// isBlank reports whether a line has nothing in it, which makes it no row.
func isBlank(raw []byte) bool { return len(trimLineEnd(raw)) == 0 }

func trimLineEnd(raw []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))
}

// A feed gives encoding/csv one record at a time.
type feed struct{ rest []byte }

func (f *feed) Read(p []byte) (int, error) {
	if len(f.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, f.rest)
	f.rest = f.rest[n:]
	return n, nil
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

// splitRaw cuts a record into its cells as they are written, quotes and all.
// It follows the rules of encoding/csv.
func splitRaw(raw []byte, delim rune) ([][]byte, quoteFault) {
	raw = trimLineEnd(raw)
	sep := []byte(string(delim))
	var cells [][]byte
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

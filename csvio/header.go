package csvio

import (
	"bytes"
	"errors"
	"io"
	"slices"

	"github.com/gocarina/gocsv"
)

// A columnMap tells for each field the column that holds it, or -1.
type columnMap [numFields]int

// structHeader returns the column names of a struct that gocsv maps.
func structHeader[T any]() []string {
	var h headerKeeper
	if err := gocsv.MarshalCSV([]T{}, &h); err != nil {
		panic(err) // T is not a struct with csv tags
	}
	return h
}

// A headerKeeper is a gocsv.CSVWriter that keeps the last row.
type headerKeeper []string

func (h *headerKeeper) Write(row []string) error { *h = slices.Clone(row); return nil }
func (h *headerKeeper) Flush()                   {}
func (h *headerKeeper) Error() error             { return nil }

// readHeader finds the header record, its delimiter and its columns.
func (in *Input) readHeader() error {
	var best *headerTry
	for _, delim := range in.opts.delimiters() {
		try, err := in.tryHeader(delim)
		if err != nil {
			return err
		}
		if best == nil || try.betterThan(best) {
			best = try
		}
	}
	if best.err != nil {
		best.err.File = in.name
		return best.err
	}
	in.useHeader(best)
	return nil
}

func (in *Input) useHeader(t *headerTry) {
	in.delim, in.header, in.columns, in.ours, in.body = t.delim, t.header, t.columns, t.ours, t.body
	in.headerRaw = trimLineEnd(t.raw)
	in.crlf = bytes.HasSuffix(t.raw, []byte("\r\n"))
}

// A headerTry is the header as it looks with one delimiter.
type headerTry struct {
	delim   rune
	told    bool // by a line sep=, and by nobody else
	raw     []byte
	header  []string
	ours    []bool // which of these columns are of blocks that were written here
	joined  bool   // it has the columns of several files
	columns columnMap
	known   int // fields that have a column
	body    position
	faults  []headerFault
	err     *InputError // why it will not do
}

func (t *headerTry) betterThan(other *headerTry) bool {
	if (t.err == nil) != (other.err == nil) {
		return t.err == nil
	}
	if t.known != other.known {
		return t.known > other.known
	}
	return len(t.header) > len(other.header)
}

func (in *Input) tryHeader(delim rune) (*headerTry, error) {
	r := newRecordReader(in.spool, in.size, delim, scanBuffer)
	t := &headerTry{delim: delim, told: in.told}
	rec, err := r.read()
	if errors.Is(err, io.EOF) {
		return nil, &InputError{File: in.name, Message: "is empty",
			Hint: "the first line must name the columns: name,email,interview_id"}
	}
	if errors.As(err, &t.err) {
		return t, nil
	}
	if err != nil {
		return nil, spoolError(err)
	}
	t.raw, t.header, t.body = make([]byte, rec.size), slices.Clone(rec.fields), r.pos
	if _, err := in.spool.ReadAt(t.raw, rec.offset); err != nil {
		return nil, spoolError(err)
	}
	t.ours, t.joined = ourColumns(t.header)
	t.match(in.opts)
	if t.err != nil {
		t.err.Line = rec.line
	}
	return t, nil
}

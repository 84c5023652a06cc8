package csvio

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// headerRows is among how many rows that are not blank the header is looked for:
// people put titles above it, and programs notes.
const headerRows = 10

// A headerTry is a row as it looks if it is the header, which was cut into cells
// with one delimiter.
type headerTry struct {
	line    int // of a workbook, the row
	delim   rune
	told    bool // by a line sep=, and by nobody else
	raw     []byte
	header  []string
	ours    []bool // which of these columns are of blocks that were written here
	joined  bool   // it has the columns of several files
	columns columnMap
	known   int // fields that have a column
	body    position
	below   bool // something stands above it
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

// A headerSearch looks for the row that names the columns.
type headerSearch struct {
	opts  Options
	found *headerTry
	best  *headerTry // of those that will not do
	above []headerTry
}

// over reports whether there is no need to look at more rows.
func (h *headerSearch) over() bool { return h.found != nil || len(h.above) == headerRows }

// look looks at the next row, which does not count if it is blank.
func (h *headerSearch) look(t *headerTry) {
	if t.err == nil { // else it is not even a row
		if isBlankRow(t.header) {
			return
		}
		t.ours, t.joined = ourColumns(t.header)
		t.match(h.opts)
	}
	switch {
	case t.err == nil:
		h.found, t.below = t, len(h.above) > 0
		h.refusePeopleAbove()
	case h.best == nil || t.betterThan(h.best) && !slices.ContainsFunc(t.header, isQuotedAddress):
		h.best = t
	}
	if t.err != nil && t.err.Line == 0 {
		t.err.Line = t.line
	}
	h.above = append(h.above, *t)
}

// refusePeopleAbove refuses a header below somebody's row, who would be left out
// with the notes that may stand there.
func (h *headerSearch) refusePeopleAbove() {
	column := h.found.columns[fieldEmail]
	for _, t := range h.above {
		if column >= 0 && column < len(t.header) && isAddress(t.header[column]) && !slices.ContainsFunc(t.header, isLabel) {
			h.found.err = &InputError{
				Line:    t.line,
				Message: fmt.Sprintf("somebody's row stands above the header, which is in line %d", h.found.line),
				Hint:    "put the header above it, or remove that row",
			}
			return
		}
	}
}

// isQuotedAddress is isAddress for a cell that may stand in quotes that are none.
func isQuotedAddress(cell string) bool { return isAddress(strings.Trim(cell, otherQuotes)) }

// isLabel reports whether a cell says what stands beside it, as in notes that
// name whom to ask.
func isLabel(cell string) bool {
	_, known := fieldOf(cell)
	return known || strings.HasSuffix(trim(cell), ":")
}

// result returns the header, or the row that is most like one; nil if all rows
// are blank.
func (h *headerSearch) result() *headerTry {
	if h.found != nil {
		return h.found
	}
	return h.best
}

// readHeader finds the header record, its delimiter and its columns.
func (o opener) readHeader(ctx context.Context) error {
	best, err := o.findHeader()
	if err == nil && best.err != nil {
		best, err = o.unquoteLines(ctx, best)
	}
	if err == nil && best.err == nil {
		best, err = o.mendRows(ctx, best)
	}
	if err != nil {
		return err
	}
	if best.err != nil {
		best.err.File = o.name
		return best.err
	}
	o.useHeader(best)
	return nil
}

func (o opener) useHeader(t *headerTry) {
	o.delim, o.header, o.columns, o.ours, o.body = t.delim, t.header, t.columns, t.ours, t.body
	o.headerRaw = trimLineEnd(t.raw)
	o.crlf = bytes.HasSuffix(t.raw, []byte("\r\n"))
	if t.below {
		o.warn(WarnHeaderRow, "the header is in line %d: what stands above it is not read", t.line)
	}
	if i := slices.IndexFunc(t.header, isDamagedHeader); i >= 0 {
		o.warnings = append(o.warnings, Warning{Kind: WarnDamaged, Hint: rowWarningTexts[WarnDamaged].hint,
			Message: fmt.Sprintf("column %q has letters that were lost in a wrong encoding, and may be one that is not known so", cutText(t.header[i], maxShown))})
	}
	const id = fieldJobApplicationID
	if at := t.columns[id]; at >= 0 && trim(t.header[at]) != fieldNames[id] && o.opts.Map.headers[id] == "" {
		o.warn(WarnIDColumn, "column %q is taken for %s, since no other says who the people are: its ids must be those of micro1",
			trim(t.header[at]), fieldNames[id])
	}
}

// findHeader returns the header, or what is most like one. Where there is no text,
// which one delimiter is enough to see, the input is a list without rows and not a
// broken one.
func (o opener) findHeader() (*headerTry, error) {
	var best *headerTry
	for _, delim := range o.opts.delimiters() {
		try, err := o.searchHeader(delim)
		if err != nil {
			return nil, err
		}
		if try == nil {
			return &headerTry{delim: delim, columns: noColumns(), body: position{offset: o.size}}, nil
		}
		if best == nil || try.betterThan(best) {
			best = try
		}
	}
	return best, nil
}

// searchHeader looks for the header with one delimiter.
func (o opener) searchHeader(delim rune) (*headerTry, error) {
	search, err := o.search(o.top(), delim, func(*headerTry) {})
	return search.result(), err
}

// search looks for the header from a position on, in rows that change may change.
func (o opener) search(at position, delim rune, change func(*headerTry)) (*headerSearch, error) {
	search := &headerSearch{opts: o.opts}
	for !search.over() {
		t, err := o.tryHeader(delim, at)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return search, err
		}
		at = t.body
		change(t)
		search.look(t)
	}
	return search, nil
}

// tryHeader reads what stands at a position and is no blank line, or io.EOF. A
// line of notes may have quotes in it that break the rules of CSV: the next try
// is at the line below.
func (o opener) tryHeader(delim rune, at position) (*headerTry, error) {
	r := newRecordReader(o.spool, o.size, delim, atBuffer)
	r.seek(at)
	t := &headerTry{delim: delim, told: o.told}
	rec, err := r.read()
	if errors.As(err, &t.err) {
		t.line = r.pos.lines + 1
		t.body, err = o.nextLine(r.pos)
		return t, err
	}
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, spoolError(err)
	}
	t.line, t.body, t.header = rec.line, r.pos, slices.Clone(rec.fields)
	t.raw = make([]byte, rec.size)
	if _, err := o.spool.ReadAt(t.raw, rec.offset); err != nil {
		return nil, spoolError(err)
	}
	return t, nil
}

// nextLine returns the position of the line below the one that begins at a
// position.
func (o opener) nextLine(at position) (position, error) {
	line := make([]byte, min(maxRecord, o.size-at.offset))
	if _, err := o.spool.ReadAt(line, at.offset); err != nil {
		return position{}, spoolError(err)
	}
	end := bytes.IndexByte(line, '\n')
	if end < 0 {
		return position{offset: o.size, lines: at.lines}, nil
	}
	return position{offset: at.offset + int64(end) + 1, lines: at.lines + 1, rows: at.rows + 1}, nil
}

// top returns the position of the first line of the spool.
func (o opener) top() position {
	if o.delimiter != "" && !o.workbook {
		return position{rows: -1} // a spreadsheet shows no line sep=
	}
	return position{}
}

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

// headerRows is the number of rows in which the header may be, without blank ones:
// people put titles above it, and programs notes.
const headerRows = 10

// A headerTry is a row, cut with one delimiter, that may be the header.
type headerTry struct {
	line     int // of a workbook, the row
	delim    rune
	declared bool // by a line sep=, and by nobody else
	raw      []byte
	header   []string
	ours     []bool // which of these columns are of blocks that were written here
	joined   bool   // it has the columns of several files
	columns  columnMap
	known    int // fields that have a column
	body     position
	below    bool // something stands above it
	faults   []headerFault
	err      *InputError // why it will not do
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

// over reports whether the search has ended.
func (h *headerSearch) over() bool { return h.found != nil || len(h.above) == headerRows }

// look tries the next row, unless it is blank.
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

// refusePeopleAbove refuses a header below a person's row, which would be left out
// like notes.
func (h *headerSearch) refusePeopleAbove() {
	column := h.found.columns[fieldEmail]
	for _, t := range h.above {
		if column >= 0 && column < len(t.header) && isAddress(t.header[column]) && !slices.ContainsFunc(t.header, isLabel) {
			h.found.err = &InputError{Line: t.line, Hint: "put the header above it, or remove that row",
				Message: fmt.Sprintf("somebody's row stands above the header, which is in line %d", h.found.line)}
			return
		}
	}
}

// isQuotedAddress is isAddress for a cell that may stand in otherQuotes.
func isQuotedAddress(cell string) bool { return isAddress(strings.Trim(cell, otherQuotes)) }

// isLabel reports whether a cell names what stands beside it, as notes do.
func isLabel(cell string) bool {
	_, known := fieldOf(cell)
	return known || strings.HasSuffix(trim(cell), ":")
}

// result returns the header, or the row most like one, or nil if all rows are
// blank.
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
		best, err = o.repairRows(ctx, best)
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

// findHeader returns the header, or the row most like one. An input without any
// text is a list without rows, and not a broken one: one delimiter is enough to
// see that.
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

// searchHeader searches with one delimiter.
func (o opener) searchHeader(delim rune) (*headerTry, error) {
	search, err := o.search(o.top(), delim, func(*headerTry) {})
	return search.result(), err
}

// search searches from a position on, in rows that change may edit.
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

// tryHeader reads the next row, or io.EOF. Notes may break the rules of quoting:
// the next try begins one line below them.
func (o opener) tryHeader(delim rune, at position) (*headerTry, error) {
	r := newRecordReader(o.spool, o.size, delim, atBuffer)
	r.seek(at)
	t := &headerTry{delim: delim, declared: o.declared}
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
	if t.raw, err = readSpool(o.spool, rec.offset, int64(rec.size)); err != nil {
		return nil, spoolError(err)
	}
	return t, nil
}

// nextLine returns the position one line below another.
func (o opener) nextLine(at position) (position, error) {
	line, err := readSpool(o.spool, at.offset, min(maxRecord, o.size-at.offset))
	if err != nil {
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

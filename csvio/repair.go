package csvio

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// unquoteLines repairs a list with a single cell in each line: a spreadsheet with
// another list separator has read it and saved it again, in quotes or with its own
// separators behind. It returns best, the row most like a header so far, if that
// does not help.
func (o opener) unquoteLines(ctx context.Context, best *headerTry) (*headerTry, error) {
	for _, delim := range o.opts.delimiters() {
		// Lines in quotes are single cells whatever separates cells. What stands behind
		// a line is only seen with its own separator, and only as certain as the rows.
		for _, outer := range append([]rune{delim}, Options{}.delimiters()...) {
			search, err := o.search(position{}, outer, func(t *headerTry) {
				if content, whole := wholeLine(t.raw, t.header, outer != delim); whole {
					t.header, _ = cutLine(content, delim)
				}
			})
			if err != nil {
				return nil, err
			}
			if t := search.found; t != nil && t.err == nil && (outer == delim || o.rowsAreInCells(t, outer, delim)) {
				return o.unquote(ctx, outer, delim)
			}
		}
	}
	return best, nil
}

// rowsAreInCells reports whether the first rows fit a header found in a cell, if
// they are cut as it was.
func (o opener) rowsAreInCells(t *headerTry, outer, delim rune) bool {
	rows, err := o.firstRows(t, outer)
	for i, cells := range rows {
		if !isBlankRow(cells[1:]) {
			return false
		}
		rows[i], _ = cutLine(cells[0], delim)
	}
	return err == nil && len(rows) > 0 && t.fits(rows)
}

// wholeLine returns the only cell of a line, in quotes or, if behind is set, with
// empty cells behind it.
func wholeLine(raw []byte, cells []string, behind bool) (content string, whole bool) {
	if len(cells) == 1 && bytes.HasPrefix(raw, []byte{'"'}) || len(cells) > 1 && behind && isBlankRow(cells[1:]) {
		return cells[0], true
	}
	return "", false
}

// cutLine cuts a line into cells, and returns it as CSV. A quote inside a cell may
// stand for itself, as the program that quoted the line doubled all quotes; a cell
// that begins with one has to be whole.
func cutLine(line string, delim rune) (cells []string, text string) {
	r := csv.NewReader(strings.NewReader(line))
	r.Comma = delim
	if cells, err := r.Read(); err == nil && r.InputOffset() == int64(len(line)) {
		return cells, line
	}
	cells = strings.Split(line, string(delim))
	if strings.ContainsAny(line, "\r\n") || slices.ContainsFunc(cells, func(s string) bool { return strings.HasPrefix(s, `"`) }) {
		return nil, ""
	}
	return cells, joinCells(cells, delim)
}

// joinCells writes cells as a line of CSV without its end.
func joinCells(cells []string, delim rune) string {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Comma = delim
	_ = w.Write(cells) // a bytes.Buffer takes everything, and the delimiter was checked
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n")
}

// unquote replaces the spool by one with lines cut out of their cells, in the same
// places, and finds the header again.
func (o opener) unquote(ctx context.Context, outer, delim rune) (*headerTry, error) {
	repaired, err := createSpool()
	if err != nil {
		return nil, err
	}
	out := bufio.NewWriterSize(repaired, scanBuffer)
	size, err := o.copyUnquoted(ctx, out, outer, delim)
	if err != nil {
		repaired.Close()
		return nil, o.recordError(err)
	}
	if err := out.Flush(); err != nil {
		repaired.Close()
		return nil, spoolError(err)
	}
	o.spool.Close()
	o.spool, o.size = repaired, size
	if outer == delim {
		o.warn(WarnQuotedLines, "whole lines stand in quotes, and are read without them")
	} else {
		o.warn(WarnQuotedLines, "whole lines stand in the first cell of a row, and are read as rows")
	}
	return o.findHeader()
}

func (o opener) copyUnquoted(ctx context.Context, out *bufio.Writer, outer, delim rune) (size int64, err error) {
	r := newRecordReader(o.spool, o.size, outer, scanBuffer)
	for end := (position{}); ; end = r.pos {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		rec, err := r.read()
		if errors.Is(err, io.EOF) {
			return size, nil
		}
		if err != nil {
			return 0, err
		}
		raw, err := readSpool(o.spool, rec.offset, int64(rec.size))
		if err != nil {
			return 0, err
		}
		if content, whole := wholeLine(raw, rec.fields, outer != delim); whole {
			if cells, text := cutLine(content, delim); cells != nil {
				raw = append([]byte(text), raw[len(trimLineEnd(raw)):]...)
			}
		}
		blank := rec.line - 1 - end.lines
		n, _ := out.WriteString(strings.Repeat("\n", blank)) // an error comes back at Flush
		m, _ := out.Write(raw)
		size += int64(n + m)
	}
}

// repairRows checks whether the first rows are single cells below a header that
// somebody has typed above them: lines in quotes, or cells with another delimiter.
func (o opener) repairRows(ctx context.Context, t *headerTry) (*headerTry, error) {
	if len(t.header) < 2 || o.workbook {
		return t, nil
	}
	rows, err := o.firstRows(t, t.delim)
	if err != nil || len(rows) == 0 || slices.ContainsFunc(rows, func(cells []string) bool { return len(cells) > 1 }) {
		return t, err
	}
	for i, cells := range rows {
		rows[i], _ = cutLine(cells[0], t.delim)
	}
	if t.fits(rows) {
		return o.unquote(ctx, t.delim, t.delim)
	}
	for _, delim := range (Options{}).delimiters() {
		rows, err := o.firstRows(t, delim)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(rows, func(cells []string) bool { return len(cells) > 1 && slices.ContainsFunc(cells, isAddress) }) {
			o.useRowDelimiter(t, delim, t.fits(rows))
			break
		}
	}
	return t, nil
}

// useRowDelimiter gives the header the delimiter of the rows if that is certain,
// and refuses it else.
func (o opener) useRowDelimiter(t *headerTry, delim rune, certain bool) {
	what := fmt.Sprintf("the header has %s between its cells and the rows have %s", delimiterName(t.delim), delimiterName(delim))
	if !certain {
		t.err = &InputError{Line: t.line, Message: what, Hint: "save the list with one of them in all lines"}
		return
	}
	o.warn(WarnDelimiters, "%s: both are read so", what)
	t.delim, t.raw = delim, append([]byte(joinCells(t.header, delim)), t.raw[len(trimLineEnd(t.raw)):]...)
}

// firstRows returns the first rows as a delimiter cuts them, or none if it cannot.
func (o opener) firstRows(t *headerTry, delim rune) (rows [][]string, err error) {
	for at := t.body; len(rows) < headerRows; {
		row, err := o.tryHeader(delim, at)
		switch {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return nil, err
		case row.err != nil:
			return nil, nil
		case !isBlankRow(row.header):
			rows = append(rows, row.header)
		}
		at = row.body
	}
	return rows, nil
}

// fits reports whether all rows have the header's number of cells, and nothing but
// addresses in the column for them.
func (t *headerTry) fits(rows [][]string) bool {
	email, addresses := t.columns[fieldEmail], 0
	for _, cells := range rows {
		switch {
		case len(cells) != len(t.header):
			return false
		case email >= 0 && strings.Contains(cells[email], "@"):
			addresses++
		case email >= 0 && trim(cells[email]) != "":
			return false
		}
	}
	return email < 0 || addresses > 0
}

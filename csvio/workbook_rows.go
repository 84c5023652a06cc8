package csvio

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// A sheetCopy writes the rows of a sheet into the spool, and blank lines for those
// left out, so that the others keep their numbers.
type sheetCopy struct {
	out    *bufio.Writer
	size   int64 // written
	rows   int   // written, blank ones included
	record bytes.Buffer
	csv    *csv.Writer // writes to record
	hidden rowRanges
}

// copySheet copies the header and what is below it, and returns the header's row.
func (s *spooler) copySheet(name string, rows *excelize.Rows, w *workbook) (headerRow int, err error) {
	c := &sheetCopy{out: bufio.NewWriterSize(s.spool, scanBuffer)}
	c.csv = csv.NewWriter(&c.record)
	header := headerSearch{opts: s.opts}
	ids := sheetIDs{archive: w.archive, sheet: name}
	for row := 1; rows.Next(); row++ {
		if err := s.ctx.Err(); err != nil {
			return 0, err
		}
		cells, err := rows.Columns()
		if err != nil {
			return 0, damagedWorkbook(err)
		}
		if len(cells) == 0 { // a formula that shows nothing is a cell
			continue
		}
		if header.found == nil {
			if header.over() {
				break
			}
			if header.look(&headerTry{line: row, header: cells}); header.found == nil {
				continue
			}
			ids.useHeader(header.found.columns)
		} else if err := ids.replace(row, cells); err != nil {
			return 0, err
		}
		if rows.GetRowOpts().Hidden {
			c.hidden.add(row)
		}
		if err := c.write(row, cells); err != nil {
			return 0, err
		}
		if inflated(c.size, w.size) {
			return 0, bombError(errBomb)
		}
	}
	if err := rows.Error(); err != nil {
		return 0, damagedWorkbook(err)
	}
	if len(s.sheets) == 1 && header.result() == nil {
		return 0, nil // as a text with nothing in it: no other sheet can be meant
	}
	if err := header.checkSheet(name, s.sheets); err != nil {
		return 0, err
	}
	if err := c.out.Flush(); err != nil {
		return 0, spoolError(err)
	}
	s.pos.offset = c.size
	s.warnOfSheet(name, &header, &c.hidden)
	return header.found.line, nil
}

// warnOfSheet warns of what the sheet in Excel does not show.
func (s *spooler) warnOfSheet(name string, header *headerSearch, hidden *rowRanges) {
	if header.found.below {
		s.warn(WarnHeaderRow, "the header is row %d of sheet %q: what stands above it is not read", header.found.line, name)
	}
	if n := hidden.count; n == 1 {
		s.warn(WarnHiddenRows, "1 hidden row is included: %v", hidden)
	} else if n > 1 {
		s.warn(WarnHiddenRows, "%d hidden rows are included: %v", n, hidden)
	}
}

// checkSheet returns why one of the sheets has no header.
func (h *headerSearch) checkSheet(sheet string, sheets []string) error {
	hint := "its first row must name the columns: name, email, interview_id"
	if others := slices.DeleteFunc(slices.Clone(sheets), func(name string) bool { return name == sheet }); len(others) > 0 {
		hint += "; --sheet names another one: " + quotedNames(others)
	}
	t := h.result()
	if t == nil {
		return &InputError{Message: fmt.Sprintf("sheet %q is empty", sheet), Hint: hint, Err: errNoList}
	}
	if t.err == nil {
		return nil
	}
	t.err.Message = fmt.Sprintf("sheet %q: %s", sheet, t.err.Message)
	if t.lacksColumns() {
		t.err.Err = errNoList
	}
	if len(t.header) == 1 { // not for want of a delimiter
		t.err.Hint = hint
	}
	return t.err
}

func (c *sheetCopy) write(row int, cells []string) error {
	for i, cell := range cells {
		if strings.ContainsRune(cell, 0) || !utf8.ValidString(cell) {
			return &InputError{Line: row, Message: fmt.Sprintf("cell %d has characters that are no text", i+1), Hint: "empty that cell"}
		}
	}
	if len(cells) == 1 && cells[0] == "" {
		cells = append(cells, "") // else it would be a blank line
	}
	c.record.Reset()
	blank := row - c.rows - 1
	c.rows = row
	c.record.WriteString(strings.Repeat("\n", blank))
	_ = c.csv.Write(cells) // a bytes.Buffer takes everything
	c.csv.Flush()
	if c.record.Len()-blank > maxRecord {
		return &InputError{Line: row, Message: "the row is longer than 1 MiB", Hint: "is this a list, one candidate a row?"}
	}
	c.size += int64(c.record.Len())
	if _, err := c.out.Write(c.record.Bytes()); err != nil {
		return spoolError(err)
	}
	return nil
}

// lineOf returns the line of the input for a row and a line of the spool. A sheet
// has no lines but its rows.
func (s *spooled) lineOf(row, line int) int {
	if s.workbook {
		return row
	}
	return line
}

// rowRanges are row numbers in ascending order.
type rowRanges struct {
	count  int
	ranges [][2]int
}

// shownRanges is the number of ranges in a message.
const shownRanges = 10

func (r *rowRanges) add(row int) {
	r.count++
	if n := len(r.ranges); n > 0 && r.ranges[n-1][1] == row-1 {
		r.ranges[n-1][1] = row
	} else {
		r.ranges = append(r.ranges, [2]int{row, row})
	}
}

func (r *rowRanges) String() string {
	var shown []string
	for i, rows := range r.ranges {
		switch {
		case i == shownRanges:
			return strings.Join(shown, ", ") + ", …"
		case rows[0] == rows[1]:
			shown = append(shown, fmt.Sprint(rows[0]))
		default:
			shown = append(shown, fmt.Sprintf("%d-%d", rows[0], rows[1]))
		}
	}
	return strings.Join(shown, ", ")
}

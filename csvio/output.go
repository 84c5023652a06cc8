package csvio

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

const (
	rowHeader   = "row"
	fileHeader  = "file"  // before the row, in the outputs of several files
	sheetHeader = "sheet" // the same, of several sheets
)

// The columns of our blocks. Unlike the cells of an input they do not go through
// gocsv: it cannot write the user's columns beside them.
var (
	resultsColumns = []string{"candidate_id", "invite_url", "status", rowHeader}
	failedColumns  = []string{"error_code", "error", rowHeader, "attempts"}
)

// A writer sends each row to one of the two outputs.
type writer struct {
	results, failed *output
	counts          Counts
}

func (w *writer) header() error { return cmp.Or(w.results.header(), w.failed.header()) }

// write writes the rows of a block. A row with neither status nor code is a failed
// one: it must not be lost.
func (w *writer) write(b *rowBlock) error {
	w.results.use(b.list)
	w.failed.use(b.list)
	w.counts.Rows += len(b.rows)
	start := 0
	for i := range b.rows {
		row := &b.rows[i]
		record, out, number := b.records[start:row.end], &row.outcome, strconv.Itoa(row.number)
		start = row.end
		var err error
		if out.Status != "" {
			w.counts.Results++
			err = w.results.write(record, plainText(out.CandidateID), plainText(out.InviteURL), string(out.Status), number)
		} else {
			w.counts.Failed++
			err = w.failed.write(record, string(out.Code), plainText(out.Error), number, strconv.Itoa(out.Attempts))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) flush() error { return cmp.Or(w.results.out.Flush(), w.failed.out.Flush()) }

// plainText keeps spreadsheets from running a text of the API as a formula, and
// NUL out of the outputs.
func plainText(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\ufffd")
	}
	if looksLikeFormula(s) {
		return "'" + s
	}
	return s
}

// An output writes one file: the user's cells as the input has them, our block,
// then surplus cells. These stand behind the block so that the row, fed back,
// still has too many: joined to the last column, shifted cells would pass for a
// good row.
type output struct {
	list    *List // whose rows are written
	out     *bufio.Writer
	bom     bool
	delim   rune
	sep     string // delim
	crlf    bool
	origins origin          // the columns of our block that say where a row is from
	columns []userColumn    // the user's
	places  map[*List][]int // where each list has them
	keep    []int           // where this one has them
	block   []string        // the header of our block
	row     int             // where in it the line is
	origin  origin          // their cells for the rows of list

	split [][]byte // the cells of a record
	line  []byte
	quote bytes.Buffer
	csv   *csv.Writer // writes to quote
}

func newOutput(in *Input, out io.Writer, block []string) *output {
	o := &output{
		out: bufio.NewWriterSize(out, scanBuffer), bom: in.bom, delim: in.delim, crlf: in.crlf,
		origins: in.origins(), row: slices.Index(block, rowHeader),
	}
	if in.utf16 {
		o.delim = ',' // what spreadsheets read as UTF-8
	}
	o.sep = string(o.delim)
	// A failed re-send needs its candidate in failed.csv.
	keepID := !slices.Contains(block, fieldNames[fieldCandidateID])
	o.columns, o.places = union(in.lists, func(l *List) []int {
		var own []int
		for column, ours := range l.ours {
			if !ours {
				own = append(own, column)
			}
		}
		if id := l.columns[fieldCandidateID]; id >= 0 && l.ours[id] && keepID {
			own = append(own, id)
		}
		return own
	})
	o.block = o.origins.in(block, o.row)
	o.csv = csv.NewWriter(&o.quote)
	o.csv.Comma = o.delim
	return o
}

// use selects the list of the next rows.
func (o *output) use(l *List) {
	o.list, o.keep = l, o.places[l]
	o.origin = o.origins.of(l)
}

// header writes the names of the columns, after a byte order mark unless the input
// was plain UTF-8 without one: a spreadsheet that saves in another encoding also
// reads so what has no mark.
func (o *output) header() error {
	if o.bom {
		o.out.WriteString("\ufeff") // an error comes back at the next Flush
	}
	renamed := o.renamed()
	o.line = o.line[:0]
	var names [][]byte // of the list before: its columns follow each other
	for i, c := range o.columns {
		if o.list != c.list {
			o.list = c.list
			names, _ = splitRaw(nil, c.list.headerRaw, c.list.delim)
		}
		if name, ours := renamed[i]; ours {
			o.line = append(o.line, o.quoted(name)...)
		} else {
			o.line = o.appendCell(o.line, names[c.column])
		}
		o.line = append(o.line, o.sep...)
	}
	return o.end(o.block, nil)
}

// renamed returns new names for the user's columns that have a name of ours.
func (o *output) renamed() map[int]string {
	taken := map[string]bool{}
	ours := map[string]bool{}
	for _, name := range o.block {
		ours[normalHeader(name)] = true
	}
	for _, c := range o.columns {
		taken[normalHeader(c.header())] = true
	}
	renamed := map[int]string{}
	for i, c := range o.columns {
		if !ours[normalHeader(c.header())] {
			continue
		}
		header := trim(c.header())
		name := header + "_input"
		for n := 2; taken[normalHeader(name)]; n++ {
			name = fmt.Sprintf("%s_input_%d", header, n)
		}
		taken[normalHeader(name)] = true
		renamed[i] = name
	}
	return renamed
}

// quoted returns cells of ours as CSV, valid until the next call.
func (o *output) quoted(cells ...string) []byte {
	o.quote.Reset()
	_ = o.csv.Write(cells) // a bytes.Buffer takes everything, and the delimiter was checked
	o.csv.Flush()
	return bytes.TrimSuffix(o.quote.Bytes(), []byte("\n"))
}

// write writes a row with the cells of our block.
func (o *output) write(raw []byte, block ...string) error {
	cells, fault := splitRaw(o.split[:0], raw, o.list.delim)
	if fault.kind != noFault {
		return errors.New("a row that was read cannot be cut into cells")
	}
	o.split = cells
	o.line = o.line[:0]
	for _, column := range o.keep {
		if column >= 0 && column < len(cells) {
			o.line = o.appendCell(o.line, cells[column])
		}
		o.line = append(o.line, o.sep...)
	}
	surplus := cells[min(len(cells), len(o.list.header)):]
	for len(surplus) > 0 && isEmptyCell(surplus[len(surplus)-1]) {
		surplus = surplus[:len(surplus)-1]
	}
	return o.end(o.origin.in(block, o.row), surplus)
}

// isEmptyCell reports whether a cell, as the spool has it, shows nothing.
func isEmptyCell(cell []byte) bool { return trim(string(withoutQuotes(cell))) == "" }

func withoutQuotes(cell []byte) []byte {
	if len(cell) >= 2 && cell[0] == '"' {
		return cell[1 : len(cell)-1]
	}
	return cell
}

func (o *output) end(block []string, surplus [][]byte) error {
	o.line = append(o.line, o.quoted(block...)...)
	for _, cell := range surplus {
		o.line = append(o.line, o.sep...)
		o.line = o.appendCell(o.line, cell)
	}
	if o.crlf {
		o.line = append(o.line, '\r')
	}
	_, err := o.out.Write(append(o.line, '\n'))
	return err
}

// appendCell copies a cell as it is. Only a delimiter other than the input's can
// make it need quotes.
func (o *output) appendCell(line, cell []byte) []byte {
	if o.delim == o.list.delim || len(cell) == 0 || cell[0] == '"' || !bytes.ContainsRune(cell, o.delim) {
		return append(line, cell...)
	}
	return append(append(append(line, '"'), cell...), '"')
}

// A userColumn is a column of the user's in the outputs, with the header of the
// first list that has it.
type userColumn struct {
	list   *List
	column int
}

func (c userColumn) header() string { return c.list.header[c.column] }

// A columnKey makes columns of several lists one: the field that they are taken
// for, so that failed rows can be fed back, or else their header, and which of the
// columns with this header they are.
type columnKey struct {
	field  int // -1: none
	header string
	nth    int
}

// union returns the columns that lists have together, in the order in which
// they appear, and for each list its columns at these places, or -1. own returns
// the columns of a list that are the user's.
func union(lists []*List, own func(*List) []int) (columns []userColumn, places map[*List][]int) {
	places = map[*List][]int{}
	known := map[columnKey]int{}
	for _, l := range lists {
		place := slices.Repeat([]int{-1}, len(columns))
		seen := map[string]int{}
		for _, column := range own(l) {
			key := columnKey{field: slices.Index(l.columns[:], column)}
			if key.field < 0 {
				key.header = normalHeader(l.header[column])
				key.nth = seen[key.header]
				seen[key.header]++
			}
			i, found := known[key]
			if !found {
				i = len(columns)
				known[key] = i
				columns, place = append(columns, userColumn{l, column}), append(place, -1)
			}
			place[i] = column
		}
		places[l] = place
	}
	for l, place := range places {
		places[l] = append(place, slices.Repeat([]int{-1}, len(columns)-len(place))...)
	}
	return columns, places
}

// An origin has the cells of our block that say where a row is from, before its
// row number; in the header their names.
type origin []string

// origins returns the columns with the file and the sheet of rows, if there are
// several.
func (in *Input) origins() origin {
	var columns origin
	if slices.ContainsFunc(in.lists, func(l *List) bool { return l.file != in.lists[0].file }) {
		columns = append(columns, fileHeader)
	}
	if slices.ContainsFunc(in.lists, func(l *List) bool { return l.sheet != "" }) {
		columns = append(columns, sheetHeader)
	}
	return columns
}

// of returns the cells of these columns for the rows of a list.
func (columns origin) of(l *List) origin {
	var cells origin
	for _, column := range columns {
		if column == fileHeader {
			cells = append(cells, plainText(l.file))
		} else {
			cells = append(cells, plainText(l.sheet))
		}
	}
	return cells
}

// in returns a block with these cells before the one at row.
func (columns origin) in(block []string, row int) []string {
	if len(columns) == 0 {
		return block
	}
	return slices.Insert(slices.Clone(block), row, columns...)
}

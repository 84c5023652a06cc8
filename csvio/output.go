package csvio

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gocarina/gocsv"
)

// resultsCells is our block in results.csv, all text: gocsv prints numbers through
// fmt.
type resultsCells struct {
	CandidateID string `csv:"candidate_id"`
	InviteURL   string `csv:"invite_url"`
	Status      string `csv:"status"`
	Row         string `csv:"row"`
}

// failedCells is our block in failed.csv.
type failedCells struct {
	ErrorCode string `csv:"error_code"`
	Error     string `csv:"error"`
	Row       string `csv:"row"`
	Attempts  string `csv:"attempts"`
}

const (
	rowHeader   = "row"
	fileHeader  = "file"  // before the row, in the outputs of several files
	sheetHeader = "sheet" // the same, of several sheets
)

var (
	resultsColumns = structHeader[resultsCells]()
	failedColumns  = structHeader[failedCells]()
)

// A writer sends each row to one of the two outputs.
type writer struct {
	results *output[resultsCells]
	failed  *output[failedCells]
	counts  Counts
}

func (w *writer) header() error { return cmp.Or(w.results.header(), w.failed.header()) }

// write writes the rows of a block. A row with neither status nor code is a failed
// one: it must not be lost.
func (w *writer) write(b *rowBlock) error {
	w.results.use(b.list)
	w.failed.use(b.list)
	start := 0
	for i := range b.rows {
		row := &b.rows[i]
		record, out := b.records[start:row.end], &row.outcome
		start = row.end
		if out.Status != "" {
			w.results.add(record, resultsCells{
				plainText(out.CandidateID), plainText(out.InviteURL), string(out.Status), strconv.Itoa(row.number)})
		} else {
			w.failed.add(record, failedCells{
				string(out.Code), plainText(out.Error), strconv.Itoa(row.number), strconv.Itoa(out.Attempts)})
		}
	}
	w.counts.Rows += len(b.rows)
	w.counts.Results += len(w.results.cells)
	w.counts.Failed += len(w.failed.cells)
	return cmp.Or(w.results.writeRows(), w.failed.writeRows())
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

// An output writes one file: the user's cells as the input has them, our block T,
// then surplus cells. These stand behind the block so that the row, fed back,
// still has too many: joined to the last column, shifted cells would pass for a
// good row.
type output[T any] struct {
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

	cells []T      // our block for the rows that wait
	raws  [][]byte // and their records
	next  int      // of raws
	split [][]byte // the cells of one of them
	line  []byte
	quote bytes.Buffer
	csv   *csv.Writer // writes to quote
}

func newOutput[T any](in *Input, out *bufio.Writer) *output[T] {
	o := &output[T]{out: out, bom: in.bom, delim: in.delim, crlf: in.crlf, origins: in.origins(), block: structHeader[T]()}
	if in.utf16 {
		o.delim = ',' // what spreadsheets read as UTF-8
	}
	o.sep = string(o.delim)
	// A failed re-send needs its candidate in failed.csv.
	keepID := !slices.Contains(o.block, fieldNames[fieldCandidateID])
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
	o.row = slices.Index(o.block, rowHeader)
	o.block = o.origins.in(o.block, o.row)
	o.csv = csv.NewWriter(&o.quote)
	o.csv.Comma = o.delim
	return o
}

// use selects the list of the next rows.
func (o *output[T]) use(l *List) {
	o.list, o.keep = l, o.places[l]
	o.origin = o.origins.of(l)
}

func (o *output[T]) add(raw []byte, cells T) {
	o.raws = append(o.raws, raw)
	o.cells = append(o.cells, cells)
}

// header writes the names of the columns, after a byte order mark unless the input
// was plain UTF-8 without one: a spreadsheet that saves in another encoding also
// reads so what has no mark.
func (o *output[T]) header() error {
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
func (o *output[T]) renamed() map[int]string {
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
func (o *output[T]) quoted(cells ...string) []byte {
	o.quote.Reset()
	_ = o.csv.Write(cells) // a bytes.Buffer takes everything, and the delimiter was checked
	o.csv.Flush()
	return bytes.TrimSuffix(o.quote.Bytes(), []byte("\n"))
}

// writeRows writes the waiting rows.
func (o *output[T]) writeRows() error {
	err := gocsv.MarshalCSVWithoutHeaders(o.cells, o)
	o.cells, o.raws, o.next = o.cells[:0], o.raws[:0], 0
	return err
}

// Write implements gocsv.CSVWriter: block is ours of the next row.
func (o *output[T]) Write(block []string) error {
	cells, fault := splitRaw(o.split[:0], o.raws[o.next], o.list.delim)
	if fault.kind != noFault {
		return fmt.Errorf("a row that was read cannot be cut into cells")
	}
	o.split = cells
	o.next++
	o.begin(cells)
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

// Flush and Error belong to gocsv.CSVWriter.
func (o *output[T]) Flush()       {}
func (o *output[T]) Error() error { return nil }

func (o *output[T]) begin(cells [][]byte) {
	o.line = o.line[:0]
	for _, column := range o.keep {
		if column >= 0 && column < len(cells) {
			o.line = o.appendCell(o.line, cells[column])
		}
		o.line = append(o.line, o.sep...)
	}
}

func (o *output[T]) end(block []string, surplus [][]byte) error {
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
func (o *output[T]) appendCell(line, cell []byte) []byte {
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

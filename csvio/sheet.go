package csvio

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gocarina/gocsv"
)

// resultsCells is our block in results.csv. All is text: gocsv prints a number
// through fmt.
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

// A writer parts the rows among two sheets.
type writer struct {
	results *sheet[resultsCells]
	failed  *sheet[failedCells]
	counts  Counts
}

func (w *writer) header() error {
	if err := w.results.header(); err != nil {
		return writeError(err)
	}
	if err := w.failed.header(); err != nil {
		return writeError(err)
	}
	return nil
}

// page writes the rows of a page. A row whose outcome names neither status nor
// code is a failed one: it must not be lost.
func (w *writer) page(p *page) error {
	w.results.use(p.file)
	w.failed.use(p.file)
	start := 0
	for i := range p.rows {
		row := &p.rows[i]
		record, out := p.records[start:row.end], &row.outcome
		start = row.end
		if out.Status != "" {
			w.results.add(record, resultsCells{
				plainText(out.CandidateID), plainText(out.InviteURL), string(out.Status), strconv.Itoa(row.number)})
		} else {
			w.failed.add(record, failedCells{
				string(out.Code), plainText(out.Error), strconv.Itoa(row.number), strconv.Itoa(out.Attempts)})
		}
	}
	w.counts.Rows += len(p.rows)
	w.counts.Results += len(w.results.cells)
	w.counts.Failed += len(w.failed.cells)
	if err := w.results.writeRows(); err != nil {
		return writeError(err)
	}
	if err := w.failed.writeRows(); err != nil {
		return writeError(err)
	}
	return nil
}

func (w *writer) flush() error {
	if err := w.results.out.Flush(); err != nil {
		return writeError(err)
	}
	if err := w.failed.out.Flush(); err != nil {
		return writeError(err)
	}
	return nil
}

// plainText keeps a spreadsheet from running a text of the API as a formula, and
// an output from being no text.
func plainText(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "\ufffd")
	}
	if looksLikeFormula(s) {
		return "'" + s
	}
	return s
}

// A sheet writes one output: the user's cells as they stand in the input, then
// our block T, then what a row has behind the header's last column. Surplus
// cells go behind the block so that it stays in its columns and the row, fed
// back, still has too many: had they been joined to the last column, a row
// whose cells have shifted would pass for a good one.
type sheet[T any] struct {
	in      *Input // the whole input, then the file whose rows are written
	out     *bufio.Writer
	delim   rune
	sep     string // delim
	crlf    bool
	origins origin           // the columns of our block that say where a row is from
	columns []userColumn     // the user's
	places  map[*Input][]int // where each file has them
	keep    []int            // where in has them
	block   []string         // the header of our block
	row     int              // where in it the line is
	origin  origin           // their cells for the rows of in

	cells []T      // our block for the rows that wait
	raws  [][]byte // and their records
	next  int      // of raws
	split [][]byte // the cells of one of them
	line  []byte
	quote bytes.Buffer
	csv   *csv.Writer // writes to quote
}

func newSheet[T any](in *Input, out *bufio.Writer) *sheet[T] {
	s := &sheet[T]{in: in, out: out, delim: in.delim, crlf: in.crlf, origins: in.origins(), block: structHeader[T]()}
	if in.utf16 {
		s.delim = ',' // what spreadsheets read as UTF-8
	}
	s.sep = string(s.delim)
	// To re-send those that failed, failed.csv must still say whom.
	keepID := !slices.Contains(s.block, fieldNames[fieldCandidateID])
	s.columns, s.places = union(in.Files(), func(file *Input) []int {
		var own []int
		for column, ours := range file.ours {
			if !ours {
				own = append(own, column)
			}
		}
		if id := file.columns[fieldCandidateID]; id >= 0 && file.ours[id] && keepID {
			own = append(own, id)
		}
		return own
	})
	s.row = slices.Index(s.block, rowHeader)
	s.block = s.origins.in(s.block, s.row)
	s.csv = csv.NewWriter(&s.quote)
	s.csv.Comma = s.delim
	return s
}

// use makes a file the one whose rows are added.
func (s *sheet[T]) use(file *Input) {
	s.in, s.keep = file, s.places[file]
	s.origin = s.origins.of(file)
}

func (s *sheet[T]) add(raw []byte, cells T) {
	s.raws = append(s.raws, raw)
	s.cells = append(s.cells, cells)
}

// header writes the byte order mark, unless the input was plain UTF-8 without
// one, and the column names. A spreadsheet that saves in another encoding reads
// what has no mark in that, too.
func (s *sheet[T]) header() error {
	if s.in.bom {
		s.out.WriteString("\ufeff") // an error comes back at the next Flush
	}
	renamed := s.renamed()
	s.line = s.line[:0]
	var names [][]byte // of the file before: its columns follow each other
	for i, c := range s.columns {
		if names == nil || s.in != c.file {
			s.in = c.file
			names, _ = splitRaw(nil, s.in.headerRaw, s.in.delim)
		}
		if name, ours := renamed[i]; ours {
			s.line = append(s.line, s.quoted(name)...)
		} else {
			s.line = s.appendCell(s.line, names[c.column])
		}
		s.line = append(s.line, s.sep...)
	}
	return s.end(s.block, nil)
}

// renamed returns new names for columns of the user's that bear one of ours.
func (s *sheet[T]) renamed() map[int]string {
	taken := map[string]bool{}
	ours := map[string]bool{}
	for _, name := range s.block {
		ours[normalHeader(name)] = true
	}
	for _, c := range s.columns {
		taken[normalHeader(c.header())] = true
	}
	renamed := map[int]string{}
	for i, c := range s.columns {
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

// quoted returns cells of ours as they are written, until it is called again.
func (s *sheet[T]) quoted(cells ...string) []byte {
	s.quote.Reset()
	_ = s.csv.Write(cells) // a bytes.Buffer takes everything, and the delimiter was checked
	s.csv.Flush()
	return bytes.TrimSuffix(s.quote.Bytes(), []byte("\n"))
}

// writeRows writes the rows that wait.
func (s *sheet[T]) writeRows() error {
	err := gocsv.MarshalCSVWithoutHeaders(s.cells, s)
	s.cells, s.raws, s.next = s.cells[:0], s.raws[:0], 0
	return err
}

// Write implements gocsv.CSVWriter: it is given our block of the next row.
func (s *sheet[T]) Write(block []string) error {
	cells, fault := splitRaw(s.split[:0], s.raws[s.next], s.in.delim)
	if fault.kind != noFault {
		return fmt.Errorf("a row that was read cannot be cut into cells")
	}
	s.split = cells
	s.next++
	s.begin(cells)
	surplus := cells[min(len(cells), len(s.in.header)):]
	for len(surplus) > 0 && isEmptyCell(surplus[len(surplus)-1]) {
		surplus = surplus[:len(surplus)-1]
	}
	return s.end(s.origin.in(block, s.row), surplus)
}

// isEmptyCell reports whether there is nothing in a cell, as it is written,
// that can be seen.
func isEmptyCell(cell []byte) bool { return trim(string(withoutQuotes(cell))) == "" }

func withoutQuotes(cell []byte) []byte {
	if len(cell) >= 2 && cell[0] == '"' {
		return cell[1 : len(cell)-1]
	}
	return cell
}

// Flush and Error belong to gocsv.CSVWriter.
func (s *sheet[T]) Flush()       {}
func (s *sheet[T]) Error() error { return nil }

func (s *sheet[T]) begin(cells [][]byte) {
	s.line = s.line[:0]
	for _, column := range s.keep {
		if column >= 0 && column < len(cells) {
			s.line = s.appendCell(s.line, cells[column])
		}
		s.line = append(s.line, s.sep...)
	}
}

func (s *sheet[T]) end(block []string, surplus [][]byte) error {
	s.line = append(s.line, s.quoted(block...)...)
	for _, cell := range surplus {
		s.line = append(s.line, s.sep...)
		s.line = s.appendCell(s.line, cell)
	}
	if s.crlf {
		s.line = append(s.line, '\r')
	}
	_, err := s.out.Write(append(s.line, '\n'))
	return err
}

// appendCell copies a cell as it is written. Only another delimiter than the
// input's can make it need quotes.
func (s *sheet[T]) appendCell(line, cell []byte) []byte {
	if s.delim == s.in.delim || len(cell) == 0 || cell[0] == '"' || !bytes.ContainsRune(cell, s.delim) {
		return append(line, cell...)
	}
	return append(append(append(line, '"'), cell...), '"')
}

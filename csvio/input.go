// Package csvio reads the rows of an input and writes the outputs, which keep the
// user's own columns byte for byte. It knows encodings, CSV, workbooks and the
// headers of columns; it must not know the API, the ledger or what a run decides.
// An input is first copied, as UTF-8, into an unlinked temporary file, the spool,
// and everything else reads the spool: later changes of the input do not matter.
//
// Open finds the delimiter and the header; of a workbook it reads one sheet.
// Input.Scan shows every row with a batch.Candidate, or the batch.Problem that
// keeps it from being sent. Outputs, made before anything is sent, write at the
// end which rows are invited and which failed; InvalidRows writes those that
// cannot be sent.
package csvio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

// Options say how to read an input. The zero value reads UTF-8 (or UTF-16 with a
// byte order mark), finds the delimiter, and reads Excel workbooks, where Encoding
// and Delimiter do nothing.
type Options struct {
	Stdin        io.Reader // what the name "-" reads
	Encoding     string    // "" or what CheckEncoding allows; a byte order mark of its own text wins over it
	Delimiter    string    // one character or "tab"; "": declared by a first line sep=, or found in the header
	Sheet        string    // of workbooks, by name, by number from 1, or all; "": the first. It is an error for other inputs alone
	Map          Mapping   // columns that are named and not recognised
	InterviewID  string    // for rows without one
	Resend       bool      // rows with a candidate_id are re-sent; else that column is ignored
	DisableEmail bool      // for all rows, whatever their column says

	several bool // the input is one of several files, for which Map holds, too
}

// allSheets reports whether all sheets of workbooks are read.
func (o Options) allSheets() bool { return strings.EqualFold(o.Sheet, allSheets) }

// An Input is one list or, with OpenAll, several, one after the other. It
// implements batch.Source. The embedded List is the first with a header: it
// decides what there is only one of, such as the delimiter of the outputs.
type Input struct {
	*List
	lists   []*List
	several bool   // files or sheets, which warnings and outputs name
	name    string // for messages
	sum     string
	bom     bool // the outputs begin with a byte order mark
}

// A List is one list of people: a file, or a sheet of a workbook.
type List struct {
	opts  Options
	name  string      // for messages
	file  string      // the same without the sheet
	sheet string      // if all of a workbook are read
	info  os.FileInfo // of the file that was read; nil if it was none
	spool *os.File
	spooled

	delim     rune
	declared  bool     // delim, by the list itself
	header    []string // all cells of the header record; nil if there is nothing
	headerRaw []byte   // the header record without its line end
	crlf      bool     // the header's line ends with \r\n
	ours      []bool   // which of its cells are of blocks that were written here
	columns   columnMap
	body      position // where the first row may begin

	readers sync.Pool // of *recordReader, for At

	blankRows   atomic.Int64              // that the last Scan has left out
	samples     atomic.Pointer[[]string]  // of the columns that are taken; nil before a Scan has seen all rows
	rowWarnings atomic.Pointer[[]Warning] // about rows; nil before a Scan has seen all of them
}

// An opener finds out how to read a list.
type opener struct{ *List }

// Open copies the input with this name ("-" is Options.Stdin) into the spool and
// reads its header. What the user can fix is an *InputError; other errors are
// ctx's and those of the spool (a full disk).
func Open(ctx context.Context, name string, opts Options) (*Input, error) {
	return OpenAll(ctx, []string{name}, opts)
}

// open opens one of several files, or the sheets of one.
func open(ctx context.Context, name string, opts Options) ([]*List, error) {
	if err := opts.validate(); err != nil {
		return nil, err
	}
	l := &List{opts: opts, name: name}
	src, err := l.openSource()
	if err != nil {
		return nil, err
	}
	defer src.Close()
	if l.spool, err = createSpool(); err != nil {
		return nil, err
	}
	s := spooler{ctx: ctx, name: l.name, opts: opts, spool: l.spool, pipe: l.isPipe()}
	l.spooled, err = s.copy(src)
	if err == nil && s.toRead == nil {
		if err = (opener{l}).prepare(ctx); err == nil {
			return []*List{l}, nil
		}
	}
	_ = l.spool.Close() // nothing was done with it
	if err != nil {
		return nil, err
	}
	return l.openSheets(ctx, &s)
}

// prepare reads the header in the spool.
func (o opener) prepare(ctx context.Context) error {
	if o.opts.Delimiter == "" || o.workbook {
		o.opts.Delimiter, o.declared = o.delimiter, o.delimiter != ""
	}
	o.readers.New = func() any { return newRecordReader(o.spool, o.size, o.delim, atBuffer) }
	return o.readHeader(ctx)
}

// refuseSheet refuses Options.Sheet if no file is a workbook. One of several may
// be.
func (in *Input) refuseSheet() error {
	if in.opts.Sheet == "" || slices.ContainsFunc(in.lists, func(l *List) bool { return l.workbook }) {
		return nil
	}
	e := &InputError{File: in.name, Message: "is no Excel workbook and has no sheets", Hint: "leave out --sheet"}
	if len(in.lists) > 1 {
		e.Message = "are no Excel workbooks and have no sheets"
	}
	return e
}

func (o Options) validate() error {
	for _, option := range []struct {
		name, value string
		check       func(string) error
	}{{"encoding", o.Encoding, CheckEncoding}, {"delimiter", o.Delimiter, CheckDelimiter}, {"interview id", o.InterviewID, CheckInterviewID}} {
		if err := option.check(option.value); option.value != "" && err != nil {
			return &InputError{Message: fmt.Sprintf("%s %q: %v", option.name, option.value, err), Err: err}
		}
	}
	return nil
}

// CheckDelimiter returns why s cannot be Options.Delimiter, without repeating
// it.
func CheckDelimiter(s string) error {
	r, size := utf8.DecodeRuneInString(s)
	if s != tabDelimiter && (size != len(s) || r == utf8.RuneError || r == '"' || r == '\r' || r == '\n' || r == 0) {
		return errors.New("must be one character other than a quote or a line break, or the word tab")
	}
	return nil
}

// CheckInterviewID returns why s cannot be Options.InterviewID, without
// repeating it.
func CheckInterviewID(s string) error { return asError(idProblem(s)) }

// CheckEmail returns why s cannot be a row's address, without repeating it.
func CheckEmail(s string) error { return asError(emailProblem(s)) }

func asError(problem string) error {
	if problem == "" {
		return nil
	}
	return errors.New(problem)
}

// tabDelimiter stands for a tab, which shells make hard to type.
const tabDelimiter = "tab"

// delimiters returns the delimiters to try.
func (o Options) delimiters() []rune {
	switch o.Delimiter {
	case "":
		return []rune{',', ';', '\t', '|'}
	case tabDelimiter:
		return []rune{'\t'}
	}
	return []rune(o.Delimiter)
}

// openSource opens the file, and sets the list's name in messages.
func (l *List) openSource() (io.ReadCloser, error) {
	path := l.name
	l.file = displayName(path)
	l.name = l.file
	if path == "-" {
		if l.opts.Stdin == nil {
			return nil, &InputError{File: l.name, Message: "there is no standard input"}
		}
		// Known so that an output cannot be the file that a shell redirects here.
		if f, ok := l.opts.Stdin.(*os.File); ok {
			l.info, _ = f.Stat()
		}
		return io.NopCloser(l.opts.Stdin), nil
	}
	if path == "" { // of a script's variable that nobody set
		return nil, &InputError{Message: "the input has no name", Hint: "name a file, or - for standard input"}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, unreadable(l.name, err)
	}
	if l.info, err = f.Stat(); err == nil && l.info.IsDir() {
		err = &InputError{File: l.name, Message: "is a folder", Hint: "name a file"}
		if filepath.Ext(path) == ".numbers" {
			err = numbersFile.refuse(l.name)
		}
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// isPipe reports whether another program writes the input meanwhile.
func (l *List) isPipe() bool { return l.info != nil && l.info.Mode()&os.ModeNamedPipe != 0 }

// displayName returns the name of an input in messages, in quotes if it has
// something in it that does not show.
func displayName(name string) string {
	switch {
	case name == "-":
		return "stdin"
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) || trim(name) != name:
		return strconv.Quote(name)
	}
	return name
}

// Name returns the name that Open was given, or "stdin" for "-"; of several
// files all names.
func (in *Input) Name() string { return in.name }

// Name returns the list's name in messages.
func (l *List) Name() string { return l.name }

// SHA256 returns the hash of the input's bytes as they came, in lower-case
// hexadecimal digits; of several files that of their hashes, a line each.
func (in *Input) SHA256() string { return in.sum }

// Header returns the cells of the header as they came, our own blocks
// included.
func (l *List) Header() []string { return slices.Clone(l.header) }

// Delimiter returns the delimiter between the cells.
func (l *List) Delimiter() rune { return l.delim }

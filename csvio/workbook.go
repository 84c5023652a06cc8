package csvio

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/unicode"
)

const (
	zipMagic = "PK\x03\x04"
	oleMagic = "\xd0\xcf\x11\xe0"

	// A workbook is read as a whole, in memory. 100,000 people take 4 MB packed
	// and 35 MB unpacked, and of memory five times that.
	maxPacked   = 64 << 20
	maxUnpacked = 128 << 20 // of the parts that are read

	csvHint = "save the sheet as CSV (UTF-8)"
)

// copyWorkbook copies the cells of a sheet into the spool, as CSV with commas.
func (s *spooler) copyWorkbook(input io.Reader) error {
	packed, err := s.readPacked(input)
	if err != nil {
		return err
	}
	s.workbook, s.bom, s.delimiter = true, true, ","
	packed, merged, err := slimWorkbook(packed)
	if err == nil {
		err = s.copyFrom(packed, merged)
	}
	if inputErr := (*InputError)(nil); errors.As(err, &inputErr) {
		inputErr.File = s.name
	}
	return err
}

func (s *spooler) readPacked(input io.Reader) ([]byte, error) {
	packed, err := io.ReadAll(io.LimitReader(input, maxPacked+1))
	if err != nil {
		return nil, s.readError(err)
	}
	if len(packed) > maxPacked {
		return nil, &InputError{File: s.name,
			Message: fmt.Sprintf("is a workbook or an archive of more than %d MiB, too large to be read", maxPacked>>20), Hint: csvHint}
	}
	return packed, nil
}

// refuseOLE refuses a file of the old format. A workbook with a password is
// wrapped into one.
func (s *spooler) refuseOLE(input io.Reader) error {
	packed, err := s.readPacked(input)
	if err != nil {
		return err
	}
	name, err := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String("EncryptedPackage")
	if err == nil && bytes.Contains(packed, []byte(name)) {
		return &InputError{File: s.name, Message: "is protected by a password", Hint: "save it without the password, or " + csvHint}
	}
	return oldOffice.refuse(s.name)
}

func (s *spooler) copyFrom(packed []byte, merged bool) error {
	book, err := excelize.OpenReader(bytes.NewReader(packed), excelize.Options{
		// Nothing is put into temporary files: where one cannot be written, the
		// library would go on with half of a text.
		UnzipSizeLimit:    maxUnpacked,
		UnzipXMLSizeLimit: maxUnpacked,
		// A short date looks in Excel as the country that Windows is set to
		// wants it: here it looks the same everywhere.
		ShortDatePattern: "yyyy-mm-dd",
	})
	if err != nil {
		return damagedWorkbook(err)
	}
	w := &workbook{book: book, size: int64(len(packed)), merged: merged}
	if w.archive, err = zip.NewReader(bytes.NewReader(packed), w.size); err != nil {
		return damagedWorkbook(err)
	}
	name, err := s.chooseSheet(w)
	if err == nil && name == "" {
		s.toRead = w
		return nil
	}
	defer book.Close() // nothing to lose: it has no files
	if err != nil {
		return err
	}
	return s.copyNamed(w, name)
}

// copyNamed copies the sheet with a name.
func (s *spooler) copyNamed(w *workbook, name string) error {
	rows, err := w.book.Rows(name)
	if err != nil {
		return damagedWorkbook(err)
	}
	defer rows.Close() // nothing to lose: they have no files
	header, err := s.copySheet(name, rows, w)
	if err == nil && w.merged {
		s.warnOfMerged(w.archive, name, header)
	}
	return err
}

func damagedWorkbook(err error) error {
	return &InputError{Message: fmt.Sprintf("is a damaged workbook: %v", err),
		Hint: "open it in Excel and save it again, or " + csvHint, Err: err}
}

// chooseSheet returns the name of the sheet to read, by default the first visible
// one, or "" for all of w.sheets.
func (s *spooler) chooseSheet(w *workbook) (string, error) {
	var all, visible, hidden []string
	for _, name := range w.book.GetSheetList() {
		if _, err := w.book.Rows(name); err != nil {
			continue // a chart
		}
		all = append(all, name)
		if ok, _ := w.book.GetSheetVisible(name); ok {
			visible = append(visible, name)
		} else {
			hidden = append(hidden, name)
		}
	}
	s.sheets = all
	called := func(name string) bool { return strings.EqualFold(name, s.opts.Sheet) } // as Excel compares them
	switch {
	case len(all) == 0:
		return "", &InputError{Message: "is a workbook without a sheet of cells", Hint: csvHint}
	case s.opts.allSheets() && !slices.ContainsFunc(all, called):
		w.sheets, w.hidden = visible, hidden
		return "", nil
	case s.opts.Sheet != "":
		name, err := findSheet(s.opts.Sheet, all, visible)
		s.named = name
		return name, err
	case len(visible) == 0:
		return all[0], nil
	case len(visible) > 1:
		s.warn(WarnSheet, "sheet %q is read, and not %s; --sheet names another, or all", visible[0], quotedNames(visible[1:]))
	}
	return visible[0], nil
}

// findSheet returns the sheet with a name or, if there is none, with a number
// among the visible ones.
func findSheet(wanted string, all, visible []string) (string, error) {
	same := func(name string) bool { return strings.EqualFold(name, wanted) } // as Excel compares them
	if i := slices.IndexFunc(all, same); i >= 0 {
		return all[i], nil
	}
	if n, err := strconv.Atoi(wanted); err == nil && n >= 1 && n <= len(visible) {
		return visible[n-1], nil
	}
	e := &InputError{Message: fmt.Sprintf("has no sheet %q; its sheets are %s", wanted, quotedNames(all))}
	lower := strings.ToLower(wanted)
	if i := nearest(len(all), func(i int) (int, bool) { return slip(lower, strings.ToLower(all[i])) }); i >= 0 {
		e.Hint = fmt.Sprintf("did you mean --sheet %q?", all[i])
	}
	return "", e
}

// quotedNames lists names, as many as fit into a message.
func quotedNames(names []string) string {
	const most = 10
	var quoted []string
	for _, name := range names[:min(most, len(names))] {
		quoted = append(quoted, strconv.Quote(name))
	}
	if more := len(names) - most; more > 0 {
		quoted = append(quoted, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(quoted, ", ")
}

// allSheets is the Options.Sheet for every sheet that has the columns, unless a
// sheet has this name.
const allSheets = "all"

// A workbook is open, and its sheets are read one by one.
type workbook struct {
	book    *excelize.File
	archive *zip.Reader
	size    int64 // of the archive
	merged  bool  // cells of some sheet are merged over several rows
	sheets  []string
	hidden  []string
}

// errNoList marks a sheet that is empty or has other columns: among several it is
// passed over.
var errNoList = errors.New("the sheet is no list of people")

// unread ends the reason why a sheet is passed over.
const unread = ": it is not read"

// openSheets opens each sheet that has the columns as a list of its own.
func (l *List) openSheets(ctx context.Context, s *spooler) ([]*List, error) {
	defer s.toRead.book.Close() // nothing to lose: it has no files
	var lists []*List
	var notes []Warning // about the sheets that are not read
	for _, name := range s.toRead.sheets {
		sheet, err := l.openSheet(ctx, s, name)
		if inputErr := (*InputError)(nil); errors.Is(err, errNoList) && errors.As(err, &inputErr) {
			notes = append(notes, Warning{Kind: WarnSheet, Message: inputErr.Message + unread})
			continue
		}
		if err != nil {
			_ = (&Input{lists: lists}).Close() // nothing was done with them
			return nil, err
		}
		lists = append(lists, sheet)
	}
	if len(lists) == 0 {
		e := &InputError{File: l.name, Message: "no sheet is a list of people", Hint: "name the columns in the first row of a sheet: name, email, interview_id"}
		for _, note := range notes {
			e.Message += "; " + strings.TrimSuffix(note.Message, unread)
		}
		return nil, e
	}
	for _, name := range s.toRead.hidden {
		notes = append(notes, Warning{Kind: WarnSheet, Message: fmt.Sprintf("sheet %q is hidden, and is not read; --sheet names it", name)})
	}
	lists[0].warnings = append(notes, lists[0].warnings...)
	return lists, nil
}

// openSheet opens one sheet of the workbook.
func (l *List) openSheet(ctx context.Context, s *spooler, name string) (_ *List, err error) {
	sheet := &List{opts: l.opts, file: l.file, sheet: name, info: l.info, name: fmt.Sprintf("%s sheet %q", l.file, name)}
	if sheet.spool, err = createSpool(); err != nil {
		return nil, err
	}
	one := spooler{ctx: ctx, name: sheet.name, opts: s.opts, spool: sheet.spool, spooled: s.spooled}
	one.warnings = nil
	if err = one.copyNamed(s.toRead, name); err == nil {
		one.size = one.pos.offset
		sheet.spooled = one.spooled
		err = (opener{sheet}).prepare(ctx)
	}
	if inputErr := (*InputError)(nil); errors.As(err, &inputErr) && inputErr.File == "" {
		inputErr.File = l.file
	}
	if err != nil {
		_ = sheet.spool.Close() // nothing was done with it
		return nil, err
	}
	return sheet, nil
}

// Sheet returns the name of the sheet that Options.Sheet selects, or "" for none
// or all.
func (in *Input) Sheet() string {
	for _, l := range in.lists {
		if l.named != "" {
			return l.named
		}
	}
	return ""
}

package csvio

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/xuri/excelize/v2"
)

// allSheets is the Options.Sheet that stands for every sheet of a workbook that
// has the columns, unless one is called so.
const allSheets = "all"

// A workbook is an open one whose sheets are read one by one.
type workbook struct {
	book   *excelize.File
	packed []byte // what it was opened from
	merged bool   // cells of some sheet are merged over several rows
	sheets []string
	hidden []string
}

// errNoList is beneath the error about a sheet that is empty or has other columns:
// among several it is passed over.
var errNoList = errors.New("the sheet is no list of people")

// unread is behind why a sheet is passed over.
const unread = ": it is not read"

// openSheets opens each sheet of the workbook that s has read and that has the
// columns, as a list of its own.
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

// Sheet returns the name of the sheet that Options.Sheet means, "" if it means
// none or all.
func (in *Input) Sheet() string {
	for _, l := range in.lists {
		if l.named != "" {
			return l.named
		}
	}
	return ""
}

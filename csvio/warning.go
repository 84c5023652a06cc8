package csvio

import (
	"fmt"
	"slices"
	"strings"

	"bulkinvite/batch"
)

// A WarningKind identifies the subject of a Warning for programs.
type WarningKind string

// The kinds of warnings about how an input was read.
const (
	WarnSheet       WarningKind = "sheet"        // a workbook has other sheets
	WarnHeaderRow   WarningKind = "header_row"   // something stands above the header
	WarnHiddenRows  WarningKind = "hidden_rows"  // hidden rows are read, too
	WarnQuotedLines WarningKind = "quoted_lines" // each stands in quotes as a whole
	WarnDelimiters  WarningKind = "delimiters"   // the rows have another than the header
	WarnIDColumn    WarningKind = "id_column"    // it is not called job_application_id
	WarnCutOff      WarningKind = "cut_off"      // the last line has no end
	WarnMergedCells WarningKind = "merged_cells" // only the first row has the text
	WarnNoRows      WarningKind = "no_rows"      // of several files, one has none

	WarnDamaged     WarningKind = "damaged_text"  // a name or an address that was in the wrong encoding once
	WarnEntities    WarningKind = "html_entities" // in a name
	WarnPlaceholder WarningKind = "placeholder"   // in a name, and perhaps a part of it
	WarnDomain      WarningKind = "domain_slip"   // gmial.com
)

// A Warning is a reason to look at an input before anything is sent. It keeps
// nobody from being invited.
//
// spooled.warn adds those that copying shows. rowWarnings.add adds those about
// rows, during the first Scan of the input, which is the check pass: they count
// the rows and have the first five.
type Warning struct {
	Kind    WarningKind `json:"kind"`
	File    string      `json:"file,omitempty"`  // of several
	Message string      `json:"message"`         // what it is
	Hint    string      `json:"hint,omitempty"`  // what to do about it
	Rows    int         `json:"rows,omitempty"`  // how many it is about; 0: it is about no single rows
	First   []WarnedRow `json:"first,omitempty"` // of the rows
}

// A WarnedRow is one row of a Warning.
type WarnedRow struct {
	File string `json:"file,omitempty"` // if the rows of a Warning are of several
	batch.Place
	Value   string     `json:"value,omitempty"`   // of the cell; "" if that is the name
	Repeats *WarnedRow `json:"repeats,omitempty"` // an earlier row with another name; nil if there is none
}

// shownRows is the number of rows in a Warning.
const shownRows = 5

// String returns FILE: MESSAGE; HINT: ROWS with the parts that there are.
func (w Warning) String() string {
	text := w.Brief()
	if w.File != "" {
		text = w.File + ": " + text
	}
	var rows []string
	for _, row := range w.First {
		rows = append(rows, row.String())
	}
	if w.More() > 0 {
		rows = append(rows, fmt.Sprintf("and %d more", w.More()))
	}
	if len(rows) > 0 {
		text += ": " + strings.Join(rows, ", ")
	}
	return text
}

// Brief returns MESSAGE; HINT.
func (w Warning) Brief() string {
	if w.Hint == "" {
		return w.Message
	}
	return w.Message + "; " + w.Hint
}

// More returns the number of rows beside First.
func (w Warning) More() int { return w.Rows - len(w.First) }

// String returns the row as messages name it.
func (r WarnedRow) String() string {
	text := r.With(r.File, r.Value)
	if r.Repeats != nil {
		text += " repeats " + r.Repeats.String() + ": " + batch.OneForTwo
	}
	return text
}

// RowNumbers returns the numbers of the first rows, for logs: more people read
// these than the list.
func (w Warning) RowNumbers() []int {
	var numbers []int
	for _, row := range w.First {
		numbers = append(numbers, row.Row)
	}
	return numbers
}

// warn adds a warning that is about no single rows.
func (s *spooled) warn(kind WarningKind, format string, args ...any) {
	s.warnings = append(s.warnings, Warning{Kind: kind, Message: fmt.Sprintf(format, args...)})
}

// rowWarnings are the warnings about rows so far.
type rowWarnings struct {
	found   []Warning
	domains map[string]bool // those of the rows so far, with whether they are slips
}

// maxDomains is the number of remembered domains: most lists have few.
const maxDomains = 10_000

// add adds a row to the warning of a kind, with the value of the cell, or "" for
// the name.
func (r *rowWarnings) add(kind WarningKind, row *batch.Row, value string) {
	i := slices.IndexFunc(r.found, func(w Warning) bool { return w.Kind == kind })
	if i < 0 {
		i = len(r.found)
		r.found = append(r.found, Warning{Kind: kind})
	}
	w := &r.found[i]
	if w.Rows++; len(w.First) < shownRows {
		w.First = append(w.First, WarnedRow{Place: row.Place(), Value: value})
	}
}

// rowWarningTexts has the texts of the kinds about rows.
var rowWarningTexts = map[WarningKind]struct{ what, hint string }{
	WarnDamaged:     {"with letters that were lost in a wrong encoding", "save the list as CSV UTF-8"},
	WarnEntities:    {"with HTML entities", "write the characters that they stand for, and save the list as CSV UTF-8"},
	WarnPlaceholder: {"with a placeholder in the name", "look whether somebody is called so"},
	WarnDomain:      {"with a domain that looks like a slip of the pen", "look whether it is the right one"},
}

// finished returns the warnings with their texts.
func (r *rowWarnings) finished() []Warning {
	for i := range r.found {
		w := &r.found[i]
		rows := "1 row"
		if w.Rows > 1 {
			rows = fmt.Sprintf("%d rows", w.Rows)
		}
		text := rowWarningTexts[w.Kind]
		w.Message, w.Hint = rows+" "+text.what, text.hint
	}
	return r.found
}

// noRows warns of a file without rows.
func (l *List) noRows() Warning {
	w := Warning{Kind: WarnNoRows, Message: "has no rows", Hint: "look at where it comes from"}
	if l.header == nil {
		w.Message = "there is nothing in it, not even a header"
	}
	if l.isPipe() {
		w.Hint = pipeHint
	}
	return w
}

// look adds warnings about rows that can be sent.
func (r *rowWarnings) look(rows []*batch.Row) {
	for _, row := range rows {
		if row.Problem == nil {
			r.lookAt(row)
		}
	}
}

func (r *rowWarnings) lookAt(row *batch.Row) {
	c := &row.Candidate
	switch {
	case isDamaged(c.Name), hasEscape(c.Name):
		r.add(WarnDamaged, row, "")
	case isDamaged(c.Email):
		r.add(WarnDamaged, row, c.Email)
	}
	if hasEntity(c.Name) {
		r.add(WarnEntities, row, "")
	}
	if hasPlaceholder(c.Name) {
		r.add(WarnPlaceholder, row, "")
	}
	if _, domain, _ := strings.Cut(c.Email, "@"); domain != "" && r.isSlipped(domain) {
		r.add(WarnDomain, row, c.Email)
	}
}

// isSlipped caches isSlippedDomain, which takes longer than reading the row.
func (r *rowWarnings) isSlipped(domain string) bool {
	slipped, known := r.domains[domain]
	if known {
		return slipped
	}
	if r.domains == nil || len(r.domains) == maxDomains {
		r.domains = map[string]bool{}
	}
	slipped = isSlippedDomain(domain)
	r.domains[strings.Clone(domain)] = slipped // without the record that it is a part of
	return slipped
}

// Warnings returns what people should know of an input, such as rows that are
// hidden in a sheet; those about rows once a Scan has read all.
func (in *Input) Warnings() []Warning {
	var all []Warning
	for _, l := range in.lists {
		found := slices.Clone(l.warnings)
		if rows := l.rowWarnings.Load(); rows != nil {
			found = append(found, *rows...)
		}
		for _, w := range found {
			if in.several {
				w.File = l.name
			} else if w.Kind == WarnNoRows && l.header != nil {
				continue // that is how the run ends, and no warning
			}
			all = append(all, w)
		}
	}
	return all
}

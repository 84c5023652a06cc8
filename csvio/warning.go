package csvio

import (
	"fmt"
	"slices"
	"strings"

	"bulkinvite/batch"
)

// A WarningKind says to programs what a Warning is about.
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
	WarnMergedCells WarningKind = "merged_cells" // of which only the first has the text
	WarnNoRows      WarningKind = "no_rows"      // of several files, one has none

	WarnDamaged     WarningKind = "damaged_text"  // a name or an address that was in the wrong encoding once
	WarnEntities    WarningKind = "html_entities" // in a name
	WarnPlaceholder WarningKind = "placeholder"   // in a name, of which it may be a part
	WarnDomain      WarningKind = "domain_slip"   // gmial.com
)

// A Warning is something about an input that keeps nobody from being invited
// and that somebody should look at before anything is sent.
//
// What is known once an input is read into the spool is noted with
// spooled.warn. What a row has to show is noted with rowWarnings.add, by the
// first Scan of the input, which is the check pass: then a Warning counts the
// rows and has the first five.
type Warning struct {
	Kind    WarningKind `json:"kind"`
	File    string      `json:"file,omitempty"`  // of several
	Message string      `json:"message"`         // what it is
	Hint    string      `json:"hint,omitempty"`  // what to do about it
	Rows    int         `json:"rows,omitempty"`  // how many it is about; 0: it is about no single rows
	First   []WarnedRow `json:"first,omitempty"` // of the rows
}

// A WarnedRow is a row that a Warning is about.
type WarnedRow struct {
	File string `json:"file,omitempty"` // if the rows of a Warning are of several
	batch.Place
	Value   string     `json:"value,omitempty"`   // of the cell; "" if that is the name
	Repeats *WarnedRow `json:"repeats,omitempty"` // an earlier row with another name; nil if there is none
}

// shownRows is how many rows a Warning shows.
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

// More returns how many rows there are beside the first.
func (w Warning) More() int { return w.Rows - len(w.First) }

// String returns the row as messages name it.
func (r WarnedRow) String() string {
	text := r.Place.String()
	if r.File != "" {
		text = r.File + " " + text
	}
	if r.Value != "" {
		text += fmt.Sprintf(" %q", batch.Shown(r.Value))
	}
	if r.Repeats != nil {
		text += " repeats " + r.Repeats.String() + ": " + batch.OneForTwo
	}
	return text
}

// RowNumbers returns the numbers of the first rows, for logs: these are read by
// more people than the list is.
func (w Warning) RowNumbers() []int {
	var numbers []int
	for _, row := range w.First {
		numbers = append(numbers, row.Row)
	}
	return numbers
}

// warn notes a warning that is about no single rows.
func (s *spooled) warn(kind WarningKind, format string, args ...any) {
	s.warnings = append(s.warnings, Warning{Kind: kind, Message: fmt.Sprintf(format, args...)})
}

// rowWarnings are the warnings about rows that a scan has found so far.
type rowWarnings struct {
	seen    int // rows
	found   []Warning
	domains map[string]bool // those of the rows so far, with whether they are slips
}

// maxDomains is how many domains are remembered: most lists have few.
const maxDomains = 10_000

// add notes that a kind of warning is about a row, and about the value of which
// of its cells; "" for that of its name.
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

// rowWarningTexts say what the rows of each kind have, and what to do.
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

// look notes what should be looked at in rows that can be sent.
func (r *rowWarnings) look(rows []*batch.Row) {
	r.seen += len(rows)
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

// isSlipped is isSlippedDomain, which takes longer than reading the row.
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

// Warnings returns what people should know of an input and of how it was read,
// such as that rows are hidden which they may not have seen. Those about rows
// are there once a Scan has gone over all of them.
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

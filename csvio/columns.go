package csvio

import (
	"fmt"
	"slices"
	"strings"
)

// match assigns columns to fields and collects what is missing or ambiguous.
func (t *headerTry) match(opts Options) {
	t.columns = noColumns()
	t.useMapping(opts)
	t.recognize(opts)
	for _, part := range []int{fieldFirstName, fieldLastName} {
		// One of several files may have named people whole and another in parts.
		if t.columns[fieldName] >= 0 && t.columns[part] >= 0 && !t.joined && !t.hasBothParts() {
			t.ambiguous(fieldName, t.columns[fieldName], t.columns[part])
		}
	}
	t.findMissing(opts)
	t.err = t.explain(opts)
}

// hasBothParts reports whether the header has both parts of names beside the
// whole, which is no surname then. The parts are used where the whole is empty.
func (t *headerTry) hasBothParts() bool {
	first, last := t.columns[fieldFirstName], t.columns[fieldLastName]
	return first >= 0 && last >= 0 && !t.isSurnameBeside(nameWords[aliasForm(t.header[t.columns[fieldName]])], first)
}

// A headerFault is one reason to refuse a header.
type headerFault struct {
	field         int
	message, hint string
	listed        bool // the message lists the columns
}

// isFaulty reports whether a field has a fault.
func (t *headerTry) isFaulty(field int) bool {
	return slices.ContainsFunc(t.faults, func(f headerFault) bool { return f.field == field })
}

func (t *headerTry) ambiguous(field, a, b int) {
	if t.isFaulty(field) {
		return
	}
	a, b = min(a, b), max(a, b)
	t.faults = append(t.faults, headerFault{
		field:   field,
		message: fmt.Sprintf("two columns for %s: %q and %q", fieldNames[field], t.header[a], t.header[b]),
		hint:    "rename or remove one of them, or say which with " + mapFlag(field, columnNumber(a)),
	})
}

func (t *headerTry) findMissing(opts Options) {
	var missing []int
	byID := t.columns[fieldJobApplicationID] >= 0 || t.columns[fieldCandidateID] >= 0
	if !byID {
		missing = t.missingName()
		if t.columns[fieldEmail] < 0 {
			missing = append(missing, fieldEmail)
		}
	}
	if t.columns[fieldInterviewID] < 0 && opts.InterviewID == "" {
		missing = append(missing, fieldInterviewID)
	}
	missing = slices.DeleteFunc(missing, t.isFaulty)
	if len(missing) == 0 {
		return
	}
	names := make([]string, len(missing))
	for i, field := range missing {
		names[i] = fieldNames[field]
	}
	t.faults = append(t.faults, headerFault{
		field: numFields, message: "no column for " + strings.Join(names, ", "), hint: t.missingHint(missing, opts), listed: true,
	})
}

// lacksColumns reports whether columns are missing, rather than ambiguous or
// without a header.
func (t *headerTry) lacksColumns() bool {
	return t.isFaulty(numFields) && !slices.ContainsFunc(t.header, isAddress)
}

func (t *headerTry) missingName() []int {
	first, last := t.columns[fieldFirstName] >= 0, t.columns[fieldLastName] >= 0
	switch {
	case t.isFaulty(fieldName) || t.isFaulty(fieldFirstName) || t.isFaulty(fieldLastName):
		return nil
	case t.columns[fieldName] >= 0 || first && last:
		return nil
	case first:
		return []int{fieldLastName}
	case last:
		return []int{fieldFirstName}
	default:
		return []int{fieldName}
	}
}

// missingHint says how to supply the missing fields.
func (t *headerTry) missingHint(missing []int, opts Options) string {
	switch {
	case len(t.header) == 1 && isAligned(t.header[0]):
		return "blanks align the cells, and nothing separates them: save the list as CSV (UTF-8)"
	case len(t.header) == 1 && opts.Delimiter == "":
		return "the first line must name the columns; use --delimiter if it is none of , ; | tab"
	case len(t.header) == 1 && t.declared:
		return "the first line says with sep= what separates the cells: fix it, or use --delimiter"
	case len(t.header) == 1:
		return "leave out --delimiter, or give the one that the first line has"
	case strings.HasPrefix(t.header[0], `"`) && isColumnName(strings.Trim(t.header[0], `"`)):
		return `the cells stand in two pairs of quotes: replace each """ by "`
	case isQuotedOtherwise(t.header[0]):
		return fmt.Sprintf("the cells stand in %.1s instead of straight double quotes: replace all of these by \"", t.header[0])
	case hasLineInCell(t.header):
		return "its first cell has a whole line in it, as if a spreadsheet with another list separator had saved it: " +
			"import the list again as text, with the separator that it has"
	}
	var hints []string
	omitted := func(field int) bool { return opts.Map.omitted[field] }
	if named := slices.DeleteFunc(slices.Clone(missing), omitted); len(named) > 0 {
		hints = append(hints, t.namingHint(named))
	}
	for _, field := range missing {
		if omitted(field) {
			hints = append(hints, fmt.Sprintf("leave out --map %s=, or name the column with --map %[1]s=HEADER", fieldNames[field]))
		}
	}
	hint := strings.Join(hints, "; ")
	if slices.Contains(missing, fieldInterviewID) {
		hint += ", or give --interview-id for all rows"
	}
	return hint + t.idHint()
}

// namingHint says how to name the columns of the missing fields.
func (t *headerTry) namingHint(missing []int) string {
	flags, guesses := t.guesses(missing)
	if len(guesses) > 0 {
		return fmt.Sprintf("did you mean %s? then add %s, or rename the columns in the first line",
			strings.Join(guesses, " and "), strings.Join(flags, " "))
	}
	return fmt.Sprintf("rename the columns in the first line, or name them with %s", strings.Join(flags, " "))
}

// hasLineInCell reports whether the first cell has a whole line in it and the
// others nothing.
func hasLineInCell(header []string) bool {
	return isBlankRow(header[1:]) && strings.ContainsAny(header[0], ",;|\t")
}

// isAligned reports whether a line has names of columns with blanks between them.
func isAligned(line string) bool {
	first, rest, found := strings.Cut(trim(line), "  ")
	return found && isColumnName(first) && isColumnName(strings.Split(trim(rest), "  ")[0])
}

// otherQuotes are quotes that people use for cells and programs do not.
const otherQuotes = "'`\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb"

// isQuotedOtherwise reports whether a cell is the name of a column in otherQuotes.
func isQuotedOtherwise(cell string) bool {
	name := strings.Trim(cell, otherQuotes)
	return len(name) < len(cell) && isColumnName(name)
}

// idHint suggests a column that may have our ids.
func (t *headerTry) idHint() string {
	if t.columns[fieldJobApplicationID] >= 0 {
		return ""
	}
	for i, h := range t.header {
		if form := aliasForm(h); !t.ours[i] && (form == "applicationid" || form == "jobapplicationid" || form == "jobapplication") {
			return fmt.Sprintf("; if %q has job application ids of micro1, add %s", trim(h), mapFlag(fieldJobApplicationID, h))
		}
	}
	return ""
}

// explain makes one error of all faults, or nil.
func (t *headerTry) explain(opts Options) *InputError {
	if strings.Contains(strings.Join(t.header, ""), "\r") {
		return &InputError{Message: "lines end with a carriage return alone, as on old Macs",
			Hint: "save the list with the line ends of Unix or Windows"}
	}
	if hasLostLines(t.header) {
		return &InputError{Message: "the names of the columns and somebody's row stand in one line",
			Hint: "the line breaks of the list are lost: save it again as CSV (UTF-8)"}
	}
	// Numbers also name the columns of a list without a header: its first person
	// would be taken for the header.
	named := opts.Map != Mapping{} && t.known > 0
	if (len(t.faults) > 0 || named) && slices.ContainsFunc(t.header, isAddress) {
		return noHeader()
	}
	if len(t.faults) == 0 {
		return nil
	}
	var messages, hints []string
	listed := false
	for _, f := range t.faults {
		messages, hints, listed = append(messages, f.message), append(hints, f.hint), listed || f.listed
	}
	if listed {
		messages = append(messages, "found "+t.found())
	}
	return &InputError{Message: strings.Join(messages, "; "), Hint: strings.Join(hints, "; ")}
}

// hasLostLines reports whether a header has both names of columns and an address:
// its line breaks are gone, or spelled \n.
func hasLostLines(header []string) bool {
	var parts []string
	for _, cell := range header {
		parts = append(parts, strings.Split(cell, `\n`)...)
	}
	if !slices.ContainsFunc(parts, isAddress) {
		return false
	}
	parts = slices.DeleteFunc(parts, func(part string) bool { return !isColumnName(part) })
	return len(parts) > 1
}

// isColumnName reports whether a cell is a known header.
func isColumnName(cell string) bool {
	_, known := fieldOf(cell)
	_, either := nameWords[aliasForm(cell)]
	return known || either
}

func isAddress(cell string) bool { return emailProblem(trim(cell)) == "" }

func noHeader() *InputError {
	return &InputError{Message: "the first line does not name the columns: it is somebody's row", Hint: "put a line above it: name,email,interview_id"}
}

// maxShown is the number of characters of a header in messages.
const maxShown = 40

// found lists the columns, as many as fit into a message.
func (t *headerTry) found() string {
	const most = 20
	var names []string
	for i, h := range t.header {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(t.header)-most))
			break
		}
		names = append(names, fmt.Sprintf("%q", cutText(h, maxShown)))
	}
	return strings.Join(names, ", ")
}

// cutText shortens a text to a number of characters.
func cutText(s string, longest int) string {
	if runes := []rune(s); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return s
}

// A columnMap has for each field its column, or -1.
type columnMap [numFields]int

func noColumns() (none columnMap) {
	for i := range none {
		none[i] = -1
	}
	return none
}

// A Column is a header and the field that it was taken for.
type Column struct {
	Field  string `json:"field"` // such as "interview_id"
	Header string `json:"header"`
	Sample string `json:"sample"` // the first text below it, once a Scan has gone over all rows; "" if there is none
}

// Columns returns the headers that were recognised, in the order of the fields.
func (l *List) Columns() []Column {
	found := []Column{}
	samples := l.samples.Load()
	for field, column := range l.columns {
		if column < 0 {
			continue
		}
		c := Column{Field: fieldNames[field], Header: l.header[column]}
		if samples != nil {
			c.Sample = (*samples)[len(found)]
		}
		found = append(found, c)
	}
	return found
}

// sampleLength is the longest Column.Sample, in characters.
const sampleLength = 40

// lookFor fills in missing samples with the first text of each column in a block.
func lookFor(samples []string, b *block) {
	for i, sample := range samples {
		if sample != "" {
			continue
		}
		found := slices.IndexFunc(b.cells[1:], func(cells []string) bool { return trim(cells[i]) != "" })
		if found >= 0 {
			samples[i] = strings.Clone(cutText(trim(b.cells[1+found][i]), sampleLength)) // else the whole record stays
		}
	}
}

package csvio

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/gocarina/gocsv"
)

// The fields that a column can be taken for.
const (
	fieldName = iota
	fieldFirstName
	fieldLastName
	fieldEmail
	fieldInterviewID
	fieldJobApplicationID
	fieldCandidateID
	fieldDisableEmail
	numFields
)

// fieldNames are the canonical headers, as the tags of rawCells have them.
var fieldNames = structHeader[rawCells]()

// aliases are headers in the form of normalHeader. Words that people use for
// columns of their own (status, row, error, first, last) must stay out.
var aliases = map[string]int{
	"name": fieldName, "fullname": fieldName, "candidatename": fieldName, "candidatefullname": fieldName,
	"candidate": fieldName,

	"firstname": fieldFirstName, "givenname": fieldFirstName, "forename": fieldFirstName,
	"candidatefirstname": fieldFirstName,

	"lastname": fieldLastName, "surname": fieldLastName, "familyname": fieldLastName,
	"candidatelastname": fieldLastName,

	"email": fieldEmail, "mail": fieldEmail, "emailaddress": fieldEmail, "mailaddress": fieldEmail,
	"emailid": fieldEmail, "candidateemail": fieldEmail, "candidatemail": fieldEmail,
	"candidateemailaddress": fieldEmail, "candidateemailid": fieldEmail,

	"interviewid": fieldInterviewID, "interview": fieldInterviewID,

	"jobapplicationid": fieldJobApplicationID, "jobapplication": fieldJobApplicationID,
	"applicationid": fieldJobApplicationID,

	"candidateid": fieldCandidateID,

	"disableemailnotification": fieldDisableEmail, "disableemailnotifications": fieldDisableEmail,
	"disableemail": fieldDisableEmail, "disableemails": fieldDisableEmail, "noemail": fieldDisableEmail,
	"noemails": fieldDisableEmail,
}

// A columnMap tells for each field the column that holds it, or -1.
type columnMap [numFields]int

// normalHeader is the form in which headers are compared: without case, white
// space, "_", "-" and what cannot be seen.
func normalHeader(header string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || isBlank(r) || !unicode.IsPrint(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, header)
}

// structHeader returns the column names of a struct that gocsv maps.
func structHeader[T any]() []string {
	var h headerKeeper
	if err := gocsv.MarshalCSV([]T{}, &h); err != nil {
		panic(err) // T is not a struct with csv tags
	}
	return h
}

// A headerKeeper is a gocsv.CSVWriter that keeps the last row.
type headerKeeper []string

func (h *headerKeeper) Write(row []string) error { *h = slices.Clone(row); return nil }
func (h *headerKeeper) Flush()                   {}
func (h *headerKeeper) Error() error             { return nil }

// readHeader finds the header record, its delimiter and its columns.
func (in *Input) readHeader() error {
	var best *headerTry
	for _, delim := range in.opts.delimiters() {
		try, err := in.tryHeader(delim)
		if err != nil {
			return err
		}
		if best == nil || try.betterThan(best) {
			best = try
		}
	}
	if best.err != nil {
		best.err.File = in.name
		return best.err
	}
	in.useHeader(best)
	return nil
}

func (in *Input) useHeader(t *headerTry) {
	in.delim, in.header, in.columns, in.ours, in.body = t.delim, t.header, t.columns, t.ours, t.body
	in.headerRaw = trimLineEnd(t.raw)
	in.crlf = bytes.HasSuffix(t.raw, []byte("\r\n"))
}

// A headerTry is the header as it looks with one delimiter.
type headerTry struct {
	delim   rune
	told    bool // by a line sep=, and by nobody else
	raw     []byte
	header  []string
	ours    []bool // which of these columns are of blocks that were written here
	joined  bool   // it has the columns of several files
	columns columnMap
	known   int // fields that have a column
	body    position
	err     *InputError // why it will not do
}

func (t *headerTry) betterThan(other *headerTry) bool {
	if (t.err == nil) != (other.err == nil) {
		return t.err == nil
	}
	if t.known != other.known {
		return t.known > other.known
	}
	return len(t.header) > len(other.header)
}

func (in *Input) tryHeader(delim rune) (*headerTry, error) {
	r := newRecordReader(in.spool, in.size, delim, scanBuffer)
	t := &headerTry{delim: delim, told: in.told}
	rec, err := r.read()
	if errors.Is(err, io.EOF) {
		return nil, &InputError{File: in.name, Message: "is empty",
			Hint: "the first line must name the columns: name,email,interview_id"}
	}
	if errors.As(err, &t.err) {
		return t, nil
	}
	if err != nil {
		return nil, spoolError(err)
	}
	t.raw, t.header, t.body = make([]byte, rec.size), slices.Clone(rec.fields), r.pos
	if _, err := in.spool.ReadAt(t.raw, rec.offset); err != nil {
		return nil, spoolError(err)
	}
	t.ours, t.joined = ourColumns(t.header)
	t.match(in.opts)
	if t.err != nil {
		t.err.Line = rec.line
	}
	return t, nil
}

// match takes columns for fields and says what is missing or ambiguous.
func (t *headerTry) match(opts Options) {
	for i := range t.columns {
		t.columns[i] = -1
	}
	t.useMapping(opts)
	for i, h := range t.header {
		field, ok := aliases[normalHeader(h)]
		if !ok || t.ours[i] || opts.Map.beats(field) || slices.Contains(t.columns[:], i) || field == fieldCandidateID && !opts.Resend {
			continue
		}
		if other := t.columns[field]; other >= 0 {
			t.ambiguous(field, other, i)
			continue
		}
		t.columns[field] = i
		t.known++
	}
	// A results.csv that is fed back tells candidate_id in our own block.
	if opts.Resend && t.columns[fieldCandidateID] < 0 {
		for i, h := range t.header {
			if t.ours[i] && h == fieldNames[fieldCandidateID] {
				t.columns[fieldCandidateID] = i
				break
			}
		}
	}
	for _, part := range []int{fieldFirstName, fieldLastName} {
		// One of several files may have named people whole and another in parts.
		if t.columns[fieldName] >= 0 && t.columns[part] >= 0 && !t.joined {
			t.ambiguous(fieldName, t.columns[fieldName], t.columns[part])
		}
	}
	if t.err == nil {
		t.findMissing(opts)
	}
	if strings.Contains(strings.Join(t.header, ""), "\r") {
		t.err = &InputError{Message: "lines end with a carriage return alone, as on old Macs",
			Hint: "save the list with the line ends of Unix or Windows"}
	}
}

func (t *headerTry) ambiguous(field, a, b int) {
	if t.err == nil {
		t.err = &InputError{
			Message: fmt.Sprintf("two columns for %s: %q and %q", fieldNames[field], t.header[a], t.header[b]),
			Hint:    "rename or remove one of them, or say which with " + mapFlag(field, columnNumber(a)),
		}
	}
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
	if len(missing) == 0 {
		return
	}
	names := make([]string, len(missing))
	for i, field := range missing {
		names[i] = fieldNames[field]
	}
	t.err = &InputError{
		Message: fmt.Sprintf("no column for %s; found %s", strings.Join(names, ", "), t.found()),
		Hint:    t.missingHint(missing),
	}
	switch {
	case slices.ContainsFunc(t.header, isAddress):
		t.err = noHeader()
	case strings.HasPrefix(t.header[0], "sep="):
		t.err.Hint = "remove the line sep=, which is for Excel alone"
	case len(t.header) == 1 && opts.Delimiter == "":
		t.err.Hint = "the first line must name the columns; use --delimiter if it is none of , ; | tab"
	case len(t.header) == 1 && t.told:
		t.err.Hint = "the first line says with sep= what separates the cells: mend it, or use --delimiter"
	case len(t.header) == 1:
		t.err.Hint = "leave out --delimiter, or give the one that the first line has"
	}
}

// missingHint says how the missing fields can be given.
func (t *headerTry) missingHint(missing []int) string {
	hint := fmt.Sprintf("rename the columns in the first line, or name them with %s=HEADER", "--map "+fieldNames[missing[0]])
	if missing[0] == fieldName {
		hint += " (or first_name and last_name)"
	}
	if flags, columns := t.guesses(missing); len(flags) > 0 {
		hint = fmt.Sprintf("did you mean %s? then add %s, or rename the columns in the first line",
			strings.Join(columns, " and "), strings.Join(flags, " "))
	}
	if slices.Contains(missing, fieldInterviewID) {
		hint += ", or give --interview-id for all rows"
	}
	return hint
}

func isAddress(cell string) bool { return emailProblem(trim(cell)) == "" }

func noHeader() *InputError {
	return &InputError{
		Message: "the first line does not name the columns: it is somebody's row",
		Hint:    "put a line above it: name,email,interview_id",
	}
}

func (t *headerTry) missingName() []int {
	first, last := t.columns[fieldFirstName] >= 0, t.columns[fieldLastName] >= 0
	switch {
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

// found names the columns, within what fits into a message.
func (t *headerTry) found() string {
	const most, longest = 20, 40
	var names []string
	for i, h := range t.header {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(t.header)-most))
			break
		}
		if runes := []rune(h); len(runes) > longest {
			h = string(runes[:longest]) + "…"
		}
		names = append(names, fmt.Sprintf("%q", h))
	}
	return strings.Join(names, ", ")
}

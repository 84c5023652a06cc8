package csvio

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// A Mapping names the columns of fields, or says that a field has none. It
// overrides recognition.
type Mapping struct {
	headers [numFields]string
	omitted [numFields]bool
}

// Add parses one FIELD=HEADER. Headers are compared by normalHeader; #3 is the
// third column, and an empty HEADER means none.
func (m *Mapping) Add(s string) error {
	name, header, isPair := strings.Cut(s, "=")
	name, header = trim(name), trim(header)
	if !isPair || normalHeader(header) == "" && header != "" {
		return errors.New("must be FIELD=HEADER, such as email=Contact, or email=#3 for the third column, or email= for none")
	}
	field := slices.Index(fieldNames, name)
	if field < 0 {
		return unknownField(name)
	}
	if m.headers[field] != "" || m.omitted[field] {
		return fmt.Errorf("%s is named twice; leave one out", name)
	}
	if m.omitted[field] = header == ""; m.omitted[field] {
		return nil
	}
	for _, part := range []int{fieldFirstName, fieldLastName} {
		if field == fieldName && m.headers[part] != "" || field == part && m.headers[fieldName] != "" {
			return fmt.Errorf("name and %s exclude each other; leave one out", fieldNames[part])
		}
	}
	m.headers[field] = header
	return nil
}

// String returns what was added, in the order of the fields.
func (m Mapping) String() string {
	var parts []string
	for field, header := range m.headers {
		if header != "" || m.omitted[field] {
			parts = append(parts, fieldNames[field]+"="+header)
		}
	}
	return strings.Join(parts, ",")
}

func unknownField(name string) error {
	if i := nearest(int(numFields), func(field int) (int, bool) { return slipOf(name, field) }); i >= 0 {
		return fmt.Errorf("there is no field %s (did you mean %s?)", name, fieldNames[i])
	}
	last := len(fieldNames) - 1
	return fmt.Errorf("there is no field %s; name %s or %s", name, strings.Join(fieldNames[:last], ", "), fieldNames[last])
}

// beats reports whether the mapping settles a field: by a column, by none, or by a
// field that contradicts it.
func (m *Mapping) beats(field int) bool {
	if m.omitted[field] {
		return true
	}
	switch field {
	case fieldName:
		return m.headers[fieldName]+m.headers[fieldFirstName]+m.headers[fieldLastName] != ""
	case fieldFirstName, fieldLastName:
		return m.headers[fieldName]+m.headers[field] != ""
	}
	return m.headers[field] != ""
}

// useMapping assigns the named columns.
func (t *headerTry) useMapping(opts Options) {
	for field, name := range opts.Map.headers {
		if name == "" {
			continue
		}
		column, fault := t.named(field, name)
		if fault != nil {
			if opts.several { // what is good for this file may be wrong for another
				fault.hint += "; --map holds for all files: send those apart whose columns have other names"
			}
			t.faults = append(t.faults, *fault)
			continue
		}
		if field != fieldCandidateID || opts.Resend {
			t.columns[field] = column
			t.known++
		}
	}
}

// named returns the column with a name. Columns of our own blocks have none,
// except the candidate id of a re-send.
func (t *headerTry) named(field int, name string) (int, *headerFault) {
	mayBe := func(column int) bool { return field == fieldCandidateID || !t.ours[column] }
	if n, err := strconv.Atoi(strings.TrimPrefix(name, "#")); err == nil && name[0] == '#' && n >= 1 && n <= len(t.header) && mayBe(n-1) {
		return n - 1, nil
	}
	column := -1
	for i, h := range t.header {
		switch {
		case !mayBe(i) || normalHeader(h) != normalHeader(name):
		case column >= 0:
			return 0, &headerFault{
				field:   field,
				message: fmt.Sprintf("%s names two columns, %d and %d", mapFlag(field, name), column+1, i+1),
				hint:    fmt.Sprintf("give a number: %s", mapFlag(field, columnNumber(column))),
			}
		default:
			column = i
		}
	}
	if column >= 0 {
		return column, nil
	}
	fault := &headerFault{
		field:   field,
		message: mapFlag(field, name) + " names no column",
		hint:    "name one of these, or its number, such as " + mapFlag(field, columnNumber(0)),
		listed:  true,
	}
	if i := nearest(len(t.header), func(i int) (int, bool) {
		d, near := slip(normalHeader(name), normalHeader(t.header[i]))
		return d, near && mayBe(i)
	}); i >= 0 {
		fault.hint = fmt.Sprintf("did you mean %q?", trim(t.header[i]))
	}
	return 0, fault
}

// columnNumber returns the name of a column by its place, for --map.
func columnNumber(column int) string { return "#" + strconv.Itoa(column+1) }

// mapFlag returns the --map that names a column, quoted for a shell.
func mapFlag(field int, header string) string {
	value := fieldNames[field] + "=" + trim(header)
	if strings.ContainsFunc(value, func(r rune) bool { return !strings.ContainsRune("=#_-.", r) && !isWordRune(r) }) {
		value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
	return "--map " + value
}

func isWordRune(r rune) bool { return r < 0x80 && alphanumeric[r] }

// guesses returns the flags that name the columns of missing fields, and the
// columns that look like them.
func (t *headerTry) guesses(missing []int) (flags, columns []string) {
	for _, field := range missing {
		column := t.guess(field)
		switch {
		case column >= 0:
			flags = append(flags, mapFlag(field, t.header[column]))
			columns = append(columns, fmt.Sprintf("%q for %s", trim(t.header[column]), fieldNames[field]))
		case field == fieldName:
			flags = append(flags, "--map name=HEADER (or first_name and last_name)")
		case field != fieldInterviewID || len(missing) == 1: // there is a flag for all rows
			flags = append(flags, "--map "+fieldNames[field]+"=HEADER")
		}
	}
	return flags, columns
}

// guess returns the column that looks most like a field, or -1.
func (t *headerTry) guess(field int) int {
	return nearest(len(t.header), func(i int) (int, bool) {
		isID := strings.HasSuffix(aliasForm(t.header[i]), "id") // a number and nobody's name
		if t.ours[i] || slices.Contains(t.columns[:], i) || isID && field <= fieldLastName {
			return 0, false
		}
		return slipOf(t.header[i], field)
	})
}

// nearest returns which of n texts is near and has the smallest distance, or -1.
func nearest(n int, distance func(i int) (d int, near bool)) int {
	best, found := 0, -1
	for i := range n {
		if d, near := distance(i); near && (found < 0 || d < best) {
			best, found = d, i
		}
	}
	return found
}

// slipOf is slip for a header and the nearest alias of a field.
func slipOf(header string, field int) (distance int, near bool) {
	for alias, of := range aliases {
		if of != field {
			continue
		}
		if d, ok := slip(aliasForm(header), alias); ok && (!near || d < distance) {
			distance, near = d, true
		}
	}
	return distance, near
}

// slip returns the edit distance of two texts, and whether it is that of a slip of
// the pen.
func slip(written, meant string) (distance int, near bool) {
	distance = levenshtein.ComputeDistance(written, meant)
	return distance, distance <= min(2, (len(meant)+1)/3)
}

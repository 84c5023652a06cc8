package csvio

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/agnivade/levenshtein"
)

// A Mapping names columns, which beats recognising them by their headers. The
// zero value names none.
type Mapping struct {
	headers [numFields]string
}

// Add takes in one FIELD=HEADER. HEADER is compared as headers are; #3 is the
// third column.
func (m *Mapping) Add(s string) error {
	name, header, _ := strings.Cut(s, "=")
	name = trim(name)
	if normalHeader(header) == "" {
		return errors.New("must be FIELD=HEADER, such as email=Contact, or email=#3 for the third column")
	}
	field := slices.Index(fieldNames, name)
	if field < 0 {
		return unknownField(name)
	}
	if m.headers[field] != "" {
		return fmt.Errorf("%s is named twice; leave one out", name)
	}
	for _, part := range []int{fieldFirstName, fieldLastName} {
		if field == fieldName && m.headers[part] != "" || field == part && m.headers[fieldName] != "" {
			return fmt.Errorf("name and %s exclude each other; leave one out", fieldNames[part])
		}
	}
	m.headers[field] = trim(header)
	return nil
}

// String returns what was added, in the order of the fields.
func (m Mapping) String() string {
	var parts []string
	for field, header := range m.headers {
		if header != "" {
			parts = append(parts, fieldNames[field]+"="+header)
		}
	}
	return strings.Join(parts, ",")
}

func unknownField(name string) error {
	best, found := 0, -1
	for field := range numFields {
		if d, near := slipOf(name, field); near && (found < 0 || d < best) {
			best, found = d, field
		}
	}
	if found >= 0 {
		return fmt.Errorf("there is no field %s (did you mean %s?)", name, fieldNames[found])
	}
	last := len(fieldNames) - 1
	return fmt.Errorf("there is no field %s; name %s or %s", name, strings.Join(fieldNames[:last], ", "), fieldNames[last])
}

// beats reports whether a field is not to be recognised: it is named, or what
// it would contradict is.
func (m *Mapping) beats(field int) bool {
	switch field {
	case fieldName:
		return m.headers[fieldName]+m.headers[fieldFirstName]+m.headers[fieldLastName] != ""
	case fieldFirstName, fieldLastName:
		return m.headers[fieldName]+m.headers[field] != ""
	}
	return m.headers[field] != ""
}

// useMapping takes the columns that are named.
func (t *headerTry) useMapping(opts Options) {
	for field, name := range opts.Map.headers {
		if name == "" {
			continue
		}
		column, err := t.named(field, name)
		if err != nil {
			t.err = err
			if opts.several { // what is good for this file may be wrong for another
				t.err.Hint += "; --map holds for all files: send those apart whose columns have other names"
			}
			return
		}
		if field != fieldCandidateID || opts.Resend {
			t.columns[field] = column
			t.known++
		}
	}
	if t.known > 0 && slices.ContainsFunc(t.header, isAddress) {
		// Numbers name the columns of a list without a header, whose first
		// person would be taken for one.
		t.err = noHeader()
	}
}

// named returns the column that is named for a field. Our own blocks have none
// but the id of a candidate who is to be sent to again.
func (t *headerTry) named(field int, name string) (int, *InputError) {
	mayBe := func(column int) bool { return field == fieldCandidateID || !t.ours[column] }
	if n, err := strconv.Atoi(strings.TrimPrefix(name, "#")); err == nil && name[0] == '#' && n >= 1 && n <= len(t.header) && mayBe(n-1) {
		return n - 1, nil
	}
	column := -1
	for i, h := range t.header {
		switch {
		case !mayBe(i) || normalHeader(h) != normalHeader(name):
		case column >= 0:
			return 0, &InputError{
				Message: fmt.Sprintf("%s names two columns, %d and %d", mapFlag(field, name), column+1, i+1),
				Hint:    fmt.Sprintf("give a number: %s", mapFlag(field, columnNumber(column))),
			}
		default:
			column = i
		}
	}
	if column >= 0 {
		return column, nil
	}
	err := &InputError{
		Message: fmt.Sprintf("%s names no column; found %s", mapFlag(field, name), t.found()),
		Hint:    fmt.Sprintf("name one of these, or its number, such as %s", mapFlag(field, columnNumber(0))),
	}
	if i := t.nearest(name, mayBe); i >= 0 {
		err.Hint = fmt.Sprintf("did you mean %q?", trim(t.header[i]))
	}
	return 0, err
}

// columnNumber is how --map names a column by its place.
func columnNumber(column int) string { return "#" + strconv.Itoa(column+1) }

// mapFlag is how a column is named on the command line, for a shell to read.
func mapFlag(field int, header string) string {
	value := fieldNames[field] + "=" + trim(header)
	if strings.ContainsFunc(value, func(r rune) bool { return !strings.ContainsRune("=#_-.", r) && !isWordRune(r) }) {
		value = "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
	return "--map " + value
}

func isWordRune(r rune) bool { return r < 0x80 && classes[r]&alphanumeric != 0 }

// guesses returns for the missing fields the flags that would name columns
// which look like them, and these columns.
func (t *headerTry) guesses(missing []int) (flags, columns []string) {
	for _, field := range missing {
		best, column := 0, -1
		for i, h := range t.header {
			if t.ours[i] || slices.Contains(t.columns[:], i) {
				continue
			}
			if d, near := slipOf(h, field); near && (column < 0 || d < best) {
				best, column = d, i
			}
		}
		if column >= 0 {
			flags = append(flags, mapFlag(field, t.header[column]))
			columns = append(columns, fmt.Sprintf("%q for %s", trim(t.header[column]), fieldNames[field]))
		}
	}
	return flags, columns
}

// nearest returns the column whose header is most like another, or -1, among
// those that it may be.
func (t *headerTry) nearest(header string, mayBe func(column int) bool) int {
	best, found := 0, -1
	for i, h := range t.header {
		if d, near := slip(normalHeader(header), normalHeader(h)); mayBe(i) && near && (found < 0 || d < best) {
			best, found = d, i
		}
	}
	return found
}

// slipOf is slip for a header and the alias of a field that is nearest to it.
func slipOf(header string, field int) (distance int, near bool) {
	for alias, of := range aliases {
		if of != field {
			continue
		}
		if d, ok := slip(normalHeader(header), alias); ok && (!near || d < distance) {
			distance, near = d, true
		}
	}
	return distance, near
}

// slip returns how far what was written is from what may have been meant, and
// whether a slip of the pen can be the reason.
func slip(written, meant string) (distance int, near bool) {
	distance = levenshtein.ComputeDistance(written, meant)
	return distance, distance <= min(2, (len(meant)+1)/3)
}

package main

import (
	"fmt"
	"strings"

	"bulkinvite/csvio"
)

// A takenColumn is a column that was taken for a field, of one of several files.
type takenColumn struct {
	File string `json:"file,omitempty"`
	csvio.Column
}

// addInput adds to a plan what is known of the input once it was gone over.
func (v *planView) addInput(in *csvio.Input) {
	v.warnings = append(v.warnings, in.Warnings()...)
	v.blankRows = in.BlankRows()
	for n, file := range in.Files() {
		for _, c := range file.Columns() {
			v.columns = append(v.columns, takenColumn{v.files.name(n), c})
		}
	}
}

// writeColumns shows which columns are taken for what, once for files
// that have them in common, and how many rows are left out.
func (v *planView) writeColumns(b *strings.Builder) {
	shown := map[string]bool{}
	for start := 0; start < len(v.columns); {
		var lines strings.Builder
		file := v.columns[start:]
		end := 0
		for end < len(file) && file[end].File == file[0].File {
			fmt.Fprintf(&lines, "column %q is taken for %s\n", file[end].Header, file[end].Field)
			end++
		}
		start += end
		if shown[lines.String()] {
			continue
		}
		shown[lines.String()] = true
		for _, c := range file[:end] {
			fmt.Fprintf(b, "%s\n", c)
		}
	}
	switch {
	case v.blankRows == 1:
		fmt.Fprintln(b, "1 row without any text is left out")
	case v.blankRows > 1:
		fmt.Fprintf(b, "%d rows without any text are left out\n", v.blankRows)
	}
}

// String says what the column is taken for, with what stands in it.
func (c takenColumn) String() string {
	text := fmt.Sprintf("column %q is taken for %s", c.Header, c.Field)
	if c.File != "" {
		text = c.File + ": " + text
	}
	if c.Sample == "" {
		return text + ", and is empty"
	}
	return text + fmt.Sprintf(", as in %q", c.Sample)
}

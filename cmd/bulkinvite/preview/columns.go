package preview

import (
	"fmt"
	"strings"

	"bulkinvite/batch/send"
)

// writeColumns shows which columns are read as what, once for files with the same
// columns, and how many rows are left out.
func (v *Plan) writeColumns(b *strings.Builder) {
	shown := map[string]bool{}
	for start := 0; start < len(v.Columns); {
		var lines strings.Builder
		file := v.Columns[start:]
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
			fmt.Fprintf(b, "%s\n", columnWords(c))
		}
	}
	switch {
	case v.BlankRows == 1:
		fmt.Fprintln(b, "1 row without any text is left out")
	case v.BlankRows > 1:
		fmt.Fprintf(b, "%d rows without any text are left out\n", v.BlankRows)
	}
}

// columnWords describes what a column is read as, with its first text.
func columnWords(c send.Column) string {
	text := fmt.Sprintf("column %q is taken for %s", c.Header, c.Field)
	if c.File != "" {
		text = c.File + ": " + text
	}
	if c.Sample == "" {
		return text + ", and is empty"
	}
	return text + fmt.Sprintf(", as in %q", c.Sample)
}

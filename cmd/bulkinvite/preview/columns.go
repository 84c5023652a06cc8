package preview

import (
	"fmt"
	"strings"

	"github.com/rs/zerolog"

	"bulkinvite/batch"
	"bulkinvite/csvio"
)

// A takenColumn is a column that was taken for a field, of one of several files.
type takenColumn struct {
	File string `json:"file,omitempty"`
	csvio.Column
}

// AddInput adds to a plan what is known of the input once it was gone over.
func (v *PlanView) AddInput(in *csvio.Input) {
	v.Warnings = append(v.Warnings, in.Warnings()...)
	v.BlankRows = in.BlankRows()
	for n, file := range in.Lists() {
		for _, c := range file.Columns() {
			v.columns = append(v.columns, takenColumn{v.files.name(n), c})
		}
	}
}

// writeColumns shows which columns are taken for what, once for files
// that have them in common, and how many rows are left out.
func (v *PlanView) writeColumns(b *strings.Builder) {
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
	case v.BlankRows == 1:
		fmt.Fprintln(b, "1 row without any text is left out")
	case v.BlankRows > 1:
		fmt.Fprintf(b, "%d rows without any text are left out\n", v.BlankRows)
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

// LogColumns tells which headers were taken for what, and what stands below them,
// so that nobody can be recognised: logs are read by more people than the list.
func LogColumns(log zerolog.Logger, level zerolog.Level, in *csvio.Input) {
	for _, file := range in.Lists() {
		columns, samples := zerolog.Dict(), zerolog.Dict()
		for _, c := range file.Columns() {
			columns.Str(c.Field, c.Header)
			samples.Str(c.Field, maskSample(c))
		}
		log.WithLevel(level).Str("input", file.Name()).Dict("columns", columns).Dict("samples", samples).
			Str("delimiter", string(file.Delimiter())).Msg("the columns are taken")
	}
}

// maskSample is the beginning of a name, and anything else without the addresses
// in it.
func maskSample(c csvio.Column) string {
	if runes := []rune(c.Sample); strings.HasSuffix(c.Field, "name") && len(runes) > 2 {
		return string(runes[:2]) + "***"
	}
	return batch.MaskText(c.Sample)
}

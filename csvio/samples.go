package csvio

import (
	"slices"
	"strings"
)

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

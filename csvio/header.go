package csvio

import (
	"slices"

	"github.com/gocarina/gocsv"
)

// A columnMap tells for each field the column that holds it, or -1.
type columnMap [numFields]int

func noColumns() (none columnMap) {
	for i := range none {
		none[i] = -1
	}
	return none
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

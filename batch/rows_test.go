package batch

import (
	"testing"

	"pgregory.net/rapid"
)

func TestRowListKeepsItsRows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOf(rapid.Uint32Max(10_000)).Draw(t, "rows")
		var l rowList
		distinct := map[uint32]bool{}
		for _, row := range rows {
			l.add(row)
			distinct[row] = true
		}
		var s rowSet
		s.addAll(&l)
		if s.size != len(distinct) {
			t.Fatalf("%d rows came back of %d", s.size, len(distinct))
		}
		for row := range distinct {
			s.remove(row)
		}
		if s.size != 0 {
			t.Fatalf("%d rows came back that were not put in", s.size)
		}
	})
}

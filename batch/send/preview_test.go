package send_test

import (
	"context"
	"errors"
	"testing"

	"bulkinvite/batch"
	"bulkinvite/batch/send"
)

func TestCheckOfABrokenInput(t *testing.T) {
	broken := errors.New("line 900000: quote is not closed")
	if _, err := send.CheckRows(t.Context(), []string{"people.csv"}, brokenSource{broken}, batch.DefaultOptions(), nil); !errors.Is(err, broken) {
		t.Errorf("error %v, want the input's", err)
	}
}

type brokenSource struct{ err error }

func (b brokenSource) Scan(context.Context, func(*batch.Row) error) error { return b.err }
func (b brokenSource) At(int64) (batch.Row, error)                        { return batch.Row{}, b.err }

package batch

import "testing"

func TestMaskText(t *testing.T) {
	got := MaskText(`refused: "ann.lee@example.com", Bo <b@x.co>`)
	if want := `refused: "an***@example.com", Bo <b***@x.co>`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

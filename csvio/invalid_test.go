package csvio

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// What cannot be sent is written as a run would have it among the failed rows.
func TestInvalidRowsAreFailedRows(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "invalid.csv")
	rapid.Check(t, func(rt *rapid.T) {
		var names []string
		for i := range rapid.IntRange(1, 3).Draw(rt, "files") {
			text, _ := drawTable(rt, rapid.SampledFrom([]rune(",;\t|")).Draw(rt, "delimiter"), rapid.Bool().Draw(rt, "CRLF"))
			names = append(names, filepath.Join(dir, string(rune('a'+i))+".csv"))
			if err := os.WriteFile(names[i], []byte(text), 0o600); err != nil {
				rt.Fatal(err)
			}
		}
		in, err := OpenAll(t.Context(), names, Options{})
		if err != nil {
			rt.Fatal(err)
		}
		defer in.Close()
		_, failed, want := outputTexts(t, in)
		invalid, err := NewInvalidRows(in, path)
		if err != nil {
			rt.Fatal(err)
		}
		counts, err := invalid.Write(t.Context())
		if err != nil || counts != want {
			rt.Fatalf("%+v, %v; want %+v", counts, err, want)
		}
		if diff := cmp.Diff(failed, readFile(t, path)); diff != "" {
			rt.Fatalf("(-failed +invalid):\n%s", diff)
		}
	})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestInvalidRowsDestroyNothing(t *testing.T) {
	in, err := Open(t.Context(), writeFile(t, "in.csv", head+"Ann,ann@x.co,iv\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	for path, want := range map[string]string{"in.csv": "is the input", ".": "is a folder", "nowhere/rows.csv": "cannot be written"} {
		if _, err := NewInvalidRows(in, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want one that says %q", path, err, want)
		}
	}
}

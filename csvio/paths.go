package csvio

import (
	"path/filepath"
	"slices"
	"strings"
)

// DefaultOutputs returns where the outputs of an input go if nothing else is
// said: beside it, named after it without its endings; for "-" into the
// current folder.
func DefaultOutputs(name string) (results, failed string) {
	base := "stdin"
	if name != "-" {
		base = withoutEnding(withoutEnding(name, ".gz", ".zst"), ".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm")
	}
	return base + ".results.csv", base + ".failed.csv"
}

// withoutEnding leaves a name alone that consists of nothing else.
func withoutEnding(name string, endings ...string) string {
	ext := filepath.Ext(name)
	if filepath.Base(name) == ext || !slices.Contains(endings, strings.ToLower(ext)) {
		return name
	}
	return strings.TrimSuffix(name, ext)
}

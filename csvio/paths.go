package csvio

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
)

// DefaultOutputs returns where the outputs of an input go if nothing else is
// said: beside it, named after it without its endings; for "-" into the
// current folder. The words, such as the name of a sheet, are put into both
// names; empty ones are left out.
func DefaultOutputs(name string, words ...string) (results, failed string) {
	base := "stdin"
	if name != "-" {
		base = withoutEnding(withoutEnding(name, ".gz", ".zst"), ".csv", ".tsv", ".tab", ".txt", ".xlsx", ".xlsm")
	}
	for _, word := range words {
		if word != "" {
			base += "." + fileWord(word)
		}
	}
	return base + ".results.csv", base + ".failed.csv"
}

// fileWord is a word as a part of a file's name.
func fileWord(word string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || !unicode.IsPrint(r) {
			return '_'
		}
		return r
	}, word)
}

// NumberedOutput returns the n-th name beside that of an output, in the way
// that file managers number copies; the first is the name itself.
func NumberedOutput(name string, n int) string {
	if n == 1 {
		return name
	}
	ext := filepath.Ext(name)
	return fmt.Sprintf("%s (%d)%s", strings.TrimSuffix(name, ext), n, ext)
}

// withoutEnding leaves a name alone that consists of nothing else.
func withoutEnding(name string, endings ...string) string {
	ext := filepath.Ext(name)
	if filepath.Base(name) == ext || !slices.Contains(endings, strings.ToLower(ext)) {
		return name
	}
	return strings.TrimSuffix(name, ext)
}

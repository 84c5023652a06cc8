package main

import (
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// layers are all packages, those at the top first. A package imports packages of
// the rows below its own alone.
var layers = [][]string{
	{"cmd/bulkinvite"},
	{
		"cmd/bulkinvite/send", "cmd/bulkinvite/check", "cmd/bulkinvite/confirm", "cmd/bulkinvite/audit", "cmd/bulkinvite/history",
		"cmd/bulkinvite/forget", "cmd/bulkinvite/sandbox", "cmd/bulkinvite/help",
	},
	{"cmd/bulkinvite/preview"},
	{"cmd/bulkinvite/app"},
	{"batch/send", "batch/confirm", "batch/audit"},
	{"batch/engine"},
	{"batch/lists", "batch/links", "batch/queue"},
	{"batch/judge"},
	{"batch/plan", "batch/outlet", "csvio", "batch/ledger", "batch/ledger/ledgertest", "batch/pgledger"},
	{"batch/ledger/history"},
	{"batch/ledger/rows", "batch/account"},
	{"batch", "client/sandbox"},
	{"client", "batch/file", "batch/pgledger/pgtest"},
}

// A listed package is one as the go command knows it.
type listed struct {
	name, folder string
	imports      []string // of ours
}

func listPackages(t *testing.T) (packages []listed) {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}} {{.Dir}} {{join .Imports " "}}`, "./...")
	cmd.Dir = top
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		p := listed{name: strings.TrimPrefix(words[0], "bulkinvite/"), folder: words[1]}
		for _, path := range words[2:] {
			if own, found := strings.CutPrefix(path, "bulkinvite/"); found {
				p.imports = append(p.imports, own)
			}
		}
		packages = append(packages, p)
	}
	return packages
}

func TestImportsPointDown(t *testing.T) {
	rows := map[string]int{}
	for row, names := range layers {
		for _, name := range names {
			rows[name] = row + 1
		}
	}
	for _, p := range listPackages(t) {
		if rows[p.name] == 0 {
			t.Errorf("%s is in no layer: give it one", p.name)
		}
		for _, path := range p.imports {
			if rows[path] <= rows[p.name] {
				t.Errorf("%s imports %s, which is not below it", p.name, path)
			}
		}
	}
}

// The first paragraph of a package's comment says what it is for, what it knows
// and what it must not know; that of main is the command's.
func TestPackagesSayWhatTheyKnow(t *testing.T) {
	three := regexp.MustCompile(`^Package \w+ .*\. It knows .*[.;] [Ii]t must not .*\.`)
	for _, p := range listPackages(t) {
		if p.name == "cmd/bulkinvite" {
			continue
		}
		files, err := filepath.Glob(filepath.Join(p.folder, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		said := ""
		for _, file := range files {
			parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.PackageClauseOnly)
			if err != nil {
				t.Fatal(err)
			}
			if said == "" && !strings.HasSuffix(file, "_test.go") {
				said = parsed.Doc.Text()
			}
		}
		first, _, _ := strings.Cut(said, "\n\n")
		if first = strings.Join(strings.Fields(first), " "); !three.MatchString(first) {
			t.Errorf("%s does not say what it is for, what it knows and what it must not know:\n%s", p.name, first)
		}
	}
}

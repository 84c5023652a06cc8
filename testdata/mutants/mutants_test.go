// Package mutants makes sure that the tests notice what they are there for. Each
// patch beside it makes the program wrong in one way; its head says which, and with
// what commands that is noticed, the quickest first. It knows nothing of the
// program but these patches.
package mutants

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
)

// A mutant is a patch with a head: a sentence, and below it lines "go test …", or
// one "not noticed: …" that says why no test can tell.
type mutant struct {
	name, patch string
	commands    []string
	excuse      string
}

func TestMutants(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	patches, err := filepath.Glob("*.patch")
	if err != nil || len(patches) == 0 {
		t.Fatal("no mutants: ", err)
	}
	var tried, noticed, excused atomic.Int64
	t.Run("each", func(t *testing.T) {
		for _, file := range patches {
			t.Run(strings.TrimSuffix(file, ".patch"), func(t *testing.T) {
				t.Parallel()
				m := readMutant(t, filepath.Join(root, "testdata/mutants", file))
				overlay := m.overlay(t, root)
				tried.Add(1)
				switch by := m.noticedBy(t, root, overlay); {
				case by != "":
					noticed.Add(1)
					t.Log(by)
				case m.excuse != "":
					excused.Add(1)
					t.Log("not noticed: " + m.excuse)
				default:
					t.Error("not noticed, and the patch does not say why")
				}
			})
		}
	})
	fmt.Printf("mutants: %d of %d noticed, %d not, for a reason\n", noticed.Load(), tried.Load(), excused.Load())
}

func readMutant(t *testing.T, patch string) mutant {
	t.Helper()
	text, err := os.ReadFile(patch)
	if err != nil {
		t.Fatal(err)
	}
	m := mutant{name: filepath.Base(patch), patch: patch}
	head, _, _ := strings.Cut(string(text), "\ndiff --git ")
	for line := range strings.Lines(head) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "go test ") {
			m.commands = append(m.commands, line)
		} else if why, ok := strings.CutPrefix(line, "not noticed: "); ok {
			m.excuse = why
		}
	}
	if (len(m.commands) == 0) == (m.excuse == "") {
		t.Fatal("the head must have lines that begin with \"go test \", or one that begins with \"not noticed: \"")
	}
	return m
}

// patched finds the files that a patch changes.
var patched = regexp.MustCompile(`(?m)^diff --git a/\S+ b/(\S+)$`)

// overlay applies the patch to copies of the files that it changes, and returns the
// name of a file that tells go to build with them. The tree stays as it is.
func (m *mutant) overlay(t *testing.T, root string) string {
	t.Helper()
	text, err := os.ReadFile(m.patch)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	replace := map[string]string{}
	for _, match := range patched.FindAllStringSubmatch(string(text), -1) {
		from, to := filepath.Join(root, match[1]), filepath.Join(folder, match[1])
		replace[from] = to
		source, err := os.ReadFile(from)
		if err != nil {
			t.Fatal("it does not apply any more: ", err)
		}
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, source, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	apply := exec.Command("git", "apply", "-C1", "--recount", m.patch)
	apply.Dir = folder
	if out, err := apply.CombinedOutput(); err != nil {
		t.Fatalf("it does not apply any more: %v\n%s", err, out)
	}
	overlay := filepath.Join(folder, "overlay.json")
	text, err = json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return overlay
}

// noticedBy returns the first of the commands that fails with the mutant, or "".
func (m *mutant) noticedBy(t *testing.T, root, overlay string) string {
	t.Helper()
	for _, command := range m.commands {
		args := strings.TrimPrefix(command, "go test ")
		cmd := exec.Command("sh", "-c", "go test -vet=off -timeout 3m -overlay '"+overlay+"' "+args)
		cmd.Dir = root
		out, err := cmd.CombinedOutput()
		said := string(out)
		switch {
		case strings.Contains(said, "no tests to run"), !strings.Contains(said, "FAIL") && err != nil, strings.Contains(said, "[build failed]"), strings.Contains(said, "[setup failed]"):
			t.Fatalf("%s: %v\n%s", command, err, said)
		case err != nil:
			return command
		}
	}
	return ""
}

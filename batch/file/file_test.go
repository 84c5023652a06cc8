package file_test

import (
	"os"
	"path/filepath"
	"testing"

	"bulkinvite/batch/file"
)

func TestSame(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a", "")
	for link, target := range map[string]string{"link": "a", "nowhere": "b", "folder": "."} {
		if err := os.Symlink(target, link); err != nil {
			t.Skip(err)
		}
	}
	for names, want := range map[[2]string]bool{
		{"a", "link"}: true, {"a", "./folder/a"}: true, {"b", "folder/b"}: true, {"a", "b"}: false, {"b", "c"}: false,
	} {
		if got := file.Same(names[0], names[1]); got != want {
			t.Errorf("%v: %v", names, got)
		}
	}
	if !file.LeadsNowhere("nowhere") || file.LeadsNowhere("link") || file.LeadsNowhere("a") || file.LeadsNowhere("b") {
		t.Error("which links lead nowhere is not known")
	}
	if got := file.Followed("folder/link"); filepath.Base(got) != "a" {
		t.Errorf("the link leads to %s", got)
	}
}

func TestReplace(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "a", "old")
	if err := os.Chmod("a", 0o666); err != nil {
		t.Fatal(err)
	}
	if err := file.Probe("a"); err != nil {
		t.Fatal(err)
	}
	if err := file.Replace("a", []byte("new"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat("a")
	if err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others can read it: %v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(".")
	if err != nil || len(entries) != 1 {
		t.Errorf("something is left beside it: %v, %v", entries, err)
	}
	if err := file.Probe("missing/a"); err == nil || file.Replace("missing/a", nil, 0o600) == nil {
		t.Error("a file can be made in a folder that is not there")
	}
}

func TestUnlinked(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	f, err := file.Unlinked("bulkinvite-test-")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if entries, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(entries) > 0 {
		t.Errorf("it has a name: %v, %v", entries, err)
	}
	t.Setenv("TMPDIR", "/nowhere")
	if _, err := file.Unlinked("bulkinvite-test-"); err == nil || file.Bare(err).Error() != "no such file or directory" {
		t.Errorf("%v", err)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

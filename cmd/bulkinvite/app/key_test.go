package app

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bulkinvite/batch"

	"github.com/rs/zerolog"
)

const secret = "sk_s3cr3t"

func write(t *testing.T, name, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestFindKey(t *testing.T) {
	dir := t.TempDir()
	credentials := filepath.Join(dir, "credentials")
	if err := os.Mkdir(credentials, 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(credentials, credentialName), secret+"\n", 0o440)
	private := write(t, filepath.Join(dir, "private"), secret+"\n", 0o600)
	public := write(t, filepath.Join(dir, "public"), secret, 0o644)
	empty := write(t, filepath.Join(dir, "empty"), "\n", 0o600)
	broken := write(t, filepath.Join(dir, "broken"), secret+"\nand more", 0o600)
	huge := write(t, filepath.Join(dir, "huge"), strings.Repeat("k", maxKeyFile+1), 0o600)

	tests := []struct {
		name    string
		file    string
		environ []string
		err     string // "" or what it must say
		warned  bool
	}{
		{name: "file", file: private},
		{name: "file that others can read", file: public, warned: true},
		{name: "systemd credential", environ: []string{"CREDENTIALS_DIRECTORY=" + credentials}},
		{name: "environment", environ: []string{"MICRO1_API_KEY=" + secret}},
		{name: "other credentials, then the environment", environ: []string{"CREDENTIALS_DIRECTORY=" + dir, "MICRO1_API_KEY=" + secret}},
		{name: "a named file does not fall back", file: empty, environ: []string{"MICRO1_API_KEY=" + secret}, err: "--api-key-file: the API key is empty"},
		{name: "none", err: "no API key"},
		{name: "none, empty", environ: []string{"MICRO1_API_KEY="}, err: "no API key"},
		{name: "the key in place of the file", file: secret, err: "--api-key-file"},
		{name: "folder", file: dir, err: "--api-key-file"},
		{name: "two lines", file: broken, err: "--api-key-file"},
		{name: "too long", file: huge, err: "no key"},
		{name: "two lines in the environment", environ: []string{"MICRO1_API_KEY=" + secret + "\nand more"}, err: "MICRO1_API_KEY"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var logged bytes.Buffer
			key, err := FindKey(test.file, test.environ, zerolog.New(&logged))
			if strings.Contains(logged.String(), secret) {
				t.Errorf("the log shows the key: %s", &logged)
			}
			if got := logged.Len() > 0; got != test.warned {
				t.Errorf("warned: %v, want %v: %s", got, test.warned, &logged)
			}
			if test.err == "" {
				if err != nil || key.IsZero() {
					t.Fatalf("no key: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Fatalf("error %v, must say %q", err, test.err)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error shows the key: %v", err)
			}
			if CodeOf(err) != batch.ExitUsage {
				t.Errorf("exit code %d, want %d", CodeOf(err), batch.ExitUsage)
			}
		})
	}
}

func TestNoKeyNamesEveryWay(t *testing.T) {
	_, err := FindKey("", nil, zerolog.Nop())
	if !errors.Is(err, errNoKey) {
		t.Fatal(err)
	}
	for _, way := range []string{"--api-key-file", credentialName, "MICRO1_API_KEY"} {
		if !strings.Contains(err.Error(), way) {
			t.Errorf("%q does not name %s", err, way)
		}
	}
}

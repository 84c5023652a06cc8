package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rs/zerolog"

	"bulkinvite/batch/file"
	"bulkinvite/client"
)

// credentialName is the name of the key among systemd's credentials.
const credentialName = "micro1-api-key"

// maxKeyFile is how many bytes of a key file are read at most.
const maxKeyFile = 4096

// errNoKey names every way of giving the key.
var errNoKey = errors.New("no API key; name a file that holds it with --api-key-file, " +
	"or give it as the systemd credential " + credentialName + ", or in the environment variable MICRO1_API_KEY")

// FindKey reads the API key from keyFile if that is set, else from systemd's
// credentials, else from the environment. A named place without a key is an error:
// the key of the next place may belong to another account.
func FindKey(keyFile string, environ []string, log zerolog.Logger) (client.Key, error) {
	var none client.Key
	if keyFile != "" {
		return namedKey(keyFile, log)
	}
	if dir := lookup(environ, "CREDENTIALS_DIRECTORY"); dir != "" {
		text, _, err := readKeyFile(filepath.Join(dir, credentialName))
		switch {
		case err == nil:
			return parseKey("the systemd credential "+credentialName, text)
		case !errors.Is(err, fs.ErrNotExist):
			return none, Refusef("the systemd credential %s: %w", credentialName, err)
		}
	}
	if text := lookup(environ, "MICRO1_API_KEY"); text != "" {
		return parseKey("MICRO1_API_KEY", text)
	}
	return none, Refuse(errNoKey)
}

// namedKey reads the file of --api-key-file. Its errors do not repeat the name,
// because people give the key itself there.
func namedKey(name string, log zerolog.Logger) (client.Key, error) {
	text, mode, err := readKeyFile(name)
	if err != nil {
		var none client.Key
		return none, Refusef("--api-key-file: %w; it takes the name of a file that holds the key, not the key", err)
	}
	if mode.IsRegular() && mode.Perm()&0o044 != 0 {
		log.Warn().Stringer("mode", mode.Perm()).Msg("other users can read the API key file; chmod 600 it")
	}
	return parseKey("--api-key-file", text)
}

// readKeyFile reads a file, or a pipe such as a shell's <(…). Its errors leave
// out the name.
func readKeyFile(name string) (string, fs.FileMode, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, file.Bare(err)
	}
	defer func() { _ = f.Close() }() // only read from
	info, err := f.Stat()
	if err != nil {
		return "", 0, file.Bare(err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	switch {
	case err != nil:
		return "", 0, file.Bare(err)
	case len(text) > maxKeyFile:
		return "", 0, fmt.Errorf("more than %d bytes: that is no key", maxKeyFile)
	}
	return string(text), info.Mode(), nil
}

func parseKey(source, text string) (client.Key, error) {
	key, err := client.NewKey(text)
	if err != nil {
		return key, Refusef("%s: %w", source, err)
	}
	return key, nil
}

// Package file is for what all parts of the program do with files of their own:
// to write one whole or not at all, to make its name last, and to keep a copy that
// nobody else can open. It knows the file system, symbolic links and what a power
// cut takes away. It must not know what is in a file, nor which flag named it.
package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/renameio/v2"
)

// Bare returns what lies beneath an error about a file, without operation and
// path: our own messages name them.
func Bare(err error) error {
	if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// Exists reports whether anything is called so, a link that leads nowhere too.
func Exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// Absolute returns the path of a file, whose folders need not exist, from the
// root on.
func Absolute(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}

// Real returns the path of a file, which need not exist, in its real folder.
func Real(name string) string {
	folder, err := filepath.EvalSymlinks(filepath.Dir(name))
	if err != nil {
		folder = filepath.Dir(name)
	}
	return filepath.Join(Absolute(folder), filepath.Base(name))
}

// Followed returns where a symbolic link leads, so that it is not the link
// that is replaced.
func Followed(name string) string {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		return target
	}
	return name
}

// LeadsNowhere reports whether a name is that of a symbolic link whose target is
// missing. It must not be replaced: of a pipe, /dev/stdout is one.
func LeadsNowhere(name string) bool {
	info, err := os.Lstat(name)
	if err != nil || info.Mode().Type() != fs.ModeSymlink {
		return false
	}
	_, err = os.Stat(name)
	return err != nil
}

// Same reports whether two names mean one file, which need not exist yet.
func Same(a, b string) bool {
	if infoA, err := os.Stat(a); err == nil {
		infoB, err := os.Stat(b)
		return err == nil && os.SameFile(infoA, infoB)
	}
	return Real(a) == Real(b)
}

// Probe returns why no file with this name can be made or replaced in its folder,
// which it tries with another name.
func Probe(name string) error {
	probe, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".probe-")
	if err != nil {
		return err
	}
	_ = probe.Close() // nothing was written
	return os.Remove(probe.Name())
}

// Unlinked returns an empty file of the owner's alone that has no name any more,
// so that nothing is left of it whatever ends the process.
func Unlinked(pattern string) (*os.File, error) {
	f, err := os.CreateTemp("", pattern)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Pending returns a file that takes the place of the one with this name once it is
// whole. The mode is not that of the one that is there, which others may read.
func Pending(name string, mode fs.FileMode) (*renameio.PendingFile, error) {
	// Never in $TMPDIR: a rename works within one disk only.
	return renameio.NewPendingFile(name, renameio.WithTempDir(filepath.Dir(name)), renameio.WithStaticPermissions(mode))
}

// Replace writes a file, whole or not at all, and durably.
func Replace(name string, text []byte, mode fs.FileMode) error {
	f, err := Pending(name, mode)
	if err != nil {
		return err
	}
	defer func() { _ = f.Cleanup() }() // there is nothing to clean up once it is in place
	if _, err := f.Write(text); err != nil {
		return err
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return err
	}
	return SyncFolder(name)
}

// SyncFolder makes the names in the folder of a file durable, where the file
// system can: without it, a power cut could take away a file whose contents were
// synced.
func SyncFolder(name string) error {
	folder, err := os.Open(filepath.Dir(name))
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := folder.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

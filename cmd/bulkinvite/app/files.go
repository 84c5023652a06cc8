package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"

	"bulkinvite/csvio"
)

// Exists reports whether anything is called so, a link that leads nowhere too.
func Exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}

// Bare takes the file's name off an error.
func Bare(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// Absolute returns the path of a file, whose folders need not exist, from the
// root on.
func Absolute(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return name
}

// SameFile reports whether two names mean one file, which need not exist yet.
func SameFile(a, b string) bool {
	if infoA, err := os.Stat(a); err == nil {
		infoB, err := os.Stat(b)
		return err == nil && os.SameFile(infoA, infoB)
	}
	return RealPath(a) == RealPath(b)
}

// RealPath follows the links of a name's folder: the file may be missing.
func RealPath(name string) string {
	folder, err := filepath.EvalSymlinks(filepath.Dir(name))
	if err != nil {
		folder = filepath.Dir(name)
	}
	return filepath.Join(Absolute(folder), filepath.Base(name))
}

// CheckWritable makes sure that the file that a flag names can be written by
// ReplaceFile.
func CheckWritable(flag, name string) error {
	if err := CheckReplaceable(flag, name); err != nil {
		return err
	}
	target := Followed(name)
	f, err := os.CreateTemp(filepath.Dir(target), ".bulkinvite-*")
	if err != nil {
		return Refusef("--%s %s cannot be written: %w; name a file in another folder", flag, name, Bare(err))
	}
	_ = f.Close() // nothing was written
	return os.Remove(f.Name())
}

// CheckReplaceable makes sure that the file that a flag names can be put in the
// place of what is there.
func CheckReplaceable(flag, name string) error {
	target := Followed(name)
	if info, err := os.Stat(target); err == nil && !info.Mode().IsRegular() { // it would be replaced by a file: /dev/null too
		return Refusef("--%s %s is not a regular file; name one", flag, name)
	}
	if info, err := os.Lstat(target); err == nil && info.Mode().Type() == fs.ModeSymlink { // and so would the link
		return Refusef("--%s %s is a symbolic link that leads nowhere; name the file itself", flag, name)
	}
	return nil
}

// Followed returns where a symbolic link leads, so that it is not the link
// that is replaced.
func Followed(name string) string {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		return target
	}
	return name
}

// ReplaceFile writes a file, whole or not at all, and durably. It is not
// renameio.WriteFile, which keeps the mode of an existing file, and others may
// read that.
func ReplaceFile(name string, text []byte, mode fs.FileMode) error {
	// Without WithTempDir the temporary file may be on another disk than the
	// target, which cannot be replaced from there.
	f, err := renameio.NewPendingFile(name, renameio.WithTempDir(filepath.Dir(name)), renameio.WithStaticPermissions(mode))
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
	return csvio.SyncFolder(filepath.Dir(name))
}

package app

import (
	"os"

	"bulkinvite/batch/file"
)

// CheckWritable makes sure that the file that a flag names can be written by
// file.Replace.
func CheckWritable(flag, name string) error {
	if err := CheckReplaceable(flag, name); err != nil {
		return err
	}
	if err := file.Probe(file.Followed(name)); err != nil {
		return Refusef("--%s %s cannot be written: %w; name a file in another folder", flag, name, file.Bare(err))
	}
	return nil
}

// CheckReplaceable makes sure that the file that a flag names can be put in the
// place of what is there.
func CheckReplaceable(flag, name string) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() { // it would be replaced by a file: /dev/null too
		return Refusef("--%s %s is not a regular file; name one", flag, name)
	}
	if file.LeadsNowhere(name) { // it would be replaced itself
		return Refusef("--%s %s is a symbolic link that leads nowhere; name the file itself", flag, name)
	}
	return nil
}

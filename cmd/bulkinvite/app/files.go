package app

import (
	"os"

	"bulkinvite/batch/file"
)

// CheckWritable refuses a file of a flag that file.Replace could not write.
func CheckWritable(flag, name string) error {
	if err := CheckReplaceable(flag, name); err != nil {
		return err
	}
	if err := file.Probe(file.Followed(name)); err != nil {
		return Refusef("--%s %s cannot be written: %w; name a file in another folder", flag, name, file.Bare(err))
	}
	return nil
}

// CheckReplaceable refuses a file of a flag that a file must not replace.
func CheckReplaceable(flag, name string) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() { // /dev/null would become a file
		return Refusef("--%s %s is not a regular file; name one", flag, name)
	}
	if file.LeadsNowhere(name) { // the link itself would be replaced
		return Refusef("--%s %s is a symbolic link that leads nowhere; name the file itself", flag, name)
	}
	return nil
}

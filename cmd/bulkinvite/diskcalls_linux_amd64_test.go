//go:build long

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// What package syscall lacks, of the calls that change files, and of their paths.
const (
	sysPwritev2      = 328
	sysCopyFileRange = 326
	pathMax          = 4096
)

// strangers are calls that change a file in ways that the disk knows nothing of,
// with the argument that is the file.
var strangers = map[uint64]int{
	syscall.SYS_WRITEV: 0, syscall.SYS_PWRITEV: 0, sysPwritev2: 0, syscall.SYS_FALLOCATE: 0,
	syscall.SYS_SENDFILE: 0, syscall.SYS_SPLICE: 2, sysCopyFileRange: 2,
}

// begins looks at a call that is about to begin.
func (d *disk) begins(pid, tid int, info *syscallInfo) {
	open := descriptor(pid, info.args[0])
	switch info.number {
	case syscall.SYS_WRITE, syscall.SYS_PWRITE64:
		d.write(pid, tid, info, open)
	case syscall.SYS_FTRUNCATE:
		if path, f := d.opened(open); f != nil {
			d.changes(path)
			d.under[tid] = func(int64) { f.written(theSize) }
		}
	case syscall.SYS_FSYNC, syscall.SYS_FDATASYNC:
		d.sync(tid, open)
	case syscall.SYS_RENAME:
		d.rename(tid, d.text(pid, info.args[1]))
	case syscall.SYS_RENAMEAT, sysRenameat2:
		d.rename(tid, d.text(pid, info.args[3]))
	case syscall.SYS_UNLINK:
		d.unlink(tid, d.text(pid, info.args[0]))
	case syscall.SYS_UNLINKAT:
		d.unlink(tid, d.text(pid, info.args[1]))
	case syscall.SYS_MMAP:
		d.mmap(pid, info)
	default:
		if at, strange := strangers[info.number]; strange {
			if path, f := d.opened(descriptor(pid, info.args[at])); f != nil {
				d.fault("the disk does not know call %d, on %s", info.number, path)
			}
		}
	}
}

// descriptor returns where a file lies that the process has open.
func descriptor(pid int, fd uint64) string { return fmt.Sprintf("/proc/%d/fd/%d", pid, int32(fd)) }

// returns lets a call have done what it does.
func (d *disk) returns(tid int, result int64) {
	if done := d.under[tid]; done != nil {
		delete(d.under, tid)
		done(result)
	}
}

// skips takes a call for one that was never made.
func (d *disk) skips(tid int) { delete(d.under, tid) }

// opened returns the path of an open file below the folder, and the file; nil if
// it is something else, or has no name any more.
func (d *disk) opened(open string) (string, *inode) {
	path, err := os.Readlink(open)
	if err != nil || path != d.folder && !strings.HasPrefix(path, d.folder+"/") {
		return path, nil
	}
	return path, d.file(open)
}

// write looks at what is written, to a socket too.
func (d *disk) write(pid, tid int, info *syscallInfo, open string) {
	path, f := d.opened(open)
	if strings.HasPrefix(path, "socket:") {
		d.leaves(d.memory(pid, info.args[1], int(info.args[2])))
	}
	if f == nil {
		return
	}
	d.changes(path)
	if d.names[path] == nil && path == filepath.Join(d.folder, d.ledger+"-wal") {
		d.fault("%s is written before its folder is synced", path)
	}
	d.under[tid] = func(n int64) {
		at := int64(info.args[3])
		if info.number == syscall.SYS_WRITE {
			at = d.position(pid, int32(info.args[0])) - n
		}
		for page := at / pageSize; n > 0 && page <= (at+n-1)/pageSize; page++ {
			f.written(page)
		}
	}
}

// position returns where in an open file the next write goes.
func (d *disk) position(pid int, fd int32) (at int64) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", pid, fd))
	if err == nil {
		_, err = fmt.Sscanf(string(text), "pos: %d", &at)
	}
	if err != nil {
		d.Fatal(err)
	}
	return at
}

// absolute makes a path of the process, which works in the folder, absolute.
func (d *disk) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(d.folder, path)
}

// mmap refuses what could be written without any call.
func (d *disk) mmap(pid int, info *syscallInfo) {
	if info.args[2]&syscall.PROT_WRITE == 0 || info.args[3]&syscall.MAP_SHARED == 0 || info.args[3]&syscall.MAP_ANON != 0 {
		return
	}
	path, f := d.opened(descriptor(pid, info.args[4]))
	if f != nil && !mayLag(path) {
		d.fault("the disk does not see what is written to %s through memory", path)
	}
}

// memory returns what the process has at an address.
func (d *disk) memory(pid int, at uint64, size int) []byte {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		d.Fatal(err)
	}
	defer f.Close()
	data := make([]byte, size)
	n, err := f.ReadAt(data, int64(at))
	if err != nil && n == 0 {
		d.Fatal(err)
	}
	return data[:n]
}

// text returns the string at an address.
func (d *disk) text(pid int, at uint64) string {
	text, _, found := bytes.Cut(d.memory(pid, at, pathMax), []byte{0})
	if !found {
		d.Fatal("a path without an end")
	}
	return string(text)
}

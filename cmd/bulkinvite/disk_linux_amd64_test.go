//go:build long

package main

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// A disk is what a power cut would leave of a folder, by the calls of the one
// process that a tracer watches: of each file the pages that were synced, under
// the names that were there when its folder was. What was written, but not yet
// synced, is lost whole: the least that a program can rely on. After a sync that
// failed it is lost for good, though the program still reads it: a later sync
// finds nothing to write, as in the kernel.
type disk struct {
	*testing.T
	folder string
	ledger string            // in it
	files  map[uint64]*inode // by inode
	names  map[string]*inode // the names that last
	gone   map[string]*inode // the names that a failed sync has lost

	under   map[int]func(result int64) // by thread: what its call does when it returns
	renamed string                     // the file whose new name was not synced yet, or ""
	sent    int                        // people in what has left
	lost    bool                       // a sync that had something to do has failed
	faults  []string                   // what the process must not have done
}

// An inode is a file whatever its name. A folder is one, too, which has no content.
type inode struct {
	folder bool
	kept   []byte        // what a power cut leaves
	dirty  map[int64]int // the pages that were not synced yet, and the number of the write that came last
	writes int
}

const (
	pageSize = 4096
	theSize  = -1 // stands among the dirty pages for the size
)

func (f *inode) written(page int64) {
	f.writes++
	f.dirty[page] = f.writes
}

// newDisk returns the disk of a folder with a ledger, whose files all last.
func newDisk(t *testing.T, folder, ledger string) *disk {
	t.Helper()
	folder, err := filepath.EvalSymlinks(folder)
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{T: t, folder: folder, ledger: ledger, files: map[uint64]*inode{}, gone: map[string]*inode{}, under: map[int]func(int64){}}
	d.names = d.list(folder)
	for path, f := range d.names {
		f.kept = d.read(path)
	}
	return d
}

// list returns the files below a folder, and the folders.
func (d *disk) list(folder string) map[string]*inode {
	names := map[string]*inode{}
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if path == folder || errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if f := d.file(path); f != nil { // another thread may have removed it
			names[path] = f
		}
		return nil
	})
	if err != nil {
		d.Fatal(err)
	}
	return names
}

// file returns a file by a path, which may be one of /proc, or nil if it has no
// name any more.
func (d *disk) file(path string) *inode {
	var stat syscall.Stat_t
	err := syscall.Stat(path, &stat)
	if errors.Is(err, fs.ErrNotExist) || err == nil && stat.Nlink == 0 {
		return nil
	}
	if err != nil {
		d.Fatal(err)
	}
	if d.files[stat.Ino] == nil {
		d.files[stat.Ino] = &inode{folder: stat.Mode&syscall.S_IFMT == syscall.S_IFDIR, dirty: map[int64]int{}}
	}
	return d.files[stat.Ino]
}

// read returns what a process would read of a file; nothing of a folder.
func (d *disk) read(path string) []byte {
	content, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, syscall.EISDIR) {
		d.Fatal(err)
	}
	return content
}

func (d *disk) fault(format string, args ...any) {
	d.faults = append(d.faults, fmt.Sprintf(format, args...))
}

// sync makes a file last as it is when the call begins, if the call succeeds.
func (d *disk) sync(tid int, open string) {
	path, f := d.opened(open)
	if f == nil {
		return
	}
	if f.folder {
		d.syncFolder(tid, path)
		return
	}
	content, dirty := d.read(open), maps.Clone(f.dirty)
	d.under[tid] = func(result int64) {
		if result == 0 {
			f.keep(content, dirty)
		} else {
			d.lost = d.lost || len(dirty) > 0
		}
		maps.DeleteFunc(f.dirty, func(page int64, write int) bool { return dirty[page] == write })
	}
}

// keep makes the size of the content last, and its dirty pages.
func (f *inode) keep(content []byte, dirty map[int64]int) {
	kept := make([]byte, len(content))
	copy(kept, f.kept)
	for page := range dirty {
		if at := page * pageSize; at >= 0 && at < int64(len(content)) {
			copy(kept[at:min(at+pageSize, int64(len(content)))], content[at:])
		}
	}
	f.kept = kept
}

// syncFolder makes the names in a folder last, if the call succeeds.
func (d *disk) syncFolder(tid int, folder string) {
	in := func(path string, _ *inode) bool { return filepath.Dir(path) == folder }
	now := d.list(folder)
	maps.DeleteFunc(now, func(path string, f *inode) bool { return !in(path, f) || d.gone[path] == f })
	d.under[tid] = func(result int64) {
		if filepath.Dir(d.renamed) == folder {
			d.renamed = ""
		}
		if result == 0 {
			maps.DeleteFunc(d.names, in)
			maps.Copy(d.names, now)
			return
		}
		for path, f := range now {
			if d.names[path] != f {
				d.gone[path] = f
				d.lost = d.lost || !passing(path)
			}
		}
	}
}

// passing reports whether a file has a name that need not last: that of a
// temporary file, of the lock, and of what SQLite shares with readers.
func passing(path string) bool {
	return strings.HasPrefix(filepath.Base(path), ".") || strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, ".lock")
}

// rename notes what a file is called from now on. Nothing else in the folder may
// wait to be synced: what was written before it must not be lost when it is not.
func (d *disk) rename(tid int, to string) {
	to = d.absolute(to)
	d.changes(to)
	for path, f := range d.list(d.folder) {
		if len(f.dirty) > 0 && !mayLag(path) {
			d.fault("%s was not synced when %s got its name", filepath.Base(path), filepath.Base(to))
		}
	}
	replaced := d.number(to)
	d.under[tid] = func(result int64) {
		if result == 0 {
			d.renamed = to
			delete(d.files, replaced)
		}
	}
}

// unlink forgets an inode, whose number is free for another file.
func (d *disk) unlink(tid int, path string) {
	removed := d.number(d.absolute(path))
	d.under[tid] = func(result int64) {
		if result == 0 {
			delete(d.files, removed)
		}
	}
}

// number returns the number of a file, or 0 if there is none.
func (d *disk) number(path string) uint64 {
	var stat syscall.Stat_t
	if err := syscall.Lstat(path, &stat); err != nil {
		return 0
	}
	return stat.Ino
}

// changes notes that something in the folder is about to change.
func (d *disk) changes(path string) {
	if d.renamed != "" && !mayLag(path) {
		d.fault("%s changes before the new name of %s is synced", filepath.Base(path), filepath.Base(d.renamed))
		d.renamed = ""
	}
}

// mayLag reports whether a file may last later than what is written behind it:
// what SQLite shares with readers is made anew after a power cut, the lock has
// nothing in it, and the witness of a ledger may lag behind it.
func mayLag(path string) bool {
	return strings.HasSuffix(path, "-shm") || strings.HasSuffix(path, ".lock") || strings.HasSuffix(path, ".last")
}

// somebody is an address of a night's people.
var somebody = regexp.MustCompile(`p\d+@example\.com`)

// leaves looks at what is about to be sent. If the power went now, the ledger
// would have to know everybody who is named in it.
func (d *disk) leaves(data []byte) {
	people := somebody.FindAllString(string(data), -1)
	if len(people) == 0 {
		return
	}
	d.sent += len(people)
	known, err := d.claimed()
	if err != nil {
		d.fault("after a power cut at a request the ledger cannot be read: %v", err)
		return
	}
	for _, p := range people {
		if !slices.Contains(known, p) {
			d.fault("after a power cut at a request the ledger does not know %s, who is in it", p)
		}
	}
}

// claimed returns whom the ledger would know after a power cut.
func (d *disk) claimed() ([]string, error) {
	folder := d.TempDir()
	d.restore(folder)
	db, err := sql.Open("sqlite", filepath.Join(folder, d.ledger))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var people string
	err = db.QueryRow("select coalesce(group_concat(people), '') from requests").Scan(&people)
	return somebody.FindAllString(people, -1), err
}

// restore writes what a power cut would leave into an empty folder.
func (d *disk) restore(folder string) {
	for _, path := range slices.Sorted(maps.Keys(d.names)) { // a folder comes before what is in it
		to := filepath.Join(folder, strings.TrimPrefix(path, d.folder))
		var err error
		if d.names[path].folder {
			err = os.Mkdir(to, 0o700)
		} else {
			err = os.WriteFile(to, d.names[path].kept, 0o600)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // without its folder it is lost
			d.Fatal(err)
		}
	}
}

// ended looks at what a run leaves that says that it has done its work: nothing
// of that may be lost any more.
func (d *disk) ended() {
	if d.renamed != "" {
		d.fault("the new name of %s was never synced", filepath.Base(d.renamed))
	}
	for path, f := range d.list(d.folder) {
		if d.names[path] != f && !passing(path) {
			d.fault("the name of %s does not last", filepath.Base(path))
		}
		if !bytes.Equal(d.read(path), f.kept) {
			d.fault("what is in %s does not last", filepath.Base(path))
		}
	}
}

//go:build long

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"bulkinvite/batch"
)

// A strike is what befalls a process at one of the system calls by which it
// changes files. They are counted over all threads of the process, and one
// strikes at exactly the call that it names.
type strike struct {
	at    int               // the number of the call, from 1
	after bool              // when the call has returned, and not before it begins
	fails syscall.Errno     // this and all later calls fail so; 0: the process is killed
	skips bool              // they are not made and return as if they were
	once  bool              // the later calls are made as ever
	syncs bool              // only fsync and fdatasync count
	on    func(string) bool // only calls on files with such paths count; nil: all
}

// kills reports whether the process is killed, and its calls left as they are.
func (s *strike) kills() bool { return s.fails == 0 && !s.skips }

// hits reports whether the call of this number is struck.
func (s *strike) hits(call int) bool {
	return call == s.at || call > s.at && s.at > 0 && !s.kills() && !s.once
}

// changes are the system calls that are counted: those that write, and those
// that make what was written durable or put it into its place.
var changes = map[uint64]struct{ onFile bool }{
	syscall.SYS_WRITE: {true}, syscall.SYS_PWRITE64: {true}, syscall.SYS_FSYNC: {true},
	syscall.SYS_FDATASYNC: {true}, syscall.SYS_FTRUNCATE: {true},
	syscall.SYS_RENAME: {}, syscall.SYS_RENAMEAT: {}, sysRenameat2: {},
	syscall.SYS_UNLINK: {}, syscall.SYS_UNLINKAT: {},
}

// What package syscall lacks.
const (
	sysRenameat2         = 316
	ptraceGetSyscallInfo = 0x420e
	ptraceExitKill       = 0x100000
	waitNoThread         = 0x20000000
)

// A tracer watches one process through ptrace.
type tracer struct {
	t       *testing.T
	strike  strike
	disk    *disk // learns of all calls; may be nil
	pid     int
	calls   int
	waiting map[int]bool // threads in the call that is struck when it returns
}

// struck runs a program, with the strike, to its end, and returns how it ended
// and how many calls were counted. A disk, if there is one, learns of all calls.
func struck(t *testing.T, cmd *exec.Cmd, s strike, d *disk) (syscall.WaitStatus, int) {
	t.Helper()
	// A tracer is a thread. The program and its threads are a group of their own,
	// so that they can be waited for without what else this thread has started.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true}
	if err := cmd.Start(); errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.ENOSYS) {
		t.Skipf("ptrace is forbidden here: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Release() }() // it was waited for
	tr := &tracer{t: t, strike: s, disk: d, pid: cmd.Process.Pid, waiting: map[int]bool{}}
	return tr.run(), tr.calls
}

func (tr *tracer) run() syscall.WaitStatus {
	tr.t.Helper()
	for first := true; ; first = false {
		var status syscall.WaitStatus
		tid, err := syscall.Wait4(-tr.pid, &status, syscall.WALL|waitNoThread, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			tr.t.Fatalf("wait: %v", err)
		}
		if tid == tr.pid && (status.Exited() || status.Signaled()) {
			return status
		}
		if !status.Stopped() {
			continue // a thread has ended
		}
		if first {
			options := syscall.PTRACE_O_TRACECLONE | syscall.PTRACE_O_TRACESYSGOOD | ptraceExitKill
			if err := syscall.PtraceSetOptions(tid, options); err != nil {
				tr.t.Skipf("ptrace is forbidden here: %v", err)
			}
		}
		tr.resume(tid, tr.stopped(tid, status))
	}
}

// resume lets a thread go on to its next system call, with a signal. It may be
// gone: killed, but not yet waited for.
func (tr *tracer) resume(tid, sig int) {
	if err := syscall.PtraceSyscall(tid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		tr.t.Fatalf("resume: %v", err)
	}
}

// stopped deals with a thread that has stopped, and returns the signal that it
// is to get.
func (tr *tracer) stopped(tid int, status syscall.WaitStatus) int {
	switch sig := status.StopSignal(); sig {
	case syscall.SIGTRAP | 0x80:
		tr.systemCall(tid)
		return 0
	case syscall.SIGTRAP, syscall.SIGSTOP: // it has started, or started a thread
		return 0
	default:
		return int(sig)
	}
}

// syscallInfo is the kernel's ptrace_syscall_info.
type syscallInfo struct {
	op     uint8 // 1: the call begins, 2: it returns
	_      [23]byte
	number uint64 // what it returns, if it does
	args   [6]uint64
	_      [64]byte
}

func (tr *tracer) systemCall(tid int) {
	var info syscallInfo
	_, _, errno := syscall.Syscall6(syscall.SYS_PTRACE, ptraceGetSyscallInfo, uintptr(tid),
		unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	switch {
	case errno == syscall.ESRCH: // it was killed
	case errno != 0:
		tr.t.Skipf("ptrace tells nothing of system calls here: %v", errno)
	case info.op == 1:
		if tr.disk != nil {
			tr.disk.begins(tr.pid, tid, &info)
		}
		tr.begins(tid, &info)
	case info.op == 2:
		tr.returns(tid, int64(info.number))
	}
}

// returns tells the disk what a call has done, and lets a thread see what the
// strike makes of it.
func (tr *tracer) returns(tid int, result int64) {
	if tr.waiting[tid] {
		delete(tr.waiting, tid)
		result = -int64(tr.strike.fails)
		tr.hit(tid, func(regs *syscall.PtraceRegs) { regs.Rax = uint64(result) })
	}
	if tr.disk != nil {
		tr.disk.returns(tid, result)
	}
}

// begins counts a call that is about to begin.
func (tr *tracer) begins(tid int, info *syscallInfo) {
	call, counted := changes[info.number]
	if !counted || tr.strike.syncs && !isSync(info.number) {
		return
	}
	path := tr.path(info, call.onFile)
	if path == "" || tr.strike.on != nil && !tr.strike.on(path) {
		return
	}
	tr.calls++
	switch {
	case !tr.strike.hits(tr.calls):
	case !tr.strike.kills():
		tr.waiting[tid] = true
		if tr.disk != nil && tr.strike.skips {
			tr.disk.skips(tid)
		}
		tr.hit(tid, func(regs *syscall.PtraceRegs) { regs.Orig_rax = ^uint64(0) }) // no such call: nothing is done
	case tr.strike.after:
		tr.waiting[tid] = true
	default:
		tr.hit(tid, nil)
	}
}

func isSync(call uint64) bool { return call == syscall.SYS_FSYNC || call == syscall.SYS_FDATASYNC }

// hit kills the process, or changes the call of a thread.
func (tr *tracer) hit(tid int, change func(*syscall.PtraceRegs)) {
	if tr.strike.kills() {
		_ = syscall.Kill(tr.pid, syscall.SIGKILL) // it is ours, and not waited for yet
		return
	}
	var regs syscall.PtraceRegs
	err := syscall.PtraceGetRegs(tid, &regs)
	if err == nil {
		change(&regs)
		err = syscall.PtraceSetRegs(tid, &regs)
	}
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		tr.t.Fatalf("registers: %v", err)
	}
}

// path returns the file that a call is about, or "" if it is none.
func (tr *tracer) path(info *syscallInfo, onFile bool) string {
	if !onFile {
		return "a name"
	}
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tr.pid, info.args[0]))
	if err != nil || path[0] != '/' || path == os.DevNull {
		return "" // a socket, a pipe
	}
	return path
}

// A thread that traces may have started the program of another test before: what
// came of that one is not the tracer's to fetch.
func TestLongTracerLeavesOtherPrograms(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	program, err := exec.LookPath("bulkinvite")
	if err != nil {
		t.Fatal(err)
	}
	other := exec.Command(program, "--version")
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // the first may end before the other has
		if status, _ := struck(t, exec.Command(program, "--version"), strike{}, nil); status.ExitStatus() != batch.ExitOK {
			t.Errorf("the traced program ended with %d", status.ExitStatus())
		}
	}
	if err := other.Wait(); err != nil {
		t.Errorf("waiting for the other program: %v", err)
	}
}

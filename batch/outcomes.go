package batch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// outcomes keeps what became of each row until the outputs are written, in an
// unlinked temporary file: a million links do not belong in memory, and the
// index needs only the place of each.
type outcomes struct {
	file *os.File

	mu      sync.Mutex
	buf     []byte // not yet written; begins at flushed
	flushed int64
}

// flushAt is the size of a write to the outcomes file, in bytes.
const flushAt = 64 << 10

// A known is an outcome with what the engine has to remember beside it.
type known struct {
	Outcome
	offset   int64 // of the row in the input
	wantLink bool  // the link is not known and is to be fetched
}

func newOutcomes() (*outcomes, error) {
	file, err := os.CreateTemp("", "bulkinvite-outcomes-*") // 0600
	if err != nil {
		return nil, fmt.Errorf("create a temporary file for outcomes: %w", err)
	}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &outcomes{file: file}, nil
}

func (o *outcomes) close() error { return o.file.Close() }

// put appends an outcome and returns where it is.
func (o *outcomes) put(k known) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at := o.flushed + int64(len(o.buf))
	o.buf = k.append(o.buf)
	if len(o.buf) < flushAt {
		return at, nil
	}
	n, err := o.file.WriteAt(o.buf, o.flushed)
	if err != nil {
		return 0, fmt.Errorf("write outcomes to %s: %w", os.TempDir(), err)
	}
	o.flushed += int64(n)
	o.buf = o.buf[:0]
	return at, nil
}

// get reads the outcome at a place that put returned.
func (o *outcomes) get(at int64) (known, error) {
	// Nearly all records are below 512 bytes; one that is not is read again.
	for size := 512; ; size *= 8 {
		b, err := o.read(at, size)
		if err != nil {
			return known{}, err
		}
		k, err := parseKnown(b)
		if err == nil || len(b) < size {
			return k, err
		}
	}
}

func (o *outcomes) inputOffset(at int64) (int64, error) {
	b, err := o.read(at, binary.MaxVarintLen64)
	if err != nil {
		return 0, err
	}
	offset, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, errOutcome
	}
	return int64(offset), nil
}

// read returns up to size bytes from a place, fewer only at the end.
func (o *outcomes) read(at int64, size int) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if at >= o.flushed {
		rest := o.buf[at-o.flushed:]
		return append([]byte(nil), rest[:min(size, len(rest))]...), nil
	}
	b := make([]byte, size)
	n, err := o.file.ReadAt(b[:min(int64(size), o.flushed-at)], at)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read outcomes: %w", err)
	}
	return append(b[:n], o.buf[:min(size-n, len(o.buf))]...), nil
}

var errOutcome = errors.New("an outcome in the temporary file cannot be read")

func (k known) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(k.offset))
	b = binary.AppendUvarint(b, uint64(k.Attempts))
	var flags byte
	if k.wantLink {
		flags = 1
	}
	b = append(b, flags)
	for _, s := range []string{string(k.Status), string(k.Code), k.CandidateID, k.InviteURL, k.Error} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	return b
}

func parseKnown(b []byte) (known, error) {
	var k known
	offset, n := binary.Uvarint(b)
	if n <= 0 {
		return k, errOutcome
	}
	b = b[n:]
	attempts, n := binary.Uvarint(b)
	if n <= 0 || len(b) == n {
		return k, errOutcome
	}
	k.offset, k.Attempts, k.wantLink = int64(offset), int(attempts), b[n] == 1
	b = b[n+1:]
	var texts [5]string
	for i := range texts {
		size, n := binary.Uvarint(b)
		if n <= 0 || uint64(len(b)-n) < size {
			return k, errOutcome
		}
		texts[i] = string(b[n : n+int(size)])
		b = b[n+int(size):]
	}
	k.Status, k.Code = Status(texts[0]), Code(texts[1])
	k.CandidateID, k.InviteURL, k.Error = texts[2], texts[3], texts[4]
	return k, nil
}

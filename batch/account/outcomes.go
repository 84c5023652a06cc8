package account

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"

	"bulkinvite/batch"
	"bulkinvite/batch/file"
)

// outcomes keeps what became of each row until the outputs are written, in an
// unlinked temporary file: a million links do not belong in memory, and the
// index needs only the place of each.
type outcomes struct {
	file *os.File

	mu      sync.Mutex
	buf     []byte // not yet written; begins at flushed
	flushed int64
	pages   [cachedPages]page // read last, each at its number modulo cachedPages
}

// flushAt is the size of a write to the outcomes file, in bytes.
const flushAt = 64 << 10

// Neighbours in the input have their outcomes near each other: with a chunk of
// each of very many interviews between them at most. A page overlaps the next
// one, so that nearly every record lies in one page.
const (
	pageSize    = 16 << 10
	pageOverlap = 512
	cachedPages = 256
)

// A page is a part of the file. What is in the file does not change.
type page struct {
	number int64  // counted from 1
	b      []byte // from (number-1)*pageSize on
}

// A known is an outcome with what is remembered beside it.
type known struct {
	batch.Outcome
	offset   int64 // of the row in the input
	wantLink bool  // the link is not known and is to be fetched
}

func newOutcomes() (*outcomes, error) {
	spool, err := file.Unlinked("bulkinvite-outcomes-*")
	if err != nil {
		return nil, fmt.Errorf("create a temporary file for outcomes: %w", err)
	}
	return &outcomes{file: spool}, nil
}

func (o *outcomes) close() error { return o.file.Close() }

// put appends an outcome and returns where it is.
func (o *outcomes) put(k known) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	at := o.flushed + int64(len(o.buf))
	if at > maxOffset {
		return 0, fmt.Errorf("the outcomes take more than %d bytes; split the file", int64(maxOffset))
	}
	o.buf = k.append(o.buf)
	if len(o.buf) < flushAt {
		return at, nil
	}
	n, err := o.file.WriteAt(o.buf, o.flushed)
	if err != nil {
		if pathErr := (*fs.PathError)(nil); errors.As(err, &pathErr) {
			err = pathErr.Err // the file has no name that anybody could look for
		}
		return 0, fmt.Errorf("write outcomes to a temporary file in %s: %w; free some space there, or set TMPDIR to another folder",
			os.TempDir(), err)
	}
	o.flushed += int64(n)
	o.buf = o.buf[:0]
	return at, nil
}

// get reads the outcome at a place that put returned.
func (o *outcomes) get(at int64) (known, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	b, err := o.cached(at)
	if err != nil {
		return known{}, err
	}
	if k, err := parseKnown(b); err == nil {
		return k, nil
	}
	// It goes on behind the page. Few do, and they are read by themselves.
	for size := 8 * pageOverlap; ; size *= 8 {
		b, err := o.read(nil, at, size)
		if err != nil {
			return known{}, err
		}
		k, err := parseKnown(b)
		if err == nil || len(b) < size {
			return k, err
		}
	}
}

// inputOffset reads only where in the input the row of an outcome is.
func (o *outcomes) inputOffset(at int64) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	b, err := o.cached(at)
	if err != nil {
		return 0, err
	}
	offset, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, errOutcome
	}
	return int64(offset), nil
}

// cached returns what is known to be at a place, to the end of its page, which
// is enough for an offset at least. It is valid as long as the mutex is held.
func (o *outcomes) cached(at int64) ([]byte, error) {
	number := at/pageSize + 1
	start := (number - 1) * pageSize
	if start+pageSize+pageOverlap > o.flushed {
		return o.read(nil, at, pageOverlap)
	}
	p := &o.pages[number%cachedPages]
	if p.number != number {
		b, err := o.read(p.b, start, pageSize+pageOverlap)
		if err != nil {
			return nil, err
		}
		*p = page{number, b}
	}
	return p.b[at-start:], nil
}

// read returns up to size bytes from a place, fewer only at the end, in the
// room of b if that is enough.
func (o *outcomes) read(b []byte, at int64, size int) ([]byte, error) {
	b = slices.Grow(b[:0], size)
	if at < o.flushed {
		n, err := o.file.ReadAt(b[:min(int64(size), o.flushed-at)], at)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read outcomes: %w", err)
		}
		b = b[:n]
	}
	rest := o.buf[max(at-o.flushed, 0):]
	return append(b, rest[:min(size-len(b), len(rest))]...), nil
}

var errOutcome = errors.New("an outcome in the temporary file cannot be read")

// A record is the offset, the attempts, wantLink and the lengths of the texts as
// varints, and then the texts.

func (k known) append(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(k.offset))
	b = binary.AppendUvarint(b, uint64(k.Attempts))
	var wantLink uint64
	if k.wantLink {
		wantLink = 1
	}
	b = binary.AppendUvarint(b, wantLink)
	texts := [...]string{string(k.Status), string(k.Code), k.CandidateID, k.InviteURL, k.Error}
	for _, s := range texts {
		b = binary.AppendUvarint(b, uint64(len(s)))
	}
	for _, s := range texts {
		b = append(b, s...)
	}
	return b
}

func parseKnown(b []byte) (known, error) {
	var numbers [8]uint64
	for i := range numbers {
		number, n := binary.Uvarint(b)
		if n <= 0 {
			return known{}, errOutcome
		}
		numbers[i], b = number, b[n:]
	}
	var texts [5]string
	total := uint64(0)
	for _, size := range numbers[3:] {
		if total += size; size > uint64(len(b)) || total > uint64(len(b)) {
			return known{}, errOutcome
		}
	}
	all := string(b[:total]) // one allocation for all
	for i, size := range numbers[3:] {
		texts[i], all = all[:size], all[size:]
	}
	return known{
		Outcome: batch.Outcome{
			Status: batch.Status(texts[0]), Code: batch.Code(texts[1]),
			CandidateID: texts[2], InviteURL: texts[3], Error: texts[4],
			Attempts: int(numbers[1]),
		},
		offset: int64(numbers[0]), wantLink: numbers[2] == 1,
	}, nil
}

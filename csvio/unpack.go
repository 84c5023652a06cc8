package csvio

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

const (
	// More than this from a compressed input is refused if it is also more
	// than maxRatio times what went in. Real lists shrink to a third or a
	// twentieth; deflate can shrink to a 1,032nd, zstd to a 30,000th.
	freeInflation = 64 << 20
	maxRatio      = 200

	// What zstd may keep of the text to copy from. zstd -19 asks for 8 MiB.
	maxWindow = 64 << 20
)

var (
	errBomb     = errors.New("compressed: inflates beyond reason")
	errTrailing = errors.New("compressed: trailing data")
	errDamaged  = errors.New("compressed: damaged")
)

// unpack returns a reader of what src holds, compressed or not. It passes on errors
// of src itself.
func unpack(src io.Reader) (*bufio.Reader, error) {
	u := &unpacker{packed: countingReader{Reader: src}}
	input := bufio.NewReaderSize(&u.packed, scanBuffer)
	magic, _ := input.Peek(4) // what cannot be read is found by the next read
	var err error
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		u.Reader, err = gzip.NewReader(input)
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		// With more than one, goroutines would unpack ahead and have to be stopped.
		u.Reader, err = zstd.NewReader(input, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	default:
		return input, nil
	}
	if err != nil {
		return nil, u.explain(err)
	}
	u.begun = true
	return bufio.NewReaderSize(u, scanBuffer), nil
}

// An unpacker unpacks gzip or zstd of one or several members, within reason.
type unpacker struct {
	io.Reader
	packed  countingReader
	begun   bool // the first header was good
	written int64
}

func (u *unpacker) Read(p []byte) (int, error) {
	n, err := u.Reader.Read(p)
	u.written += int64(n)
	if inflated(u.written, u.packed.n) {
		return 0, errBomb
	}
	return n, u.explain(err)
}

// inflated reports whether no list shrinks from so many bytes to so few.
func inflated(written, packed int64) bool {
	return written > freeInflation && written/maxRatio > packed
}

func bombError(err error) *InputError {
	return &InputError{Message: fmt.Sprintf("unpacks to more than %d times its size, which no list of people does", maxRatio),
		Hint: "unpack it yourself and look at it", Err: err}
}

// explain maps the errors of both formats to ours.
func (u *unpacker) explain(err error) error {
	switch {
	case err != nil && u.packed.err != nil: // the formats wrap it, or not
		return u.packed.err
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, zstd.ErrWindowSizeExceeded):
		return err
	case u.begun && (errors.Is(err, gzip.ErrHeader) || errors.Is(err, zstd.ErrMagicMismatch)):
		return errTrailing
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}

// A countingReader counts what is taken from it.
type countingReader struct {
	io.Reader
	n   int64
	err error // of the last read, unless it was only the end
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	if !errors.Is(err, io.EOF) {
		c.err = err
	}
	return n, err
}

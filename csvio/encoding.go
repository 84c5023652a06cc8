package csvio

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

const (
	encodingUTF8    = "utf-8"
	encodingUTF16   = "utf-16" // with the byte order that the text itself shows
	encodingUTF16LE = "utf-16le"
	encodingUTF16BE = "utf-16be"

	excerptWidth = 80 // bytes on either side of a fault that a message shows
)

// CheckEncoding returns why s cannot be Options.Encoding, without repeating it.
// The names are those of the Encoding Standard, which reads latin1 and iso-8859-1
// as windows-1252: those who say the one mostly have the other.
func CheckEncoding(s string) error {
	if _, _, ok := findEncoding(s); !ok {
		return errors.New("is not known; use utf-8, utf-16, windows-1252, windows-1251, iso-8859-15, macintosh, gb18030, " +
			"shift_jis or another name from https://encoding.spec.whatwg.org/#names-and-labels")
	}
	return nil
}

// findEncoding returns the encoding of a label, and its usual name.
func findEncoding(label string) (string, encoding.Encoding, bool) {
	if strings.EqualFold(label, encodingUTF16) { // the standard takes it for little-endian
		return encodingUTF16, nil, true
	}
	enc, err := htmlindex.Get(label)
	// The first decodes nothing and the second to what no font has: both are
	// in the standard to keep browsers from harm.
	if err != nil || enc == encoding.Replacement || enc == charmap.XUserDefined {
		return "", nil, false
	}
	name, err := htmlindex.Name(enc)
	return name, enc, err == nil
}

// utf16Decoder decodes UTF-16 in the byte order of its mark, or else of name, or
// else of head.
func utf16Decoder(name string, head []byte) *encoding.Decoder {
	order := unicode.LittleEndian
	// A header without a mark begins with a letter of ASCII.
	if name == encodingUTF16BE || name == encodingUTF16 && len(head) > 0 && head[0] == 0 {
		order = unicode.BigEndian
	}
	return unicode.UTF16(order, unicode.UseBOM).NewDecoder()
}

func decoding(r io.Reader, d *encoding.Decoder) *bufio.Reader {
	return bufio.NewReaderSize(transform.NewReader(r, d), scanBuffer)
}

func isUTF16(name string) bool {
	return slices.Contains([]string{encodingUTF16, encodingUTF16LE, encodingUTF16BE}, name)
}

// notUTF8 fills in the message for a line that is not UTF-8: before and after are
// its parts around the fault, and marked says that the file has the mark of UTF-8.
func (e *InputError) notUTF8(before, after []byte, marked bool) {
	const others = "the encoding in which it was saved, such as windows-1250, windows-1251, macintosh, gb18030 or shift_jis"
	e.Message = "not UTF-8"
	if marked {
		e.Message += ", although it begins with the mark of UTF-8"
	}
	line := excerpt(before, after)
	if strings.ContainsRune(line, utf8.RuneError) {
		e.Hint = "save the list as CSV (UTF-8), or add --encoding with " + others
		return
	}
	e.Message += fmt.Sprintf("; in windows-1252 this line reads %q", line)
	e.Hint = "if that is right, add --encoding windows-1252, else " + others
}

// excerpt returns a line in windows-1252, from its parts before and after a fault,
// cut at both ends if it is long.
func excerpt(before, after []byte) string {
	before = before[max(bytes.LastIndexByte(before, '\n')+1, len(before)-excerptWidth):]
	after = after[:min(len(after), excerptWidth)]
	if i := bytes.IndexAny(after, "\r\n"); i >= 0 {
		after = after[:i]
	}
	text, err := charmap.Windows1252.NewDecoder().Bytes(slices.Concat(before, after))
	if err != nil { // it decodes any byte
		return ""
	}
	return string(text)
}

// A utf8Witness passes on what it reads, and reports at the end whether it was
// UTF-8 beyond ASCII. Most texts can be read in most encodings; but a text with
// accents that is UTF-8 throughout is hardly anything else, and windows-1252 would
// greet José as JosÃ©.
type utf8Witness struct {
	io.Reader
	enough  int  // characters other than ASCII that prove it
	accents int  // of them seen so far
	broken  bool // something was seen that is not UTF-8
	held    []byte
}

// newUTF8Witness returns one for a text declared to be in another encoding. In
// encodings with one byte a character, one character proves UTF-8: words do not
// look so. In those with two, for Chinese, Japanese or Korean, one character of
// seven looks like UTF-8, and a name may have two.
func newUTF8Witness(r io.Reader, declared encoding.Encoding) *utf8Witness {
	w := &utf8Witness{Reader: r, enough: 5}
	if _, ok := declared.(*charmap.Charmap); ok {
		w.enough = 1
	}
	return w
}

func (w *utf8Witness) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if !w.broken {
		w.look(append(w.held, p[:n]...))
	}
	return n, err
}

// look counts the characters of p and keeps the beginning of one at its end.
func (w *utf8Witness) look(p []byte) {
	for len(p) > 0 && utf8.FullRune(p) {
		r, size := utf8.DecodeRune(p)
		if r == utf8.RuneError && size == 1 {
			w.broken = true
			return
		}
		if r >= utf8.RuneSelf {
			w.accents++
		}
		p = p[size:]
	}
	w.held = append(w.held[:0], p...)
}

// isUTF8 reports the verdict after the last Read.
func (w *utf8Witness) isUTF8() bool { return w.accents >= w.enough && !w.broken && len(w.held) == 0 }

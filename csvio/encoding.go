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

// CheckEncoding returns why s cannot be Options.Encoding, without repeating
// it. The names are those of the web's Encoding Standard. It reads latin1 and
// iso-8859-1 as windows-1252, as browsers do: those who say the one mostly have
// the other.
func CheckEncoding(s string) error {
	if _, _, ok := findEncoding(s); !ok {
		return errors.New("is not known; use utf-8, utf-16, windows-1252, windows-1251, iso-8859-15, macintosh, gb18030, " +
			"shift_jis or another name from https://encoding.spec.whatwg.org/#names-and-labels")
	}
	return nil
}

// findEncoding returns the encoding with a name, and what it is mostly called.
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

// utf16Decoder decodes UTF-16 with the order that a mark at its beginning
// tells, or else name, or else head.
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

// notUTF8 fills in what is wrong with a line that is not UTF-8, of which
// before and after are the parts up to the fault and from there on. The list may
// be marked as UTF-8.
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

// excerpt returns as windows-1252 the line of which before and after are the
// two parts, cut at both ends if it is long.
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

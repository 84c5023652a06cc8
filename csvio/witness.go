package csvio

import (
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// A utf8Witness passes on what it reads and says at the end whether it was
// UTF-8 beyond ASCII. Most texts can be read in most encodings; but one with
// accents that is UTF-8 throughout is hardly anything else, and read as
// windows-1252 it would greet José as JosÃ©.
type utf8Witness struct {
	io.Reader
	enough  int  // characters other than ASCII that prove it
	accents int  // of them seen so far
	broken  bool // something was seen that is not UTF-8
	held    []byte
}

// newUTF8Witness returns one for what is declared to be in another encoding.
// Where each byte is a character, a single one proves it: words do not look
// like that. In two bytes of Chinese, Japanese or Korean, one character of
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

// look keeps what may be the beginning of a character.
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

// isUTF8 is asked when everything was read.
func (w *utf8Witness) isUTF8() bool { return w.accents >= w.enough && !w.broken && len(w.held) == 0 }

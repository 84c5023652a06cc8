package csvio

import (
	"io"
	"unicode/utf8"
)

// A utf8Witness passes on what it reads and says at the end whether it was
// UTF-8 beyond ASCII. Any text can be read as windows-1252; but one with
// accents that is UTF-8 throughout is nothing else, and read as windows-1252 it
// would greet José as JosÃ©.
type utf8Witness struct {
	io.Reader
	accents bool // something other than ASCII was seen
	broken  bool // something was seen that is not UTF-8
	held    []byte
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
		w.accents = w.accents || r >= utf8.RuneSelf
		p = p[size:]
	}
	w.held = append(w.held[:0], p...)
}

// isUTF8 is asked when everything was read.
func (w *utf8Witness) isUTF8() bool { return w.accents && !w.broken && len(w.held) == 0 }

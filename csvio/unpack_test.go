package csvio

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding/unicode"
)

func TestOpenUnpacks(t *testing.T) {
	text := head + "José Núñez,jose@x.co,iv-1\n"
	for name, input := range map[string]string{
		"gzip":                gzipped(t, text),
		"gzip of two members": gzipped(t, head, text[len(head):]),
		"gzip of UTF-16":      gzipped(t, utf16Text(t, unicode.LittleEndian, true, text)),
		"zstd":                zstded(t, text),
		"zstd of two frames":  zstded(t, head, text[len(head):]),
		"zstd of UTF-16":      zstded(t, utf16Text(t, unicode.BigEndian, true, text)),
	} {
		t.Run(name, func(t *testing.T) {
			in, err := Open(t.Context(), "-", Options{Stdin: iotest.OneByteReader(strings.NewReader(input))})
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			if rows := scanAll(t, in); len(rows) != 1 || rows[0].Candidate.Name != "José Núñez" {
				t.Errorf("rows %+v", rows)
			}
		})
	}
}

func TestOpenRefusesWhatDoesNotUnpack(t *testing.T) {
	for name, tc := range map[string]struct{ input, want string }{
		"gzip of gzip": {gzipped(t, gzipped(t, head)), "x.csv: is compressed twice; unpack it once"},
		"zstd of gzip": {zstded(t, gzipped(t, head)), "x.csv: is compressed twice; unpack it once"},
		"gzip of zstd": {gzipped(t, zstded(t, head)), "x.csv: is compressed twice; unpack it once"},
		"cut-off gzip": {gzipped(t, head)[:20], "x.csv: the compressed data ends early; fetch the file again"},
		"cut-off zstd": {zstded(t, head)[:20], "x.csv: the compressed data ends early; fetch the file again"},
		"zstd's magic": {zstded(t, head)[:4], "x.csv: the compressed data ends early; fetch the file again"},
		"gzip and more": {gzipped(t, head) + "more than ten bytes",
			"x.csv: something else follows the compressed data; unpack it yourself and look at it, or fetch it again"},
		"zstd and more": {zstded(t, head) + "more than ten bytes",
			"x.csv: something else follows the compressed data; unpack it yourself and look at it, or fetch it again"},
		"damaged gzip":   {damaged(gzipped(t, head), 8), "x.csv: the compressed data is damaged; fetch the file again"},
		"damaged zstd":   {damaged(zstded(t, head), 1), "x.csv: the compressed data is damaged; fetch the file again"},
		"no gzip header": {"\x1f\x8bname,email", "x.csv: the compressed data is damaged; fetch the file again"},
		"wide window":    {wideZstd(t), "x.csv: needs more than 64 MiB of memory to unpack; unpack it yourself"},
	} {
		t.Run(name, func(t *testing.T) {
			in, err := Open(t.Context(), writeFile(t, "x.csv", tc.input), Options{})
			if err == nil {
				in.Close()
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Error(diff)
			}
			assertInputError(t, err)
		})
	}
}

// damaged changes the checksum, so many bytes before the end.
func damaged(packed string, fromEnd int) string {
	b := []byte(packed)
	b[len(b)-fromEnd] ^= 1
	return string(b)
}

// wideZstd asks for more memory than anybody needs.
func wideZstd(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(2*maxWindow), zstd.WithSingleSegment(false))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, head); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil { // else the window would be as small as the text
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestOpenTellsBrokenReadingFromBrokenData(t *testing.T) {
	for _, packed := range []string{gzipped(t, head), zstded(t, head)} {
		broken := io.MultiReader(strings.NewReader(packed[:20]), iotest.ErrReader(errors.New("input/output error")))
		_, err := Open(t.Context(), "-", Options{Stdin: broken})
		if want := "stdin: cannot be read: input/output error"; err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

func TestOpenRefusesBombs(t *testing.T) {
	const member = 1 << 20
	text := strings.Repeat("a\n", member/2)
	for name, packed := range map[string]string{"gzip": gzipped(t, text), "zstd": zstded(t, text)} {
		bomb := strings.Repeat(packed, freeInflation/member+1)
		_, err := Open(t.Context(), "-", Options{Stdin: strings.NewReader(bomb)})
		want := "stdin: unpacks to more than 200 times its size, which no list of people does; unpack it yourself and look at it"
		if err == nil || err.Error() != want {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

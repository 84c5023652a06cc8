package client

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"pgregory.net/rapid"
)

const testSecret = `sk-live_51H8x"q\Zz+/=`

func testKey(t testing.TB) Key {
	t.Helper()
	key, err := NewKey(testSecret)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestNewKey(t *testing.T) {
	for _, s := range []string{"abc", "abc\n", "abc\r\n", "abc ", "abc \n"} {
		key, err := NewKey(s)
		if err != nil {
			t.Errorf("NewKey(%q): %v", s, err)
			continue
		}
		if got := key.reveal(); got != "abc" {
			t.Errorf("NewKey(%q) sends %q", s, got)
		}
	}
	for _, s := range []string{
		"", "\n", " ", " \r\n", "abc\n\n", "abc  ", " abc", "SECRET abc", "SECRET\tabc",
		"SECRET\x00", "SECRET\x7f", "SECRETé", "SECRET\nSECRET", "\ufeffSECRET", "SECRET\xff",
	} {
		key, err := NewKey(s)
		if err == nil || !key.IsZero() {
			t.Errorf("NewKey(%q) takes it", s)
		} else if strings.Contains(err.Error(), "SECRET") {
			t.Errorf("NewKey(%q) shows it: %v", s, err)
		}
	}
}

// A holder has a key where fmt cannot call its methods.
type holder struct{ key Key }

func TestKeyIsNeverShown(t *testing.T) {
	key := testKey(t)
	c, err := New(Options{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{"String": key.String()}
	for _, v := range []any{key, &key, Options{Key: key}, []Key{key}, map[string]Key{"k": key}, holder{key}, &holder{key}, c, *c} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%U", "%10.3s"} {
			shown[fmt.Sprintf("%T %s", v, verb)] = fmt.Sprintf(verb, v)
		}
	}
	var log bytes.Buffer
	logger := zerolog.New(&log)
	logger.Info().Any("key", key).Stringer("s", key).Interface("o", map[string]any{"k": &key}).Msg(fmt.Sprint(key))
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "key", key)
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "key", key)
	shown["logs"] = log.String()
	for name, marshal := range map[string]func(any) ([]byte, error){"json": json.Marshal, "xml": xml.Marshal} {
		type config struct{ Key Key }
		b, err := marshal(config{key})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !strings.Contains(string(b), redacted) {
			t.Errorf("%s does not say [redacted]: %s", name, b)
		}
		shown[name] = string(b)
	}
	for how, text := range shown {
		assertNoSecret(t, how, text)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, key); got != redacted {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

// assertNoSecret looks for a middle part of the key that no quoting changes,
// and for that in hexadecimal.
func assertNoSecret(t *testing.T, how, text string) {
	t.Helper()
	const part = "live_51H8x"
	for _, form := range []string{part, fmt.Sprintf("%x", part), fmt.Sprintf("%X", part)} {
		if strings.Contains(text, form) {
			t.Errorf("%s shows the key: %s", how, text)
		}
	}
}

func TestRedactLeavesNoKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[!-~]{1,12}`).Draw(t, "secret")
		key, err := NewKey(secret)
		if err != nil {
			t.Fatal(err)
		}
		parts := rapid.SliceOf(rapid.OneOf(rapid.Just(secret), rapid.Just(secret[:len(secret)/2+1]), rapid.String()))
		text := strings.Join(parts.Draw(t, "text"), "")
		if got := key.redact(text); strings.Contains(got, secret) {
			t.Fatalf("redact(%q) = %q", text, got)
		}
		if got := oneLine(text, key); strings.Contains(got, secret) || len(got) > maxMessage {
			t.Fatalf("oneLine(%q) = %q", text, got)
		}
	})
}

package client

import (
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseBaseURL(t *testing.T) {
	for s, want := range map[string]string{
		"https://public.api.micro1.ai":       DefaultBaseURL,
		"  https://public.api.micro1.ai/\n":  DefaultBaseURL,
		"HTTPS://Public.API.micro1.AI:443//": DefaultBaseURL,
		"https://public.api.micro1.ai:":      DefaultBaseURL,
		"https://example.com:8443/Stage/v1/": "https://example.com:8443/Stage/v1",
		"https://example.com/a%2Fb":          "https://example.com/a%2Fb",
		"https://example.com:080":            "https://example.com:80",
		"https://10.0.0.1":                   "https://10.0.0.1",
		"https://[2001:DB8:0::1]:443":        "https://[2001:db8::1]",
		"http://localhost:8080":              "http://localhost:8080",
		"http://LOCALHOST:80/":               "http://localhost",
		"http://127.0.0.1:8080/x":            "http://127.0.0.1:8080/x",
		"http://127.255.0.9":                 "http://127.255.0.9",
		"http://[::1]:9":                     "http://[::1]:9",
		"http://[0:0:0:0:0:0:0:1]":           "http://[::1]",
		"http://[::ffff:127.0.0.1]:8080":     "http://127.0.0.1:8080",
		"https://xn--mnchen-3ya.example":     "https://xn--mnchen-3ya.example",
	} {
		got, err := ParseBaseURL(s)
		if err != nil || got != want {
			t.Errorf("ParseBaseURL(%q) = %q, %v; want %q", s, got, err, want)
		}
	}
}

func TestParseBaseURLRefuses(t *testing.T) {
	for s, says := range map[string]string{
		"":                               "empty",
		"public.api.micro1.ai":           "https://",
		"localhost:8080":                 "https://",
		"127.0.0.1:8080":                 "https://",
		"ftp://example.com":              "https://",
		"https://":                       "no host",
		"https:example.com":              "no host",
		"https:///path":                  "no host",
		"http://example.com":             "in the clear",
		"http://127.0.0.1.example.com":   "in the clear",
		"http://localhost.example.com":   "in the clear",
		"http://10.0.0.1":                "in the clear",
		"http://0.0.0.0":                 "in the clear",
		"http://[::]":                    "in the clear",
		"https://SECRET@example.com":     "user",
		"https://u:SECRET@example.com":   "user",
		"https://u:SECRET/@example.com":  "cannot be read",
		"u:SECRET@example.com":           "https://",
		"https://example.com?key=SECRET": "query",
		"https://example.com/?":          "query",
		"https://example.com/#SECRET":    "fragment",
		"https://example.com/#":          "fragment",
		"https://example.com:99999":      "65535",
		"https://example.com:0":          "65535",
		"https://example.com:http":       "cannot be read",
		"https://exa mple.com":           "cannot be read",
		"https://example.com\n/x":        "cannot be read",
		"https://example..com":           "no host name",
		"https://example.com.":           "no host name",
		"https://münchen.example":        "no host name",
		"https://[fe80::1%25eth0]":       "no host name",
		"https://[::1":                   "cannot be read",
		"https://example.com/%zz?SECRET": "cannot be read",
	} {
		got, err := ParseBaseURL(s)
		switch {
		case err == nil:
			t.Errorf("ParseBaseURL(%q) = %q; want an error", s, got)
		case !strings.Contains(err.Error(), says):
			t.Errorf("ParseBaseURL(%q): %q does not say %q", s, err, says)
		case strings.Contains(err.Error(), "SECRET"):
			t.Errorf("ParseBaseURL(%q) shows what may be a secret: %v", s, err)
		}
	}
}

// Whatever is taken has one normal form, goes over TLS or stays on this
// machine, and has no room for secrets.
func TestParseBaseURLNormalForm(t *testing.T) {
	part := rapid.SampledFrom([]string{
		"https", "HTTP", "http", "://", ":", "//", "/", "localhost", "127.0.0.1", "[::1]", "Example.com",
		"10.1.1.1", ":443", ":80", ":8080", "@", "u:p@", "?", "#", "a/b/", "%41", ".", "..", " ",
	})
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom([]string{"https://", "http://", ""}).Draw(t, "scheme") +
			strings.Join(rapid.SliceOfN(part, 0, 6).Draw(t, "parts"), "")
		normal, err := ParseBaseURL(s)
		if err != nil {
			return
		}
		if again, err := ParseBaseURL(normal); err != nil || again != normal {
			t.Fatalf("ParseBaseURL(%q) = %q, of which it is %q, %v", s, normal, again, err)
		}
		u, err := url.Parse(normal)
		if err != nil || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(normal, "/") {
			t.Fatalf("ParseBaseURL(%q) = %q (%v)", s, normal, err)
		}
		if h := u.Hostname(); u.Scheme != "https" && h != "localhost" && h != "127.0.0.1" && h != "::1" {
			t.Fatalf("ParseBaseURL(%q) = %q leaves the machine in the clear", s, normal)
		}
	})
}

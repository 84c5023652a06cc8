package rows

import (
	"strings"
	"testing"

	"bulkinvite/batch"
)

const testBase = "https://api.example"

// A forgotten mark is of its key alone, and tells what the index has for it.
func TestStandIn(t *testing.T) {
	key := batch.NewKey("i1", "ann@example.com")
	text := NewSalt().Mark(testBase, key).String()
	s, ok := parseForgottenMark(text)
	if !ok || !s.isOf(testBase, key) || strings.Contains(text, "ann") {
		t.Fatalf("%s: %+v, %v", text, s, ok)
	}
	if got, want := NewHasher(testBase).Short(batch.Key{InterviewID: "i1", Email: text}), NewHasher(testBase).Short(key); got != want {
		t.Errorf("the index has %x for it, want %x", got, want)
	}
	for _, other := range []batch.Key{batch.NewKey("i2", "ann@example.com"), batch.NewKey("i1", "anne@example.com"), {}} {
		if s.isOf(testBase, other) {
			t.Errorf("it is of %v, too", other)
		}
	}
	if s.isOf("https://other.example", key) {
		t.Error("it is of another base URL, too")
	}
	if NewSalt().Mark(testBase, key).String() == text {
		t.Error("the salt is the same again")
	}
}

// Whatever bit of a forgotten mark is flipped: nobody takes it for one, and so the
// request that has it for one that has changed.
func TestStandInFlipped(t *testing.T) {
	key := batch.NewKey("i1", "ann@example.com")
	text := NewSalt().Mark(testBase, key).String()
	h := NewHasher(testBase)
	for at := range text {
		for bit := range 8 {
			damaged := []byte(text)
			damaged[at] ^= 1 << bit
			k := batch.Key{InterviewID: "i1", Email: string(damaged)}
			s, ok := parseForgottenMark(k.Email)
			if ok && s.isOf(testBase, key) {
				continue // hexadecimal digits may be capitals
			}
			if ok || h.Short(k) == h.Short(key) {
				t.Fatalf("bit %d of character %d is flipped unnoticed", bit, at)
			}
		}
	}
}

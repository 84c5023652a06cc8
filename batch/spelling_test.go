package batch

import (
	"testing"

	"pgregory.net/rapid"
)

func TestKeys(t *testing.T) {
	same := [][2]Key{
		{NewKey("i", "Ann@Example.com"), NewKey("i", "ann@example.COM")},
		{NewKey("i", "ann@bücher.example"), NewKey("i", "ann@xn--bcher-kva.example")},
		{NewKey("i", "ann@BÜCHER.example"), NewKey("i", "ann@XN--BCHER-KVA.example")},
		{NewKey("i", "jose\u0301@x.co"), NewKey("i", "jos\u00e9@x.co")},
		{NewKey("i", "a@\u10a0.example"), NewKey("i", "a@\u2d00.example")},
		{NewKey("123E4567-E89B-12D3-A456-426614174000", "a@x.co"), NewKey("123e4567-e89b-12d3-a456-426614174000", "a@x.co")},
	}
	for _, pair := range same {
		if pair[0] != pair[1] {
			t.Errorf("%v and %v are one person", pair[0], pair[1])
		}
	}
	different := [][2]Key{
		{NewKey("i", "a.b@x.co"), NewKey("i", "ab@x.co")},
		{NewKey("i", "a+1@x.co"), NewKey("i", "a@x.co")},
		{NewKey("h0gqkAcaDJ", "a@x.co"), NewKey("H0GQKACADJ", "a@x.co")},
		{Candidate{InterviewID: "i", JobApplicationID: "7"}.Key(), Candidate{InterviewID: "i", CandidateID: "7"}.Key()},
	}
	for _, pair := range different {
		if pair[0] == pair[1] {
			t.Errorf("%v stands for two people", pair[0])
		}
	}
}

// A key made of a key is that key: the ledger and the lists are matched by it.
func TestKeysAreStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := NewKey(rapid.String().Draw(t, "interview"), rapid.String().Draw(t, "local")+"@"+rapid.String().Draw(t, "domain"))
		if again := NewKey(key.InterviewID, key.Email); again != key {
			t.Fatalf("%q becomes %q", key, again)
		}
	})
}

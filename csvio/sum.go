package csvio

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"

	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
)

// A sideSum hashes what is written to it beside whoever writes it: of a large
// input that takes as long as reading it.
type sideSum struct {
	hash   hash.Hash
	free   chan []byte
	chunks chan []byte
	group  errgroup.Group
}

func newSideSum() *sideSum {
	const ahead = 4
	s := &sideSum{hash: sha256.New(), free: make(chan []byte, ahead), chunks: make(chan []byte, ahead)}
	for range ahead {
		s.free <- make([]byte, 0, scanBuffer)
	}
	s.group.Go(batch.Guard(func() error {
		for chunk := range s.chunks {
			s.hash.Write(chunk) // a hash takes everything
			s.free <- chunk
		}
		return nil
	}))
	return s
}

// Write takes a copy of p, and never fails.
func (s *sideSum) Write(p []byte) (int, error) {
	s.chunks <- append((<-s.free)[:0], p...)
	return len(p), nil
}

// sum ends the hashing and returns the SHA-256 of all that was written, in
// hexadecimal digits. It must be called once.
func (s *sideSum) sum() (string, error) {
	close(s.chunks)
	err := s.group.Wait()
	return hex.EncodeToString(s.hash.Sum(nil)), err
}

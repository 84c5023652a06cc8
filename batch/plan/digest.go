package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strconv"
	"time"

	"bulkinvite/batch"
)

// A digest is that of what a ledger knows of rows, in input order. Rows of
// which it knows nothing are left out: they follow from the input.
type digest struct {
	hash hash.Hash // nil as long as nothing is known
	buf  []byte
}

func (d *digest) add(row *batch.Row, rec batch.Record, next batch.Next) {
	if rec.RequestID == 0 && rec.State == batch.StateNone && rec.ResentAt.IsZero() {
		return
	}
	switch {
	case row.Candidate.CandidateID != "":
		// To be sent again, unless that was done of late: all of it matters.
	case next == batch.SkipInvited || next == batch.SkipForgotten:
		rec = batch.Record{State: batch.StateInvited} // nothing is sent, whatever comes behind the first invitation
	default:
		rec.ResentAt, rec.ResentState = time.Time{}, ""
	}
	if d.hash == nil {
		d.hash = sha256.New()
	}
	key := row.Candidate.Key()
	d.buf = binary.AppendUvarint(d.buf[:0], uint64(row.Index))
	d.buf = binary.AppendVarint(d.buf, rec.RequestID)
	d.buf = binary.AppendVarint(d.buf, rec.ResentAt.UnixMicro())
	d.buf = strconv.AppendBool(d.buf, rec.Forgotten)
	for _, text := range []string{key.InterviewID, key.Email, string(rec.State), string(rec.ResentState)} {
		d.buf = binary.AppendUvarint(d.buf, uint64(len(text)))
		d.buf = append(d.buf, text...)
	}
	d.hash.Write(d.buf)
}

// sum returns the digest, empty if nothing is known.
func (d *digest) sum() string {
	if d.hash == nil {
		return ""
	}
	return hex.EncodeToString(d.hash.Sum(nil))
}

package batch

import (
	"context"
	"encoding/binary"
	"strings"
)

// A Roster is a Source of people who are named by their keys alone, as the
// ledger has them, for a run with Options.ConfirmOnly. It takes some bytes more
// than their addresses. The zero value is empty.
type Roster struct {
	records    []byte         // per person the number of the interview, and lengths and texts of the rest
	interviews map[string]int // to their numbers
	ids        []string       // of interviews, by number
}

// Add adds somebody. jobApplicationID is the one that the request in doubt
// named, if any.
func (r *Roster) Add(key Key, jobApplicationID string) {
	number, found := r.interviews[key.InterviewID]
	if !found {
		if r.interviews == nil {
			r.interviews = map[string]int{}
		}
		number = len(r.ids)
		r.interviews[key.InterviewID] = number
		r.ids = append(r.ids, key.InterviewID)
	}
	r.records = binary.AppendUvarint(r.records, uint64(number))
	for _, text := range []string{key.Email, jobApplicationID} {
		r.records = binary.AppendUvarint(r.records, uint64(len(text)))
		r.records = append(r.records, text...)
	}
}

// Scan implements Source.
func (r *Roster) Scan(ctx context.Context, f func(*Row) error) error {
	index := 0
	for offset := int64(0); offset < int64(len(r.records)); index++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		row := Row{Index: index, Number: index + 1, Line: index + 1, Offset: offset}
		row.Candidate, offset = r.read(offset)
		if err := f(&row); err != nil {
			return err
		}
	}
	return nil
}

// At implements Source.
func (r *Roster) At(offset int64) (Row, error) {
	c, _ := r.read(offset)
	return Row{Offset: offset, Candidate: c}, nil
}

// read returns the candidate at an offset, and the offset of the next one.
func (r *Roster) read(offset int64) (c Candidate, next int64) {
	rest := r.records[offset:]
	number, n := binary.Uvarint(rest)
	rest = rest[n:]
	var texts [2]string
	for i := range texts {
		size, n := binary.Uvarint(rest)
		rest = rest[n:]
		texts[i], rest = string(rest[:size]), rest[size:]
	}
	return candidateOf(r.ids[number], texts[0], texts[1]), int64(len(r.records) - len(rest))
}

// candidateOf returns the one whose key has these texts.
func candidateOf(interviewID, email, jobApplicationID string) Candidate {
	c := Candidate{InterviewID: interviewID, JobApplicationID: jobApplicationID}
	if id, found := strings.CutPrefix(email, applicationPrefix); found {
		c.JobApplicationID = id
	} else if id, found := strings.CutPrefix(email, candidatePrefix); found {
		c.CandidateID = id
	} else {
		c.Email = email
	}
	return c
}

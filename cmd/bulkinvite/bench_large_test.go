package main

import (
	"testing"
)

// BenchmarkTenMillion sends ten times the rows, once because it takes long, and
// then a few new ones with the ledger that this has made.
func BenchmarkTenMillion(b *testing.B) {
	s := newBench(b)
	var million, large benchRuns
	s.input("people.csv", benchFile{rows: *benchRows})
	for range benchRounds {
		server := s.serve("0s")
		million.add(s.tell("send", s.send(server, "people.csv", "ledger.db", *benchRows)))
		server.stop()
		s.remove("*.db*")
	}
	s.remove("people*")

	const ledger = "large.db"
	rows := 10 * *benchRows
	server := s.serve("0s")
	s.input("large.csv", benchFile{rows: rows})
	large.add(s.tell("large", s.send(server, "large.csv", ledger, rows)))
	s.remove("large*.csv")
	elsewhere, among := s.few(server, ledger, rows)
	server.stop()

	r := benchReport{lines: []benchLine{
		{"bulkinvite send", million, false}, {"bulkinvite send, once", large, false},
		{"new people of new interviews", elsewhere, false}, {"new people of known interviews", among, false},
	}}
	r.atMost("ten times the rows, peak MiB", large.peak(), 400)
	r.atMost("ten times the rows, times the seconds", large.seconds()/million.seconds(), 11)
	r.atMost("new people of new interviews, seconds", elsewhere.seconds(), 3)
	r.atMost("new people of known interviews, seconds", among.seconds(), 3)
	r.print()
}

// few sends few people with a ledger of the first many: to interviews that
// nobody was invited to, and to those of the many. To read the lists of the
// latter takes as long as the API likes, so they go without.
func (s *bench) few(server *benchProcess, ledger string, many int) (elsewhere, among benchRuns) {
	const few = 1000
	for round := range benchRounds {
		f := benchFile{first: many + 2*round*few, rows: few, firstInterview: (round + 1) * benchInterviews}
		s.input("few.csv", f)
		elsewhere.add(s.tell("new", s.send(server, "few.csv", ledger, few)))
		f.first, f.firstInterview = f.first+few, 0
		s.input("few.csv", f)
		among.add(s.tell("known", s.send(server, "few.csv", ledger, few, "--no-preflight")))
	}
	return elsewhere, among
}

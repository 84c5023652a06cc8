package main

import (
	"bufio"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
)

const (
	benchInterviews = 20
	benchChunk      = 50
	benchConns      = 16
)

// A benchFile is an input of the benchmark: people first to first+rows of an
// endless row of them, the same in every process.
type benchFile struct {
	first, rows    int
	firstInterview int // the people are spread over benchInterviews from here on
	shuffled       bool
}

type benchPerson struct{ name, email, interview string }

var (
	benchFirstNames = []string{"Chidinma", "Aoife", "José", "Wei", "Priya", "Zoë", "Liam", "Søren", "Fatima", "Noor", "Olga"}
	benchLastNames  = []string{"Okonkwo-Eze", "O'Sullivan", "García Márquez", "Zhang", "Ramaswamy", "Papadaki", "Ng", "Jørgensen", "Haddad"}
	benchHosts      = []string{"example.com", "mail.example", "university.example", "example.net"}
	benchNotes      = []string{
		"Strong portfolio", `"Salary 48,000; open to talk"`, "", `"Asked for ""remote only"", call back"`, "Notice period: 3 months",
	}
)

func (f benchFile) person(i int) benchPerson {
	i += f.first
	given, family := benchFirstNames[i%len(benchFirstNames)], benchLastNames[i%len(benchLastNames)]
	interview := f.firstInterview + int(uint32(i)*2654435761>>16)%benchInterviews // in no order that a group could profit from
	return benchPerson{
		name:      given + " " + family,
		email:     fmt.Sprintf("candidate.%d@%s", i, benchHosts[i%len(benchHosts)]),
		interview: fmt.Sprintf("%08x-5ca1-4ab1-8e57-%012x", uint32(interview+1)*2654435761, interview),
	}
}

// order yields the people in the order of the file.
func (f benchFile) order() iter.Seq[int] {
	if f.shuffled {
		return slices.Values(rand.New(rand.NewPCG(1, 2)).Perm(f.rows))
	}
	return func(yield func(int) bool) {
		for i := 0; i < f.rows && yield(i); i++ {
		}
	}
}

// write writes the people as the CSV file of a recruiter.
func (f benchFile) write(name string) error {
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	defer out.Close()
	w := bufio.NewWriter(out)
	w.WriteString("Name,E-mail,Phone,Source,Interview ID,Recruiter notes,Applied on\n")
	for i := range f.order() {
		p := f.person(i)
		fmt.Fprintf(w, "%s,%s,+1-202-555-%04d,Job board,%s,%s,2026-10-%02d\n",
			p.name, p.email, i%10_000, p.interview, benchNotes[i%len(benchNotes)], i%28+1)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return out.Close()
}

// chunks returns who goes together in a request.
func (f benchFile) chunks() iter.Seq[[]benchPerson] {
	return func(yield func([]benchPerson) bool) {
		open := map[string][]benchPerson{}
		for i := range f.rows {
			p := f.person(i)
			open[p.interview] = append(open[p.interview], p)
			if chunk := open[p.interview]; len(chunk) == benchChunk {
				open[p.interview] = nil
				if !yield(chunk) {
					return
				}
			}
		}
		for _, rest := range open {
			if len(rest) > 0 && !yield(rest) {
				return
			}
		}
	}
}

// benchLink is a number that stands for a person's link. Sums of them tell
// whether two books have the same links, in whatever order.
func benchLink(interview, email, id, url string) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for _, s := range []string{interview, strings.ToLower(email), id, url} {
		for _, c := range []byte(s) {
			h = (h ^ uint64(c)) * 1099511628211
		}
		h = (h ^ 0xff) * 1099511628211
	}
	return h
}

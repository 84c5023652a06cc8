package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// A benchServer is the API of the benchmark: it accepts everybody. It shares
// the machine with what is measured, so it finds addresses in a request by
// looking for their key, and only notes what the books are made of later.
type benchServer struct {
	latency time.Duration

	mu         sync.Mutex
	interviews map[string]benchSessions
	lastID     uint64
	posts      int
	arrivals   []time.Time // of requests of both kinds
	counting   float64     // seconds of processor time that went into books
}

// benchSessions are the sessions of one interview, a block for each request:
// the number of the first one's id in 8 bytes, then for each session the length
// of the address in one byte and the address.
type benchSessions [][]byte

// benchBooks are what the server has seen.
type benchBooks struct {
	Posts, Requests int
	People          int    // sessions of one person in one interview count once
	Sessions        int    // more than People: somebody was invited twice
	Links           uint64 // the sum of everybody's benchLink
	MeanRate        float64
	BusiestSecond   int     // most requests in any second, wherever it begins
	CPU             float64 // seconds of processor time, without the counting of books
}

// since returns what was added to the books. Rates are those of all.
func (b benchBooks) since(before benchBooks) benchBooks {
	b.Posts -= before.Posts
	b.Requests -= before.Requests
	b.People -= before.People
	b.Sessions -= before.Sessions
	b.Links -= before.Links
	b.CPU -= before.CPU
	return b
}

// benchServe runs a server until its standard input ends. It prints its
// address.
func benchServe() {
	runtime.MemProfileRate = 0 // as in a program that never looks at it
	latency, err := time.ParseDuration(os.Args[1])
	benchCheck(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	benchCheck(err)
	s := &benchServer{latency: latency, interviews: map[string]benchSessions{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /interview/invite", s.invite)
	mux.HandleFunc("GET /interview/invites", s.list)
	mux.HandleFunc("GET /books", s.serveBooks)
	fmt.Println("http://" + listener.Addr().String())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	benchCheck(http.Serve(listener, mux))
}

// benchCheck ends a program of the benchmark.
func benchCheck(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (s *benchServer) arrived(post bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrivals = append(s.arrivals, time.Now())
	if post {
		s.posts++
	}
}

// benchScratch keeps what a request needs for the next one.
var benchScratch = sync.Pool{New: func() any { return &struct{ in, out []byte }{} }}

func (s *benchServer) invite(w http.ResponseWriter, r *http.Request) {
	s.arrived(true)
	time.Sleep(s.latency)
	scratch := benchScratch.Get().(*struct{ in, out []byte })
	defer benchScratch.Put(scratch)
	body := bytes.NewBuffer(scratch.in[:0])
	_, err := body.ReadFrom(r.Body)
	scratch.in = body.Bytes()
	interview, _ := jsonText(scratch.in, `"interview_id"`)
	emails := s.addresses(scratch.in)
	if err != nil || len(interview) == 0 || len(emails) == 0 {
		http.Error(w, `{"status":false,"message":"the benchmark's API does not understand this"}`, http.StatusBadRequest)
		return
	}
	scratch.out = appendInvitations(scratch.out[:0], emails, s.add(interview, emails))
	benchAnswer(w, scratch.out)
}

// addresses returns the addresses in a request.
func (s *benchServer) addresses(body []byte) [][]byte {
	emails := make([][]byte, 0, benchChunk)
	for {
		email, rest := jsonText(body, `"email"`)
		if len(email) == 0 {
			return emails
		}
		emails, body = append(emails, email), rest
	}
}

// jsonText returns the first text under a key, and what is behind it. Texts
// with a backslash are not understood.
func jsonText(body []byte, key string) (text, rest []byte) {
	_, rest, _ = bytes.Cut(body, []byte(key))
	rest = bytes.TrimLeft(rest, " :")
	if len(rest) == 0 || rest[0] != '"' {
		return nil, nil
	}
	text, rest, _ = bytes.Cut(rest[1:], []byte{'"'})
	if bytes.IndexByte(text, '\\') >= 0 || len(text) > 255 {
		return nil, nil
	}
	return text, rest
}

// add makes a session for each address and returns the number of the first.
func (s *benchServer) add(interview []byte, emails [][]byte) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.lastID + 1
	s.lastID += uint64(len(emails))
	block := make([]byte, 0, 8+32*len(emails))
	block = binary.BigEndian.AppendUint64(block, first)
	for _, email := range emails {
		block = append(block, byte(len(email)))
		block = append(block, email...)
	}
	s.interviews[string(interview)] = append(s.interviews[string(interview)], block)
	return first
}

// each calls f with every session, oldest first.
func (it benchSessions) each(f func(number uint64, email []byte)) {
	for _, block := range it {
		number, rest := binary.BigEndian.Uint64(block), block[8:]
		for len(rest) > 0 {
			end := 1 + int(rest[0])
			f(number, rest[1:end])
			number, rest = number+1, rest[end:]
		}
	}
}

func appendInvitations(out []byte, emails [][]byte, first uint64) []byte {
	out = append(out, `{"status":true,"message":"Invitations sent successfully","data":{"invitations":[`...)
	for i, email := range emails {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, `{"candidate_id":"`...)
		from := len(out)
		out = appendBenchID(out, first+uint64(i))
		id := out[from:]
		out = append(out, `","candidate_email":"`...)
		out = append(out, email...)
		out = append(out, `","invite_url":"`+benchLinkPrefix...)
		out = append(out, id...)
		out = append(out, `"}`...)
	}
	return append(out, `]}}`...)
}

const benchLinkPrefix = "https://interview.micro1.ai/intro/bench?cid="

// appendBenchID writes a number as a UUID that looks drawn.
func appendBenchID(out []byte, number uint64) []byte {
	const digits = "0123456789abcdef"
	const pattern = "xxxxxxxx-xxxx-4xxx-9xxx-" // x: a digit that has no meaning
	drawn := number * 0x9e3779b97f4a7c15
	for _, c := range []byte(pattern) {
		if c == 'x' {
			c = digits[drawn>>60]
			drawn = drawn<<4 | drawn>>60
		}
		out = append(out, c)
	}
	for shift := 44; shift >= 0; shift -= 4 {
		out = append(out, digits[number>>shift&15])
	}
	return out
}

func benchAnswer(w http.ResponseWriter, body []byte) {
	w.Header()["Content-Type"] = []string{"application/json"}
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	_, _ = w.Write(body)
}

// list serves pages from 1 on; 0 is 1, too.
func (s *benchServer) list(w http.ResponseWriter, r *http.Request) {
	s.arrived(false)
	time.Sleep(s.latency)
	type entry struct {
		CandidateID string `json:"candidate_id"`
		InterviewID string `json:"interview_id"`
		Email       string `json:"candidate_email_id"`
		Status      string `json:"status"`
	}
	entries := []entry{}
	id := r.FormValue("interview_id")
	page, _ := strconv.Atoi(r.FormValue("page"))
	from := 100 * max(page-1, 0)
	s.mu.Lock()
	n := 0
	s.interviews[id].each(func(number uint64, email []byte) {
		if n >= from && n < from+100 {
			entries = append(entries, entry{string(appendBenchID(nil, number)), id, string(email), "invited"})
		}
		n++
	})
	s.mu.Unlock()
	body, err := json.Marshal(map[string]any{"status": true, "data": entries})
	benchCheck(err)
	benchAnswer(w, body)
}

func (s *benchServer) serveBooks(w http.ResponseWriter, _ *http.Request) {
	body, err := json.Marshal(s.books())
	benchCheck(err)
	benchAnswer(w, body)
}

func (s *benchServer) books() benchBooks {
	s.mu.Lock()
	defer s.mu.Unlock()
	begun := ownCPU()
	defer func() { s.counting += ownCPU() - begun }()
	b := benchBooks{Posts: s.posts, Requests: len(s.arrivals), CPU: begun - s.counting}
	for interview, it := range s.interviews {
		people := map[string]struct{}{}
		it.each(func(number uint64, email []byte) {
			b.Sessions++
			people[string(bytes.ToLower(email))] = struct{}{}
			id := string(appendBenchID(nil, number))
			b.Links += benchLink(interview, string(email), id, benchLinkPrefix+id)
		})
		b.People += len(people)
	}
	b.MeanRate, b.BusiestSecond = rates(s.arrivals)
	return b
}

// rates returns the mean between the first and the last arrival, and the most
// in any second.
func rates(arrivals []time.Time) (mean float64, busiest int) {
	first := 0
	for i, at := range arrivals {
		for at.Sub(arrivals[first]) >= time.Second {
			first++
		}
		busiest = max(busiest, i-first+1)
	}
	if last := len(arrivals) - 1; last > 0 {
		mean = float64(last) / arrivals[last].Sub(arrivals[0]).Seconds()
	}
	return mean, busiest
}

// ownCPU returns the seconds of processor time that this process has used.
func ownCPU() float64 {
	var u syscall.Rusage
	benchCheck(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return cpuSeconds(&u)
}

func cpuSeconds(u *syscall.Rusage) float64 {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}

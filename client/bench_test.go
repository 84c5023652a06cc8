package client

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"testing"
)

// invitedAnswer returns a request for n people and a good answer to it, as long as
// the examples of the contract are.
func invitedAnswer(n int) (InviteRequest, []byte) {
	req := InviteRequest{InterviewID: "123e4567-e89b-12d3-a456-426614174000"}
	var data struct {
		Invitations []Invitation `json:"invitations"`
	}
	for i := range n {
		id := fmt.Sprintf("123e4567-e89b-12d3-a456-%012d", i)
		email := fmt.Sprintf("candidate.%d@example.com", i)
		req.Candidates = append(req.Candidates, Candidate{Name: fmt.Sprintf("Candidate Number %d", i), Email: email})
		data.Invitations = append(data.Invitations, Invitation{id, email, "https://interview.micro1.ai/intro/micro1?cid=" + id})
	}
	return req, goodAnswer(data)
}

// listedAnswer returns a good answer that is a page of n entries.
func listedAnswer(n int) []byte {
	type listed struct {
		Entry
		InterviewName string `json:"interview_name"`
		CandidateName string `json:"candidate_name"`
		DateModified  string `json:"date_modified"`
	}
	data := make([]listed, n)
	for i := range data {
		data[i] = listed{
			Entry: Entry{
				CandidateID:    fmt.Sprintf("123e4567-e89b-12d3-a456-%012d", i),
				InterviewID:    "123e4567-e89b-12d3-a456-426614174000",
				CandidateEmail: fmt.Sprintf("candidate.%d@example.com", i),
				DateCreated:    "2026-03-01 09:30:00",
				Status:         "invited",
			},
			InterviewName: "Senior Go developer",
			CandidateName: fmt.Sprintf("Candidate Number %d", i),
			DateModified:  "2026-03-01 09:30:00",
		}
	}
	return goodAnswer(data)
}

func goodAnswer(data any) []byte {
	body, err := json.Marshal(map[string]any{"status": true, "message": "ok", "data": data})
	if err != nil {
		panic(err)
	}
	return body
}

// BenchmarkInvite includes the server's side, which does next to nothing.
func BenchmarkInvite(b *testing.B) {
	req, body := invitedAnswer(50)
	response := fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	server := newRawServer(b, func(conn *net.TCPConn, r *bufio.Reader, n int) bool {
		readRest(r)
		conn.Write(response)
		return true
	})
	c := newClient(b, server.URL)
	b.ReportAllocs()
	for b.Loop() {
		invitations, err := c.Invite(b.Context(), req)
		if err != nil || len(invitations) != 50 {
			b.Fatal(len(invitations), err)
		}
	}
	c.Close() // or the server waits for another request
}

func BenchmarkReadInvitations(b *testing.B) {
	_, body := invitedAnswer(50)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		invitations, err := answer{status: 200, body: body}.invitations()
		if err != nil || len(invitations) != 50 {
			b.Fatal(len(invitations), err)
		}
	}
}

func BenchmarkReadEntries(b *testing.B) {
	body := listedAnswer(100)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		entries, err := answer{status: 200, body: body}.entries()
		if err != nil || len(entries) != 100 {
			b.Fatal(len(entries), err)
		}
	}
}

package sandbox_test

import (
	"context"
	"fmt"
	"net/http"

	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// The books show what a client cannot see: the answer to the first request is
// lost on the way, and who sends it again invites the person twice.
func Example() {
	api, err := sandbox.New(sandbox.Config{PostScript: map[int]sandbox.Fault{1: sandbox.After504}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer api.Close()

	// A network in memory; httptest.NewServer(api) is one on loopback.
	pipe := sandbox.NewPipe()
	server := &http.Server{Handler: api}
	served := make(chan error, 1)
	go func() { served <- server.Serve(pipe) }()
	defer func() {
		server.Close()
		<-served
	}()

	key, err := client.NewKey("any-key-will-do")
	if err != nil {
		fmt.Println(err)
		return
	}
	c, err := client.New(client.Options{BaseURL: "http://localhost", Key: key, DialContext: pipe.DialContext})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	for range 2 {
		_, err := c.Invite(context.Background(), client.InviteRequest{
			InterviewID: "backend",
			Candidates:  []client.Candidate{{Name: "Ann Lee", Email: "ann@example.com"}},
		})
		fmt.Println("error:", err)
	}
	fmt.Println(api.Sessions())
	fmt.Println("invited twice:", api.Books().Twice)
	// Output:
	// error: the API answered 504: Endpoint request timed out
	// error: <nil>
	// map[{backend ann@example.com}:2]
	// invited twice: 1
}

// The faults of a rehearsal, as a flag would name them.
func ExampleParseFaults() {
	faults, err := sandbox.ParseFaults("all=0.001,504-after=0.03")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(sandbox.Before500, faults[sandbox.Before500])
	fmt.Println(sandbox.After504, faults[sandbox.After504])
	// Output:
	// 500-before 0.001
	// 504-after 0.03
}

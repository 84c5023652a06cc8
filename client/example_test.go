package client_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// One request that invites two people. The API is a sandbox on this machine;
// for the real one leave out BaseURL.
func Example() {
	api, err := sandbox.New(sandbox.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer api.Close()
	server := httptest.NewServer(api)
	defer server.Close()

	key, err := client.NewKey("any-key-will-do")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the key shows as", key)
	c, err := client.New(client.Options{BaseURL: server.URL, Key: key})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()

	invitations, err := c.Invite(context.Background(), client.InviteRequest{
		InterviewID: "f6fadfa7-e5c1-4b62-9362-da5cc13da58a",
		Candidates: []client.Candidate{
			{Name: "Ann Lee", Email: "ann@example.com"},
			{Name: "Bo Yang", Email: "bo@example.com"},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, i := range invitations { // in any order, and perhaps not everyone
		fmt.Println(i.CandidateEmail, i.CandidateID, i.InviteURL)
	}
	// Output:
	// the key shows as [redacted]
	// ann@example.com 38ffff68-0000-4000-8000-000000000000 https://interview.sandbox.invalid/intro/sandbox?cid=38ffff68-0000-4000-8000-000000000000
	// bo@example.com 38ffff68-0000-4000-8000-000000000001 https://interview.sandbox.invalid/intro/sandbox?cid=38ffff68-0000-4000-8000-000000000001
}

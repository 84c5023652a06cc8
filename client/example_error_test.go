package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"

	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// What an error says of its request: whether anybody may have been invited
// decides what may be done next.
func ExampleError() {
	api, err := sandbox.New(sandbox.Config{
		Key: "the-right-key",
		PostScript: map[int]sandbox.Fault{
			1: sandbox.Before429, // turned away at the door
			2: sandbox.After504,  // invited, and the answer is lost
		},
		Deleted: []string{"deleted"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer api.Close()
	server := httptest.NewServer(api)
	defer server.Close()

	for _, try := range []struct{ key, interview string }{
		{"the-right-key", "backend"},
		{"the-right-key", "backend"},
		{"the-right-key", "deleted"},
		{"another-key", "backend"},
	} {
		err := inviteAnn(server.URL, try.key, try.interview)
		var failure *client.Error
		if !errors.As(err, &failure) {
			fmt.Println("not an error of the API:", err)
			return
		}
		fmt.Println(failure)
		switch failure.Fate {
		case client.NotSent:
			fmt.Println("  nobody was invited: send it again")
			switch failure.Cause {
			case client.Throttled:
				fmt.Println("  but more slowly")
			case client.BadKey:
				fmt.Println("  with a key that may do this")
			}
		case client.Refused:
			fmt.Println("  sending it again unchanged is pointless")
		case client.Denied:
			fmt.Println("  nothing will go through today")
		default: // client.Unknown
			fmt.Println("  she may be invited: ask Invites before anything else")
		}
	}
	// Output:
	// the API answered 429: Too Many Requests
	//   nobody was invited: send it again
	//   but more slowly
	// the API answered 504: Endpoint request timed out
	//   she may be invited: ask Invites before anything else
	// the API answered 400: Interview has been deleted
	//   sending it again unchanged is pointless
	// the API answered 403: Forbidden
	//   nobody was invited: send it again
	//   with a key that may do this
}

func inviteAnn(baseURL, key, interviewID string) error {
	k, err := client.NewKey(key)
	if err != nil {
		return err
	}
	c, err := client.New(client.Options{BaseURL: baseURL, Key: k})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Invite(context.Background(), client.InviteRequest{
		InterviewID: interviewID,
		Candidates:  []client.Candidate{{Name: "Ann Lee", Email: "ann@example.com"}},
	})
	return err
}

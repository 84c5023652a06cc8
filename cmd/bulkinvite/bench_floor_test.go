package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// benchFloor is the least that a Go program must do to invite people: send
// ready-made bodies and decode the answers. It remembers nothing and writes
// nothing down. The clock starts when the bodies are made.
//
//	bench-floor URL ROWS
func benchFloor() {
	runtime.MemProfileRate = 0 // as in a program that never looks at it
	rows, err := strconv.Atoi(os.Args[2])
	benchCheck(err)
	bodies := floorBodies(rows)
	url := os.Args[1] + "/interview/invite"
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: benchConns, MaxIdleConnsPerHost: benchConns}}

	begun, cpu := time.Now(), ownCPU()
	var next, people atomic.Int64
	var g errgroup.Group
	for range benchConns {
		g.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(bodies)); i = next.Add(1) - 1 {
				n, err := floorPost(client, url, bodies[i])
				if err != nil {
					return err
				}
				people.Add(int64(n))
			}
			return nil
		})
	}
	benchCheck(g.Wait())
	benchCheck(json.NewEncoder(os.Stdout).Encode(floorReport{
		People: int(people.Load()), Seconds: time.Since(begun).Seconds(), CPU: ownCPU() - cpu,
	}))
}

type floorReport struct {
	People       int // who got a link
	Seconds, CPU float64
}

func floorBodies(rows int) [][]byte {
	type candidate struct {
		Name  string `json:"name"`
		Email string `json:"email"`
	}
	var bodies [][]byte
	for chunk := range (benchFile{rows: rows}).chunks() {
		request := struct {
			InterviewID string      `json:"interview_id"`
			Candidates  []candidate `json:"candidates"`
		}{InterviewID: chunk[0].interview}
		for _, p := range chunk {
			request.Candidates = append(request.Candidates, candidate{p.name, p.email})
		}
		body, err := json.Marshal(request)
		benchCheck(err)
		bodies = append(bodies, body)
	}
	return bodies
}

func floorPost(client *http.Client, url string, body []byte) (people int, err error) {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("x-api-key", "bench")
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	var answer struct {
		Status bool `json:"status"`
		Data   struct {
			Invitations []struct {
				CandidateID    string `json:"candidate_id"`
				CandidateEmail string `json:"candidate_email"`
				InviteURL      string `json:"invite_url"`
			} `json:"invitations"`
		} `json:"data"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return 0, err
	}
	if !answer.Status {
		return 0, fmt.Errorf("the API answered %s", resp.Status)
	}
	for _, invitation := range answer.Data.Invitations {
		if invitation.InviteURL != "" {
			people++
		}
	}
	_, err = io.Copy(io.Discard, resp.Body) // or the connection would not be used again
	return people, err
}

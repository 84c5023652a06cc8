package sandbox_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"bulkinvite/client/sandbox"
)

// What the wire shows of every fault, and what the books say afterwards.
func TestEachFault(t *testing.T) {
	const unread = -1 // the answer begins well and cannot be read to its end
	table := map[sandbox.Fault]struct {
		status   int // 0: the connection breaks
		body     string
		sessions int           // of each of the two people, right after the answer
		takes    time.Duration // until the answer
	}{
		sandbox.Before500:    {500, `{"status":false}`, 0, 0},
		sandbox.Before502:    {502, "<html>", 0, 0},
		sandbox.Before503:    {503, `{"message":"Service Unavailable"}`, 0, 0},
		sandbox.Before429:    {429, `{"message":"Too Many Requests"}`, 0, 0},
		sandbox.BeforeDrop:   {0, "", 0, 0},
		sandbox.After500:     {500, `{"status":false}`, 1, 0},
		sandbox.After502:     {502, "<html>", 1, 0},
		sandbox.After503:     {503, `{"message":"Service Unavailable"}`, 1, 0},
		sandbox.After504:     {504, `{"message":"Endpoint request timed out"}`, 1, 0},
		sandbox.Late504:      {504, `{"message":"Endpoint request timed out"}`, 0, 0},
		sandbox.AfterDrop:    {0, "", 1, 0},
		sandbox.AfterCut:     {unread, `{"status":true`, 1, 0},
		sandbox.AfterNull:    {200, `"data":null`, 1, 0},
		sandbox.AfterHTML:    {200, "<html>", 1, 0},
		sandbox.AfterPartial: {200, `"invitations":[{`, 1, 0},
		sandbox.Slow:         {200, `"invitations":[{`, 1, 2 * time.Second},
		sandbox.List500:      {500, `{"status":false}`, 1, 0},
		sandbox.List429:      {429, `{"message":"Too Many Requests"}`, 1, 0},
		sandbox.ListDrop:     {0, "", 1, 0},
		sandbox.ListCut:      {unread, `{"status":true`, 1, 0},
	}
	for _, info := range sandbox.Faults() {
		want, found := table[info.Fault]
		if !found || info.Doc == "" {
			t.Errorf("%s is not described", info.Fault)
			continue
		}
		t.Run(string(info.Fault), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := serve(t, sandbox.Config{Faults: map[sandbox.Fault]float64{info.Fault: 1}})
				start := time.Now()
				got := a.post(t, invite("ann@example.com", "bob@example.com"))
				if info.List {
					got = a.list(t, ofInterview(""))
				}
				status := got.status
				if got.err != nil && status != 0 {
					status = unread
				}
				if status != want.status || !strings.Contains(got.body, want.body) || (got.err == nil) != (want.status > 0) {
					t.Errorf("got %d %q %v, want %d %q", got.status, got.body, got.err, want.status, want.body)
				}
				if took := time.Since(start); took != want.takes {
					t.Errorf("took %v, want %v", took, want.takes)
				}
				a.wantEverySession(t, want.sessions, "ann@example.com", "bob@example.com")
				wire := max(want.status, 0)
				if want.status == unread {
					wire = 200
				}
				if a.Books().Statuses[wire] == 0 {
					t.Errorf("books have no %d: %v", wire, a.Books().Statuses)
				}
			})
		})
	}
}

func TestLate504ActsLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := serve(t, sandbox.Config{PostScript: map[int]sandbox.Fault{1: sandbox.Late504}, LateBy: 20 * time.Second})
		a.post(t, invite("ann@example.com"))
		time.Sleep(19 * time.Second)
		a.wantEverySession(t, 0, "ann@example.com")
		if b := a.Books(); b.Pending != 1 || !strings.Contains(b.String(), "pending    1 ") {
			t.Errorf("books:\n%s", b)
		}
		time.Sleep(2 * time.Second)
		a.wantEverySession(t, 1, "ann@example.com")
		if b := a.Books(); b.Pending != 0 {
			t.Errorf("books:\n%s", b)
		}
	})
}

func TestCloseEndsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := serve(t, sandbox.Config{PostScript: map[int]sandbox.Fault{1: sandbox.Late504}, Latency: time.Hour})
		a.post(t, invite("late@example.com"))
		waiting := make(chan reply)
		go func() { waiting <- a.post(t, invite("waiting@example.com")) }()
		synctest.Wait()
		start := time.Now()
		a.Close()
		if r := <-waiting; r.err == nil {
			t.Errorf("got %d %s of a closed sandbox", r.status, r.body)
		}
		if r := a.post(t, invite("after@example.com")); r.err == nil {
			t.Errorf("got %d %s of a closed sandbox", r.status, r.body)
		}
		if time.Since(start) != 0 {
			t.Errorf("Close took %v", time.Since(start))
		}
		time.Sleep(2 * time.Hour)
		a.wantEverySession(t, 0, "late@example.com", "waiting@example.com", "after@example.com")
	})
}

func TestPartialAnswerForOnePersonIsEmpty(t *testing.T) {
	a := serve(t, sandbox.Config{PostScript: map[int]sandbox.Fault{1: sandbox.AfterPartial, 2: sandbox.AfterPartial}})
	for _, emails := range [][]string{people(1), people(7)[1:]} {
		if got := a.post(t, invite(emails...)).invitations(t); len(got) != len(emails)/2 {
			t.Errorf("%d of %d in the answer", len(got), len(emails))
		}
	}
	a.wantEverySession(t, 1, people(7)...)
}

func TestARefusalStaysOneUnderFaultsOfGoodAnswers(t *testing.T) {
	for _, fault := range []sandbox.Fault{sandbox.AfterNull, sandbox.AfterHTML, sandbox.AfterPartial, sandbox.Slow} {
		synctest.Test(t, func(t *testing.T) {
			a := serve(t, sandbox.Config{PostScript: map[int]sandbox.Fault{1: fault}})
			if got := a.post(t, invite("poison@example.com")); got.status != 400 {
				t.Errorf("%s: %d %s, want 400", fault, got.status, got.body)
			}
		})
	}
}

func TestTheAPIActsThoughTheClientLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := serve(t, sandbox.Config{Latency: 10 * time.Second})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		body := `{"interview_id":"` + interview + `","candidates":[{"name":"Ann","email":"ann@example.com"}]}`
		if r := a.do(ctx, "POST", "/interview/invite", body); !errors.Is(r.err, context.DeadlineExceeded) {
			t.Errorf("got %+v, want a time-out", r)
		}
		time.Sleep(5 * time.Second)
		a.wantEverySession(t, 1, "ann@example.com")
	})
}

func TestScriptGoesBeforeChance(t *testing.T) {
	a := serve(t, sandbox.Config{
		Faults:     map[sandbox.Fault]float64{sandbox.Before500: 1},
		PostScript: map[int]sandbox.Fault{2: "", 3: sandbox.Before503},
	})
	var got []int
	for range 4 {
		got = append(got, a.post(t, invite("ann@example.com")).status)
	}
	if want := []int{500, 200, 503, 500}; !cmp.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The nth POST meets the same fault however many lists are asked in between.
func TestFaultsDependOnTheSeedAlone(t *testing.T) {
	statuses := func(seed uint64, lists int) (got []int) {
		a := serve(t, sandbox.Config{Seed: seed, Faults: map[sandbox.Fault]float64{
			sandbox.Before500: 0.2, sandbox.Before503: 0.2, sandbox.List500: 0.5}})
		for range 200 {
			for range lists {
				a.list(t, ofInterview(""))
			}
			got = append(got, a.post(t, invite("ann@example.com")).status)
		}
		return got
	}
	one := statuses(1, 0)
	if !cmp.Equal(one, statuses(1, 2)) {
		t.Error("lists change the faults of invitations")
	}
	if cmp.Equal(one, statuses(2, 0)) {
		t.Error("the seed changes nothing")
	}
	count := map[int]int{}
	for _, status := range one {
		count[status]++
	}
	for status, about := range map[int]int{500: 40, 503: 40, 200: 120} {
		if got := count[status]; got < about/2 || got > about*3/2 {
			t.Errorf("%d answers %d of 200, want about %d", got, status, about)
		}
	}
}

func TestResetAndCutOverTCP(t *testing.T) {
	for fault, want := range map[sandbox.Fault]error{sandbox.BeforeDrop: syscall.ECONNRESET, sandbox.AfterCut: io.ErrUnexpectedEOF} {
		box, err := sandbox.New(sandbox.Config{PostScript: map[int]sandbox.Fault{1: fault}})
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		server := &http.Server{Handler: box}
		served := make(chan error, 1)
		go func() { served <- server.Serve(listener) }()
		transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "tcp", listener.Addr().String())
		}}
		if got := (api{box, &http.Client{Transport: transport}}).post(t, invite("ann@example.com")); !errors.Is(got.err, want) {
			t.Errorf("%s: got %+v, want %v", fault, got, want)
		}
		transport.CloseIdleConnections()
		_ = server.Close()
		<-served
		box.Close()
	}
}

func TestParseFaults(t *testing.T) {
	got, err := sandbox.ParseFaults("500-after=0.03, drop-before=0.01")
	want := map[sandbox.Fault]float64{sandbox.After500: 0.03, sandbox.BeforeDrop: 0.01}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	if got, err := sandbox.ParseFaults(""); err != nil || len(got) != 0 {
		t.Errorf("nothing: %v, %v", got, err)
	}
	all, err := sandbox.ParseFaults("slow=0.5,all=0.03,list-cut=0")
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range sandbox.Faults() {
		if want := map[bool]float64{true: 0, false: 0.03}[info.Fault == sandbox.ListCut]; all[info.Fault] != want {
			t.Errorf("%s: %v, want %v", info.Fault, all[info.Fault], want)
		}
	}
	for _, bad := range []string{"slow", "slow=", "slow=x", "slow=2", "slow=-1", "slow=NaN", "flood=0.1", "all=0.5", "slow=0.1,,"} {
		if got, err := sandbox.ParseFaults(bad); err == nil {
			t.Errorf("%q: %v, want an error", bad, got)
		}
	}
}

package send

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"bulkinvite/batch"
	"bulkinvite/client/sandbox"
)

func TestWebhookAddresses(t *testing.T) {
	for _, test := range []struct {
		given, address string
		teams, pings   bool
	}{
		{"https://hooks.slack.com/services/T0/B0/x", "https://hooks.slack.com/services/T0/B0/x", false, false},
		{"https://hc-ping.com/uuid", "https://hc-ping.com/uuid/{exit_code}", false, true},
		{"https://hc-ping.com/key/job/?create=1", "https://hc-ping.com/key/job/{exit_code}?create=1", false, true},
		{"https://hc-ping.com/uuid/{exit_code}", "https://hc-ping.com/uuid/{exit_code}", false, true},
		{"https://health.example.com/ping/uuid/{exit_code}", "https://health.example.com/ping/uuid/{exit_code}", false, true},
		{"https://prod-1.westeurope.logic.azure.com:443/workflows/x?sig=y", "https://prod-1.westeurope.logic.azure.com:443/workflows/x?sig=y", true, false},
		{"https://a.b.environment.api.powerplatform.com/x", "https://a.b.environment.api.powerplatform.com/x", true, false},
		{"https://logic.azure.com.example.com/x", "https://logic.azure.com.example.com/x", false, false},
		{"http://127.0.0.1:8080/", "http://127.0.0.1:8080/", false, false},
		{"http://[::1]/x", "http://[::1]/x", false, false},
		{"http://localhost/x", "http://localhost/x", false, false},
	} {
		w, err := parseWebhook(test.given)
		if err != nil || w.address != test.address || w.isTeams() != test.teams || w.pings() != test.pings {
			t.Errorf("%s: %s, Teams %v, pings %v, %v", test.given, w.address, w.isTeams(), w.pings(), err)
		}
	}
	for _, bad := range []string{"", "/hush", "https://", "https:///hush", "http://example.com/hush", "http://127.0.0.1.example.com/hush", "file:///hush", "https://hush@example.com/"} {
		if _, err := parseWebhook(bad); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Slack shows the text of what is posted, and workflows of Teams the card.
func TestMessages(t *testing.T) {
	e := &ending{Text: "finished", ExitCode: 3}
	for host, card := range map[string]bool{"hooks.slack.com": false, "x.logic.azure.com": true} {
		text, err := json.Marshal(webhook{host: host}.message(e))
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Text        string
			ExitCode    int `json:"exit_code"`
			Type        string
			Attachments []struct {
				ContentType string
				Content     struct{ Body []struct{ Text string } }
			}
		}
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if got.Text != "finished" || got.ExitCode != 3 || (got.Type == "message") != card || (len(got.Attachments) == 1) != card {
			t.Errorf("%s: %s", host, text)
		}
		if card && (got.Attachments[0].ContentType != "application/vnd.microsoft.card.adaptive" || got.Attachments[0].Content.Body[0].Text != "finished") {
			t.Errorf("%s: %s", host, text)
		}
	}
}

// served posts an ending, in virtual time, to a server on a pipe.
func served(t *testing.T, handler http.HandlerFunc) (took time.Duration, err error) {
	t.Helper()
	pipe := sandbox.NewPipe()
	server := &http.Server{Handler: handler}
	done := make(chan error, 1)
	go func() { done <- server.Serve(pipe) }()
	transport := &http.Transport{DialContext: pipe.DialContext, DisableKeepAlives: true}
	hook, err := parseWebhook("http://localhost/hush-hush/{exit_code}")
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	err = hook.notify(t.Context(), transport, &ending{ExitCode: 4})
	took = time.Since(begun)
	_ = server.Close()
	_ = pipe.Close()
	<-done
	return took, err
}

func TestNotifyTriesAgainForAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int64
		took, err := served(t, func(w http.ResponseWriter, r *http.Request) {
			tries.Add(1)
			if r.URL.Path != "/hush-hush/4" {
				t.Errorf("path %s", r.URL.Path)
			}
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done() // never answers
		})
		if tries.Load() != notifyTries || took < notifyTries*notifyTimeout || took > notifyTries*notifyTimeout+5*time.Second {
			t.Errorf("%d tries in %v", tries.Load(), took)
		}
		if err == nil || err.Error() != "no answer within 10s" {
			t.Errorf("error %v", err)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var tries atomic.Int64
		_, err := served(t, func(w http.ResponseWriter, _ *http.Request) {
			tries.Add(1)
			w.WriteHeader(http.StatusForbidden)
		})
		if tries.Load() != 1 || err == nil {
			t.Errorf("%d tries after a refusal, error %v", tries.Load(), err)
		}
	})
}

// A server that sends back what it was sent does not get the address into the
// log.
func TestNotifyErrorsKeepTheAddress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, err := served(t, func(w http.ResponseWriter, r *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, "POST "+r.RequestURI+" is no answer\r\n\r\n")
			_ = conn.Close()
		})
		if err == nil || strings.Contains(err.Error(), "hush-hush") {
			t.Errorf("error %v", err)
		}
	})
	if err := noReply(errors.New(`malformed "hush-hush"`)); strings.Contains(err.Error(), "hush") {
		t.Errorf("error %v", err)
	}
}

// Every end is told in words of its own.
func TestEndingsHaveWords(t *testing.T) {
	said := map[string]int{}
	for _, code := range []int{batch.ExitOK, batch.ExitBroken, batch.ExitUsage, batch.ExitFailedRows, batch.ExitEndedEarly, batch.ExitLocked, 143} {
		words := (&ending{ExitCode: code}).what()
		if other, again := said[words]; again {
			t.Errorf("exit codes %d and %d: %s", other, code, words)
		}
		said[words] = code
	}
}

package send

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/rs/zerolog"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/cmd/bulkinvite/app"
)

const (
	notifyTimeout = 10 * time.Second // of one try
	notifyTries   = 3
)

// exitCodeHere stands for the exit code in the address of a webhook, where services
// that watch jobs expect it.
const exitCodeHere = "{exit_code}"

// A webhook is an address that gets a POST at the end of a run. It prints as its
// host, because the rest is a secret.
type webhook struct{ host, address string }

func (w webhook) String() string { return w.host }

// parseWebhook takes https, and http on this machine. Its errors do not show the
// address.
func parseWebhook(s string) (webhook, error) {
	u, err := url.Parse(strings.ReplaceAll(s, exitCodeHere, "0"))
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return webhook{}, errors.New("must be a URL that begins with https://")
	case u.User != nil:
		return webhook{}, errors.New("must have no user in it: leave out everything up to the @")
	case u.Scheme == "http" && !client.IsLoopback(u.Hostname()):
		return webhook{}, errors.New("http:// would send it in the clear: write https:// (http:// is for this machine only: 127.0.0.1, ::1, localhost)")
	}
	w := webhook{host: u.Hostname(), address: s}
	if strings.EqualFold(w.host, "hc-ping.com") && !w.pings() {
		// A request to the address alone means success there.
		u.Path = strings.TrimRight(u.Path, "/")
		w.address = u.Scheme + "://" + u.Host + u.EscapedPath() + "/" + exitCodeHere
		if u.RawQuery != "" {
			w.address += "?" + u.RawQuery
		}
	}
	return w, nil
}

// pings reports whether the address belongs to a service that watches jobs, for
// which each request is the end of a run.
func (w webhook) pings() bool { return strings.Contains(w.address, exitCodeHere) }

// isTeams reports whether the address belongs to Microsoft Teams, whose workflows
// show only cards.
func (w webhook) isTeams() bool {
	for _, suffix := range []string{".logic.azure.com", ".api.powerplatform.com", ".webhook.office.com"} {
		if strings.HasSuffix(strings.ToLower(w.host), suffix) {
			return true
		}
	}
	return false
}

// webhooks returns a flag that adds a webhook each time it is given. Its default
// is not shown: webhooks hold secrets.
func webhooks(list *[]webhook) pflag.Value {
	secret := func([]webhook) string { return "" }
	return app.Repeated{Value: app.NewFlag(list, app.KindURL, secret, func(s string) ([]webhook, error) {
		hook, err := parseWebhook(s)
		return append(*list, hook), err
	})}
}

// notifyAll posts the ending to all webhooks. A webhook that fails is a warning,
// since the run is over.
func notifyAll(ctx context.Context, log zerolog.Logger, hooks []webhook, e *ending) {
	// An http.Client would follow redirects.
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}
	var g errgroup.Group
	for _, hook := range hooks {
		if e.Rehearsal && hook.pings() {
			log.Info().Stringer("host", hook).Msg("not notified: a rehearsal is no run of the job")
			continue
		}
		g.Go(batch.Guard(func() error {
			if err := hook.notify(ctx, transport, e); err != nil {
				log.Warn().Stringer("host", hook).Err(err).Msg("cannot notify; the run is over nevertheless")
			}
			return nil
		}))
	}
	if err := g.Wait(); err != nil { // a bug
		app.LogBug(log, err)
	}
}

// notify posts the ending, with some retries.
func (w webhook) notify(ctx context.Context, transport http.RoundTripper, e *ending) error {
	body, err := json.Marshal(w.message(e))
	if err != nil {
		return err
	}
	address := strings.ReplaceAll(w.address, exitCodeHere, strconv.Itoa(e.ExitCode))
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		return struct{}{}, post(ctx, transport, address, body)
	}, backoff.WithMaxTries(notifyTries))
	return err
}

// message returns the body of the POST: the ending, and for Teams a card with its
// text. Slack shows the text and ignores the other fields.
func (w webhook) message(e *ending) any {
	if !w.isTeams() {
		return e
	}
	return struct {
		Type        string `json:"type"`
		Attachments []any  `json:"attachments"`
		*ending
	}{"message", []any{map[string]any{
		"contentType": "application/vnd.microsoft.card.adaptive",
		"contentUrl":  nil,
		"content": map[string]any{
			"$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
			"type":    "AdaptiveCard",
			"version": "1.4",
			"body":    []any{map[string]any{"type": "TextBlock", "text": e.Text, "wrap": true}},
		},
	}}, e}
}

// post sends one request. Its error is permanent if another try cannot help.
func post(ctx context.Context, transport http.RoundTripper, address string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, notifyTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(errors.New("the URL cannot be used"))
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "bulkinvite/"+app.ThisBuild().Version)
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return noReply(err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 1<<16)
	switch status := resp.StatusCode; {
	case status/100 == 2:
		return nil
	case status/100 == 3:
		return backoff.Permanent(fmt.Errorf("it answered %d; redirects are not followed, name the URL that it leads to", status))
	case status == http.StatusRequestTimeout || status == http.StatusTooManyRequests || status/100 == 5:
		return fmt.Errorf("it answered %d", status)
	default:
		return backoff.Permanent(fmt.Errorf("it answered %d; check the URL", status))
	}
}

// noReply reduces an error to a part that cannot contain the address: net/http
// quotes what a server sends, and a server may send the address back.
func noReply(err error) error {
	var (
		network     net.Error
		certificate *tls.CertificateVerificationError
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("no answer within %v", notifyTimeout)
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.As(err, &certificate):
		return certificate
	case errors.As(err, &network):
		return network
	default:
		return errors.New("no answer that can be read")
	}
}

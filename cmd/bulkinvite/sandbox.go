package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"math"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"bulkinvite/batch"
	"bulkinvite/client"
	"bulkinvite/client/sandbox"
)

// inProcessURL is the base URL of a sandbox inside this program. A ledger that
// is used with it keeps its people apart from those of any real API.
const inProcessURL = "http://localhost"

// headerTimeout is how long the sandbox waits for the header of a request.
const headerTimeout = 10 * time.Second

// sandboxFlags say how the sandbox behaves.
type sandboxFlags struct {
	listen     loopbackAddress
	config     sandbox.Config
	seed       int
	faults     faults
	interviews []string
	deleted    []string
	pageZero   string
	addresses  string
	noList     string
}

func (f *sandboxFlags) add(flags *pflag.FlagSet) {
	c := &f.config
	f.listen = "127.0.0.1:0"
	f.pageZero = string(sandbox.PageZeroError)
	c.PageSize, c.RateBurst = 100, 1
	c.LateBy, c.SlowBy = 5*time.Second, 2*time.Second
	flags.Var(&f.listen, "listen", "address and port, on this machine only; port 0: any free one")
	flags.Var(text{value: &c.Key}, "key", "the only API key that is good (default: any)")
	flags.Var(&f.faults, "faults", "what goes wrong how often, such as 500-after=0.03,drop-before=0.01; all=0.03 for everything; see the list below")
	flags.Var(whole{&f.seed, 0, math.MaxInt}, "seed", "which requests the faults strike")
	flags.Var(span{value: &c.LateBy}, "late-by", "how long after its answer a request with the fault 504-late acts")
	flags.Var(span{value: &c.SlowBy}, "slow-by", "how late a request with the fault slow is answered")
	flags.Var(span{value: &c.Latency, zero: true}, "latency", "how long every request takes")
	flags.Var(span{value: &c.Jitter, zero: true}, "jitter", "up to this much is added to the latency")
	flags.Var(span{value: &c.PerPerson, zero: true}, "per-person", "how long it takes to invite somebody, one after another")
	flags.Var(span{value: &c.GatewayTimeout, zero: true}, "gateway-timeout", "after this long it answers 504, and the inviting goes on; 0: none")
	flags.Var(fraction{&c.RateLimit, 0, 1e6, false}, "rate-limit", "requests per second before it answers 429; 0: any number")
	flags.BoolVar(&c.ThrottlesBy503, "throttles-by-503", false, "above the rate limit it answers 503 instead, as nginx does")
	flags.Var(whole{&c.RateBurst, 1, math.MaxInt}, "rate-burst", "requests that may come at once")
	flags.Var(span{value: &c.RetryAfter, zero: true}, "retry-after", "the Retry-After of requests above the rate limit; 0: none")
	flags.Var(whole{&c.Quota, 0, math.MaxInt}, "quota", "invitation requests before the quota is used up; 0: any number")
	flags.Var(whole{&c.MaxPeople, 0, math.MaxInt}, "max-people", "people in a request before it answers 413; 0: any number")
	flags.Var(span{value: &c.ListLag, zero: true}, "list-lag", "how long after an invitation the list shows it")
	flags.Var(whole{&c.PageSize, 1, math.MaxInt}, "page-size", "entries of the largest page of the list")
	flags.Var(whole{&c.FirstPage, 0, 1}, "first-page", "the number of the list's first page")
	flags.Var(choice{&f.pageZero, []string{"error", "same", "empty"}}, "page-zero", "what page 0 is if the first is 1: an error, the same as page 1, or empty")
	flags.BoolVar(&c.NewestFirst, "newest-first", false, "the list begins with the newest invitation")
	flags.BoolVar(&c.PartialRefusals, "partial-refusals", false, "a refused request may have invited some of its people")
	flags.BoolVar(&c.SecondSessionOnLink, "second-session-on-link", false, "asking for a link makes a second session")
	flags.Var(choice{&f.addresses, addressForms()}, "addresses", "how addresses come back, in answers and in the list: "+strings.Join(addressForms(), ", ")+" (default: as sent)")
	flags.Var(choice{&f.noList, sandbox.NoListWays()}, "no-list", "there is no list, and this is how it says so: "+strings.Join(sandbox.NoListWays(), ", "))
	flags.BoolVar(&c.UpperCaseAnswers, "upper-case-answers", false, "addresses come back in capitals")
	flags.StringSliceVar(&f.interviews, "interviews", nil, "the interviews that exist (default: all)")
	flags.StringSliceVar(&f.deleted, "deleted", nil, "interviews that are deleted")
}

// server returns the sandbox that the flags describe.
func (f *sandboxFlags) server() (*sandbox.Server, error) {
	c := f.config
	c.Seed = uint64(f.seed) // the flag takes no negative ones
	c.Faults = f.faults.set
	c.Interviews, c.Deleted = f.interviews, f.deleted
	c.PageZero = sandbox.PageZero(f.pageZero)
	c.AnswerAddresses = sandbox.AddressForm(f.addresses)
	c.ListAddresses = c.AnswerAddresses
	if f.noList != "" {
		rule, err := sandbox.NoList(f.noList)
		if err != nil {
			return nil, err
		}
		c.Rules = []sandbox.Rule{rule}
	}
	return sandbox.New(c)
}

// addressForms returns the words of --addresses.
func addressForms() []string {
	var words []string
	for _, form := range sandbox.AddressForms() {
		words = append(words, string(form))
	}
	return words
}

func newSandboxCommand(a *app) *cobra.Command {
	var flags sandboxFlags
	cmd := &cobra.Command{
		Use:   "sandbox",
		Short: "Serve the API on this machine, with faults on demand",
		Example: `  # in one terminal
  bulkinvite sandbox --listen 127.0.0.1:8787 --faults 504-late=0.05,drop-after=0.05 --late-by 300ms

  # in another
  MICRO1_API_KEY=any bulkinvite send candidates.csv --base-url http://127.0.0.1:8787 --settle-time 1s`,
		Long: `sandbox behaves like the micro1 API as far as inviting goes, on this machine
only, and invites nobody. It prints its URL, for send's --base-url, and at the
end (Ctrl-C) what it knows: how many were invited, and whether anybody twice.
Any API key is good unless --key names one.

An address that begins with poison makes it refuse the request; a malformed one
is left out of the answer, as the API does.

Faults of --faults, with the probability of each per request:
` + faultList(),
		Args: noArguments,
		RunE: a.action(func(ctx context.Context, log zerolog.Logger, _ []string) error {
			return withSignals(ctx, func(stopSignal) {}, func(ctx context.Context) error {
				return a.serveSandbox(ctx, log, &flags)
			})
		}),
	}
	flags.add(cmd.Flags())
	return cmd
}

// serveSandbox serves until ctx is cancelled: that is how it is meant to end.
func (a *app) serveSandbox(ctx context.Context, log zerolog.Logger, flags *sandboxFlags) error {
	server, err := flags.server()
	if err != nil {
		return refuse(err)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", string(flags.listen))
	if err != nil {
		return refusef("--listen: %w", err)
	}
	_, _ = fmt.Fprintf(a.stdout, "http://%s\n", listener.Addr())
	log.Info().Stringer("address", listener.Addr()).Msg("the sandbox is up; end it with Ctrl-C")
	stop := serve(listener, server)
	<-ctx.Done()
	err = stop()
	_, _ = fmt.Fprint(a.stdout, server.Books())
	return err
}

// serve serves the sandbox on a listener until stop is called.
func serve(listener net.Listener, handler *sandbox.Server) (stop func() error) {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: headerTimeout,
		ErrorLog:          log.New(os.Stderr, "sandbox: ", log.LstdFlags), // main silences the standard one
	}
	var g errgroup.Group
	g.Go(batch.Guard(func() error { return server.Serve(listener) }))
	return func() error {
		handler.Close()
		err := server.Close()
		if serveErr := g.Wait(); !errors.Is(serveErr, http.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		return err
	}
}

// startSandbox lets send talk to a sandbox inside this program.
func (s *sender) startSandbox(opts *client.Options) error {
	server, err := sandbox.New(sandbox.Config{})
	if err != nil {
		return err
	}
	pipe := sandbox.NewPipe()
	s.atEnd(serve(pipe, server))
	s.flags.base.url = inProcessURL
	opts.BaseURL = inProcessURL
	opts.DialContext = pipe.DialContext
	opts.Key, err = client.NewKey("sandbox")
	return err
}

// A loopbackAddress is a flag that takes addresses of this machine alone: the
// sandbox is for tests and must not be reached from elsewhere.
type loopbackAddress string

func (l *loopbackAddress) String() string { return string(*l) }
func (l *loopbackAddress) Type() string   { return "ADDRESS" }

func (l *loopbackAddress) Set(s string) error {
	host, _, err := net.SplitHostPort(s)
	if err != nil {
		return errors.New("must be an address and a port, such as 127.0.0.1:8787")
	}
	ip, err := netip.ParseAddr(host)
	if host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return errors.New("must be an address of this machine alone: 127.0.0.1, [::1] or localhost")
	}
	*l = loopbackAddress(s)
	return nil
}

// faults is a flag for what goes wrong.
type faults struct {
	text string
	set  map[sandbox.Fault]float64
}

func (f *faults) String() string { return f.text }
func (f *faults) Type() string   { return "FAULT=P,…" }

func (f *faults) Set(s string) error {
	set, err := sandbox.ParseFaults(s)
	if err != nil {
		return err
	}
	f.text, f.set = s, set
	return nil
}

// faultList describes all faults for the help.
func faultList() string {
	var b strings.Builder
	for _, info := range sandbox.Faults() {
		fmt.Fprintf(&b, "  %-14s %s\n", info.Fault, info.Doc)
	}
	return strings.TrimSuffix(b.String(), "\n")
}
